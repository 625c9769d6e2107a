"""What stands in an editor of one page and language: checked, compared with what is stored, shown before saving."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any, Literal

from flask_babel import gettext as _

from webapp.core.errors import Refusal
from webapp.core.files import Picture
from webapp.printers.content.colours import with_defaults
from webapp.printers.content.pages import ContentPage, Text, placeholders_in
from webapp.printers.content.panels import Panel, Shown
from webapp.printers.models import PanicButton, PanicImage
from webapp.printers.wording import Wording, default_text

PictureAct = Literal["keep", "replace", "remove"]
OPTIONS = ("ask_phone", "message_required", "languages", "colours")


@dataclass(frozen=True, kw_only=True)
class Draft:
    """`texts` as they stand in the fields; `options` those columns of the button that this page edits.

    `for_all`: the picture is for all languages that have none of their own.
    """

    page: ContentPage
    language: str
    texts: Mapping[str, str]
    options: Mapping[str, Any] = field(default_factory=dict)
    picture: Picture | None = None
    remove_picture: bool = False
    for_all: bool = True

    @property
    def picture_language(self) -> str | None:
        return None if self.for_all else self.language

    def own_text(self, text: Text) -> str | None:
        """What is kept: None where the default does, "" where an optional text is left out on purpose."""
        typed = self.texts.get(text.key, "")
        default = default_text(text.key, self.language)
        if typed == default or (not typed and not text.optional):
            return None
        return typed


def own_texts(button: PanicButton, draft: Draft) -> dict[str, dict[str, str]]:
    """The button's texts with those of the draft put in."""
    texts = {key: dict(words) for key, words in button.texts.items()}
    for text in draft.page.texts:
        own = draft.own_text(text)
        words = texts.setdefault(text.key, {})
        words.pop(draft.language, None)
        if own is not None:
            words[draft.language] = own
    return {key: words for key, words in texts.items() if words}


def check_text(text: Text, typed: str) -> None:
    """Raise `Refusal` for a `{name}` that the page doesn't fill in."""
    unknown = placeholders_in(typed) - text.placeholders
    if not unknown:
        return
    shown = ", ".join(f"{{{name}}}" for name in sorted(unknown))
    if not text.placeholders:
        words = _("Nothing is filled in here: take out %(names)s.", names=shown)
    else:
        known = ", ".join(f"{{{name}}}" for name in sorted(text.placeholders))
        words = _("%(names)s is not known here. Known: %(known)s.", names=shown, known=known)
    raise Refusal(words, field=f"text_{text.key}")


def panel_of(button: PanicButton, draft: Draft) -> Panel:
    """The button as the draft would have it; colours that are none are passed over."""
    stored = Panel.of(button)
    options = dict(draft.options)
    if "colours" in options:
        options["colours"] = with_defaults(options["colours"])
    if "languages" in options:
        options["languages"] = list(dict.fromkeys([button.language, *options["languages"]]))
    return replace(
        stored, texts=own_texts(button, draft), pictures=_pictures(stored, draft), **options
    )


def untranslated(button: PanicButton, page: ContentPage, language: str) -> list[Text]:
    """Texts that are worded in another language and not in this one: the default stands there."""
    return [
        text
        for text in page.texts
        if (words := button.texts.get(text.key)) and language not in words
    ]


def standing(button: PanicButton, page: ContentPage, language: str) -> dict[str, str]:
    """The texts as the page shows them now."""
    words = Wording(language, button)
    return {text.key: words(text.key) for text in page.texts}


def image_of(button: PanicButton, place: str, language: str | None) -> PanicImage | None:
    """Exactly this language's (None: the one for all)."""
    found = (i for i in button.images if (i.page, i.language) == (place, language))
    return next(found, None)


def fingerprint(button: PanicButton, page: ContentPage, language: str) -> str:
    """Of all that this editor changes: differs when somebody saved the same page and language meanwhile."""
    images = [image_of(button, page.picture, each) for each in (language, None)]
    content = [
        standing(button, page, language),
        {name: getattr(button, name) for name in options_of(page)},
        [image.file.public_id if image else None for image in images],
    ]
    return sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:24]


def options_of(page: ContentPage) -> Sequence[str]:
    """The button's columns that this page's editor sets beside its texts."""
    return {
        "look": ("languages", "colours"),
        "who": ("ask_phone",),
        "message": ("message_required",),
    }.get(page.name, ())


def _pictures(stored: Panel, draft: Draft) -> dict[tuple[str, str | None], Shown]:
    found = dict(stored.pictures)
    place = draft.page.picture
    if draft.remove_picture:
        found.pop((place, draft.language), None)
        if draft.for_all:
            found.pop((place, None), None)
    if draft.picture is not None:
        found[place, draft.picture_language] = _inline(draft.picture)
        if draft.for_all:
            found.pop((place, draft.language), None)
    return found


def _inline(picture: Picture) -> Shown:
    """Not stored yet: the picture stands in the page itself."""
    data = base64.b64encode(picture.content).decode()
    return Shown(f"data:{picture.media_type};base64,{data}", picture.width, picture.height)
