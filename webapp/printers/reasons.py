"""A button's reasons: add, word, order, hide. One that was ever ticked stays, so that requests keep their words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from webapp.audit import log as audit
from webapp.core.db import db
from webapp.core.errors import Refusal
from webapp.core.localized import LocalizedText
from webapp.printers.events import PrinterEvent
from webapp.printers.models import PanicButton, PanicReason

MOST_REASONS = 40
ICONS: Final = {
    "jam": _l("Paper jam"),
    "paper": _l("Paper"),
    "toner": _l("Toner or ink"),
    "quality": _l("Print quality"),
    "error": _l("Message on the panel"),
    "scan": _l("Scanning"),
    "sign-in": _l("Signing in"),
    "noise": _l("Noise"),
    "network": _l("Network"),
    "staple": _l("Staples"),
    "door": _l("Cover"),
    "other": _l("Something else"),
}
"""Signs that may stand before a reason: files in static/img/reasons."""
Direction = Literal["up", "down"]


def add_reason(
    button: PanicButton, texts: Mapping[str, str], icon: str | None = None
) -> PanicReason:
    """At the end of the list."""
    if len(button.reasons) >= MOST_REASONS:
        words = _("A button has at most %(most)s reasons. Reword one.", most=MOST_REASONS)
        raise Refusal(words, status=409)
    reason = PanicReason(
        organisation_id=button.organisation_id,
        texts=LocalizedText({code: words for code, words in texts.items() if words}),
        icon=icon,
        position=max((r.position for r in button.reasons), default=-1) + 1,
    )
    button.reasons.append(reason)
    db.session.flush()
    _record(button, added=_name(button, reason))
    return reason


def word_reason(
    button: PanicButton, reason: PanicReason, texts: Mapping[str, str], icon: str | None = None
) -> None:
    """New words and sign from now on; requests made before keep the old words."""
    worded = LocalizedText(reason.texts)
    for language, words in texts.items():
        worded = worded.with_text(language, words)
    if worded == reason.texts and icon == reason.icon:
        return
    before = _name(button, reason)
    reason.texts, reason.icon = worded, icon
    _record(button, worded=_name(button, reason), before=before)


def move_reason(button: PanicButton, reason: PanicReason, direction: Direction) -> None:
    """One place up or down; at the end of the list it stays where it is."""
    ordered = list(button.reasons)
    place = ordered.index(reason)
    other = place + (1 if direction == "down" else -1)
    if not 0 <= other < len(ordered):
        return
    ordered[place], ordered[other] = ordered[other], ordered[place]
    for position, each in enumerate(ordered):
        if each.position != position:
            each.position = position
    _record(button, moved=_name(button, reason), to=other + 1)


def show_reason(button: PanicButton, reason: PanicReason, *, shown: bool) -> None:
    """Hide or offer again. The last one offered can't be hidden: page 2 asks for at least one."""
    if reason.hidden is not shown:
        return
    others = [r for r in button.reasons if not r.hidden and r is not reason]
    if not shown and not others:
        words = _("One reason must be offered: people tick at least one on page 2.")
        raise Refusal(words, status=409)
    reason.hidden = not shown
    _record(button, **{"shown" if shown else "hidden": _name(button, reason)})


def _name(button: PanicButton, reason: PanicReason) -> str:
    return reason.texts.in_language(button.language)


def _record(button: PanicButton, **detail: object) -> None:
    audit.record(
        PrinterEvent.BUTTON_CHANGED,
        organisation_id=button.organisation_id,
        kind="panic_button",
        id=button.public_id,
        label=button.name,
        detail=detail,
    )
