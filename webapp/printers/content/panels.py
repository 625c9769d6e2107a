"""A button as its pages show it: as it is stored, or as an editor has it at this moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import url_for

from webapp.core.files import File
from webapp.core.localized import LocalizedText
from webapp.printers.content.colours import sheet_name
from webapp.printers.models import PanicButton, PanicImage
from webapp.printers.wording import Texts, Wording

LOGO_HEIGHT = 32
LOGO_WIDTH = 180
EXTENSIONS = {"image/png": "png", "image/jpeg": "jpg"}


@dataclass(frozen=True)
class Shown:
    """A picture as a page draws it."""

    url: str
    width: int
    height: int

    @property
    def logo_width(self) -> int:
        """In the bar, where its height is fixed: the title beside it never moves."""
        return min(LOGO_WIDTH, max(1, round(self.width * LOGO_HEIGHT / self.height)))


@dataclass(frozen=True)
class ShownReason:
    public_id: str
    texts: LocalizedText
    icon: str | None


@dataclass(frozen=True, kw_only=True)
class Panel:
    """`pictures`: (page, language or None) → picture; "logo" is a page of its own."""

    language: str
    languages: Sequence[str]
    texts: Texts = field(default_factory=dict)
    ask_phone: bool = False
    message_required: bool = False
    phone: str | None = None
    colours: Mapping[str, str] = field(default_factory=dict)
    reasons: Sequence[ShownReason] = ()
    pictures: Mapping[tuple[str, str | None], Shown] = field(default_factory=dict)

    @classmethod
    def of(cls, button: PanicButton) -> Panel:
        """The stored one; hidden reasons are not shown."""
        return cls(
            language=button.language,
            languages=button.languages,
            texts=button.texts,
            ask_phone=button.ask_phone,
            message_required=button.message_required,
            phone=button.phone,
            colours=button.colours,
            reasons=[
                ShownReason(r.public_id, r.texts, r.icon) for r in button.reasons if not r.hidden
            ],
            pictures={(image.page, image.language): shown(image) for image in button.images},
        )

    def picture(self, page: str, language: str) -> Shown | None:
        """The language's own, else the one for all."""
        return self.pictures.get((page, language)) or self.pictures.get((page, None))

    def context(self, page: str, language: str) -> dict[str, Any]:
        """What the templates of panic pages know of their button."""
        sheet = sheet_name(self.colours)
        return {
            **plain_context(Wording(language, self)),
            "button": self,
            "logo": self.picture("logo", language),
            "picture": self.picture(page, language),
            "page_name": page,
            "sheet_url": url_for("panic.colours", name=sheet) if sheet else None,
        }


def plain_context(words: Wording) -> dict[str, Any]:
    """For pages that belong to no button."""
    return {"words": words, "panel_language": words.language, "button_name": words("title")}


def shown(image: PanicImage) -> Shown:
    return Shown(picture_url(image.file), image.width, image.height)


def picture_url(file: File) -> str:
    """Named by its content: kept for good, and guessed by nobody."""
    name = f"{(file.sha256 or b'').hex()[:32]}.{EXTENSIONS[file.media_type]}"
    return url_for("panic.picture", file_id=file.public_id, name=name)
