"""Word a mail anew, go back to the default, send a test; who the mails come from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select

from webapp.audit import log as audit
from webapp.core import throttle
from webapp.core.db import db
from webapp.core.errors import Refusal
from webapp.core.principal import acting
from webapp.mail.addresses import checked_address, one_line_name
from webapp.mail.compose import Composed, Draft
from webapp.mail.models import Mail
from webapp.mail.types import check_draft
from webapp.mail.words import words_for
from webapp.mailing.templates.samples import TESTS_OF_ALL, TESTS_OF_ONE
from webapp.printers.default_mails import default_mail
from webapp.printers.domains.services import is_verified
from webapp.printers.events import PrinterEvent
from webapp.printers.mails import composed, own_mail, send_trial
from webapp.printers.models import PanicButton, PanicMail, Receiver
from webapp.printers.variables import DESCRIPTIONS, Values

KNOWN = frozenset(DESCRIPTIONS)


class Overtaken(Exception):
    """Somebody saved this mail since the editor was opened."""


def languages_of(button: PanicButton, receiver: Receiver) -> list[str]:
    """The technicians read theirs; the person at the printer the one chosen on page 1."""
    offered = [button.language, *button.languages]
    return list(dict.fromkeys(offered)) if receiver is Receiver.END_USER else [button.language]


def version_of(button: PanicButton, receiver: Receiver, language: str) -> int:
    """0 while the default stands."""
    own = own_mail(button, receiver, language)
    return own.version if own is not None else 0


def word_mail(
    button: PanicButton, receiver: Receiver, language: str, draft: Draft, *, seen: int
) -> None:
    """Save a draft; one that is the default is not kept. Raises `Refusal` at its field, or `Overtaken`."""
    checked = check_draft(draft, KNOWN)
    if not checked.html.strip():
        raise Refusal(_("Write something: the mail would be empty."), field="html")
    _hold(button)
    own = own_mail(button, receiver, language)
    if (own.version if own is not None else 0) != seen:
        raise Overtaken
    if (checked.subject, checked.html) == _default(receiver, language):
        _forget(button, own)
        return
    if own is None:
        own = PanicMail(
            organisation_id=button.organisation_id,
            button=button,
            receiver=receiver,
            language=language,
        )
        db.session.add(own)
    elif (own.subject, own.html) == (checked.subject, checked.html):
        return
    own.subject, own.html = checked.subject, checked.html
    _record(PrinterEvent.MAIL_WORDED, button, receiver=str(receiver), language=language)


def use_default(button: PanicButton, receiver: Receiver, language: str) -> None:
    """The button's own words are gone for good."""
    _hold(button)
    _forget(button, own_mail(button, receiver, language))


def change_sender(
    button: PanicButton, *, emails: Sequence[str], from_email: str, from_name: str
) -> None:
    """Technicians' addresses and the From of both mails. Raises `Refusal` for what is no address."""
    values: dict[str, Any] = {
        "technician_emails": list(dict.fromkeys(emails)),
        "from_email": checked_address(from_email, field="from_email") if from_email else None,
        "from_name": one_line_name(from_name),
    }
    changed = [name for name, value in values.items() if getattr(button, name) != value]
    for name in changed:
        setattr(button, name, values[name])
    if changed:
        _record(PrinterEvent.BUTTON_CHANGED, button, changed=changed)


def leaves_from_own(button: PanicButton) -> bool:
    """Whether the mails bear the button's own address as their sender."""
    return button.from_email is not None and is_verified(button.from_email)


def as_mail(
    button: PanicButton, receiver: Receiver, language: str, draft: Draft, values: Values
) -> Composed:
    """As it would arrive; a placeholder that isn't known stands as it is."""
    return composed(button, receiver, language, draft, values)


def send_test(
    button: PanicButton, receiver: Receiver, language: str, draft: Draft, *, values: Values, to: str
) -> Mail:
    """What stands in the editor, to one address. Raises `Refusal`, or `TooMany` after ten in a quarter of an hour."""
    check_draft(draft, KNOWN)
    checked_address(to, field="to")
    throttle.take(TESTS_OF_ONE, acting().kind, acting().id)
    throttle.take(TESTS_OF_ALL, button.organisation_id)
    words = words_for(language)
    marked = Draft(
        f"[{words.trial}] {draft.subject}", f'<p class="fine">{words.trial_note}</p>{draft.html}'
    )
    mail = send_trial(button, receiver, language, marked, values=values, to=to)
    _record(PrinterEvent.MAIL_TESTED, button, receiver=str(receiver), to=mail.recipient)
    return mail


def _default(receiver: Receiver, language: str) -> tuple[str, str]:
    """As saving would make it."""
    checked = check_draft(Draft(*default_mail(receiver, language)), KNOWN)
    return checked.subject, checked.html


def _forget(button: PanicButton, own: PanicMail | None) -> None:
    if own is None:
        return
    _record(PrinterEvent.MAIL_WORDED, button, receiver=own.receiver, language=own.language)
    db.session.delete(own)
    db.session.flush()


def _hold(button: PanicButton) -> None:
    """Two who save at once come one after the other."""
    db.session.scalars(
        select(PanicButton).where(PanicButton.id == button.id).with_for_update()
    ).one()


def _record(event: PrinterEvent, button: PanicButton, **detail: object) -> None:
    audit.record(
        event,
        organisation_id=button.organisation_id,
        kind="panic_button",
        id=button.public_id,
        label=button.name,
        detail=detail,
    )
