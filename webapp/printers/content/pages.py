"""The pages of a button and the texts on each, as an editor offers them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from flask_babel import lazy_gettext as _

from webapp.core.navigation import Label
from webapp.printers.texts import DEFAULTS


@dataclass(frozen=True)
class Text:
    """One text: `rows` above 1 may have several lines; an `optional` one may be left out altogether."""

    key: str
    label: Label
    longest: int = 80
    rows: int = 1
    optional: bool = False

    @property
    def placeholders(self) -> frozenset[str]:
        """What the page fills in, as the default text shows: `{number}`."""
        return placeholders_in(DEFAULTS[self.key].get("en", ""))


@dataclass(frozen=True)
class ContentPage:
    """`shows` is the page that the preview shows, `picture` the place of its picture."""

    name: str
    label: Label
    texts: tuple[Text, ...]
    shows: str
    picture: str

    @property
    def has_errors(self) -> bool:
        return any(
            text.key.startswith("error_") or text.key == "code_unknown" for text in self.texts
        )


def placeholders_in(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"\{(\w*)\}", text))


def _page(name: str, label: Label, *texts: Text) -> ContentPage:
    described = Text(f"{name}_image", _("What the picture shows, for those who can't see it"), 120)
    return ContentPage(name, label, (*texts, described), name, name)


LOOK: Final = ContentPage(
    "look",
    _("All pages"),
    (
        Text("title", _("Title in the bar"), 40),
        Text("step", _("Step"), 40),
        Text("language", _("Name of the choice of languages"), 40),
        Text("next", _("Button “next”"), 20),
        Text("back", _("Button “back”"), 20),
        Text("send", _("Button “send”"), 20),
    ),
    "who",
    "logo",
)
PAGES: Final = {
    page.name: page
    for page in (
        LOOK,
        _page(
            "who",
            _("1 Who"),
            Text("who_title", _("Heading")),
            Text("who_intro", _("Introduction"), 300, 3, optional=True),
            Text("email", _("Label of the e-mail address")),
            Text("phone", _("Label of the phone")),
            Text("error_email", _("When the address is wrong"), 160, 2),
            Text("error_phone", _("When the phone is wrong"), 160, 2),
        ),
        _page(
            "reasons",
            _("2 Reasons"),
            Text("reasons_title", _("Heading")),
            Text("reasons_intro", _("Introduction"), 300, 2, optional=True),
            Text("error_reasons", _("When none is ticked"), 160, 2),
        ),
        _page(
            "message",
            _("3 Message"),
            Text("message_title", _("Heading")),
            Text("message_intro", _("Introduction"), 300, 3, optional=True),
            Text("message", _("Label of the message")),
            Text("error_message", _("When it is empty"), 160, 2),
            Text("error_long", _("When it is too long"), 160, 2),
        ),
        _page(
            "thanks",
            _("Thanks"),
            Text("thanks_title", _("Heading")),
            Text("thanks_text", _("Text"), 400, 4),
            Text("close_hint", _("Last line"), 160, 2, optional=True),
        ),
        _page(
            "code",
            _("Printer code"),
            Text("code_title", _("Heading")),
            Text("code_intro", _("Introduction"), 300, 3, optional=True),
            Text("code", _("Label of the code")),
            Text("serial", _("Label of the serial number")),
            Text("code_unknown", _("When the code is wrong"), 240, 3),
            Text("code_wait", _("After too many wrong codes"), 240, 3),
        ),
        _page(
            "closed",
            _("Switched off"),
            Text("closed_title", _("Heading")),
            Text("closed_text", _("Text"), 300, 3, optional=True),
        ),
    )
}
TEXTS: Final = {text.key: text for page in PAGES.values() for text in page.texts}
