"""Files in the database: logos, information documents. One backup holds them, any web process serves them.

What an upload is says its content, never its name. Pictures are decoded and written anew, so that nothing but the
picture is kept.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from flask_babel import gettext as _
from PIL import Image, ImageOps, UnidentifiedImageError
from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary
from sqlalchemy.orm import Mapped, deferred, mapped_column

from webapp.core.db import Base, Id, Instant, PublicId
from webapp.core.errors import Refusal
from webapp.core.tenancy import Owned

MIB = 1024 * 1024
MOST_LOGO_BYTES = 2 * MIB
MOST_DOCUMENT_BYTES = 5 * MIB
LOGO_FORMATS = ("PNG", "JPEG", "WEBP")
LOGO_SIZE = (480, 160)
MOST_PIXELS = 24_000_000


class File(Owned, Base):
    """Never changed once complete: another content is another row. `media_type` was found by content.

    Small files are in `content`. Large ones are sealed piece by piece, see `core.large_files`; one with
    `for_user_id` is offered to that person alone, until `expires_at`.
    """

    __tablename__ = "files"
    __table_args__ = (
        Index(None, "organisation_id", "created_at", "id"),
        Index(None, "for_user_id", "created_at", "id", postgresql_where="for_user_id IS NOT NULL"),
        Index(None, "expires_at", postgresql_where="expires_at IS NOT NULL"),
    )

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    kind: Mapped[str]
    name: Mapped[str]
    media_type: Mapped[str]
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[bytes | None]
    """Of the clear content; none while a large file is still being written."""
    created_at: Mapped[Instant]
    created_by: Mapped[str]
    content: Mapped[bytes | None] = deferred(mapped_column(LargeBinary))
    chunks: Mapped[int] = mapped_column(default=0, server_default="0")
    keeper: Mapped[str | None]
    wrapped_key: Mapped[bytes | None]
    for_user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    expires_at: Mapped[datetime | None]


def file_of(
    content: bytes, *, kind: str, name: str, media_type: str, organisation_id: int
) -> dict[str, object]:
    """The columns that follow from the content; who made it and when comes from the caller."""
    return {
        "kind": kind,
        "name": name,
        "media_type": media_type,
        "size_bytes": len(content),
        "sha256": sha256(content).digest(),
        "content": content,
        "organisation_id": organisation_id,
    }


@dataclass(frozen=True)
class Picture:
    """A picture that was written anew: nothing but its pixels is left of the upload."""

    content: bytes
    media_type: str
    width: int
    height: int


def checked_logo(content: bytes, *, field: str) -> bytes:
    """A PNG of at most 480 × 160 made from the picture; raises `Refusal` for what is none."""
    return _as_png(_decoded(content, LOGO_SIZE, field))


def checked_picture(content: bytes, *, field: str, size: tuple[int, int]) -> Picture:
    """At most `size` (width, height): PNG, or JPEG where that is smaller and nothing is see-through."""
    clean = _decoded(content, size, field)
    written, kind = _as_png(clean), "image/png"
    if clean.getchannel("A").getextrema() == (255, 255):
        photo = _as_jpeg(clean)
        if len(photo) < len(written):
            written, kind = photo, "image/jpeg"
    return Picture(written, kind, clean.width, clean.height)


def _decoded(content: bytes, size: tuple[int, int], field: str) -> Image.Image:
    """Upright, in RGBA, fitted into `size`, without what stood beside the pixels."""
    _refuse_size(content, MOST_LOGO_BYTES, field)
    try:
        with Image.open(io.BytesIO(content), formats=LOGO_FORMATS) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                raise Refusal(_("The picture has too many pixels; make it smaller."), field=field)
            upright = ImageOps.exif_transpose(picture).convert("RGBA")
    except _NO_PICTURE as error:
        raise Refusal(_("This is no PNG, JPEG or WebP picture."), field=field) from error
    upright.thumbnail(size)
    clean = Image.new("RGBA", upright.size)
    clean.paste(upright)
    return clean


_NO_PICTURE = (
    UnidentifiedImageError,
    OSError,
    ValueError,
    SyntaxError,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
)
"""What Pillow raises over bytes that it can't read: broken PNG chunks are a SyntaxError."""


def _as_png(clean: Image.Image) -> bytes:
    out = io.BytesIO()
    clean.save(out, "PNG", optimize=True)
    return out.getvalue()


def _as_jpeg(clean: Image.Image) -> bytes:
    out = io.BytesIO()
    clean.convert("RGB").save(out, "JPEG", quality=85, optimize=True)
    return out.getvalue()


def check_pdf(content: bytes, *, field: str) -> None:
    """Raise `Refusal` unless it begins and ends as a PDF does (ISO 32000-1, 7.5)."""
    _refuse_size(content, MOST_DOCUMENT_BYTES, field)
    if not content.startswith(b"%PDF-") or b"%%EOF" not in content[-1024:]:
        raise Refusal(_("This is no PDF file, or it is not complete."), field=field)


def _refuse_size(content: bytes, most: int, field: str) -> None:
    if not content:
        raise Refusal(_("The file is empty."), field=field)
    if len(content) > most:
        raise Refusal(
            _("The file is too large: at most %(number)s MB.", number=most // MIB), field=field
        )
