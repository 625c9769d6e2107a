"""Pictures for tests, drawn here."""

from __future__ import annotations

import io

from PIL import Image, ImageDraw


def drawn(
    kind: str = "PNG", *, size: tuple[int, int] = (1200, 1600), colour: str = "#1b6ca8"
) -> bytes:
    """A disc; on nothing where the format can be see-through."""
    mode, ground = ("RGB", "#ffffff") if kind == "JPEG" else ("RGBA", "#ffffff00")
    picture = Image.new(mode, size, ground)
    ImageDraw.Draw(picture).ellipse((8, 8, size[0] - 8, size[1] - 8), fill=colour)
    out = io.BytesIO()
    picture.save(out, kind, **({"exif": _exif()} if kind == "JPEG" else {}))
    return out.getvalue()


def _exif() -> Image.Exif:
    exif = Image.Exif()
    exif[0x010E] = "taken at 50.8466 N, 4.3528 E"
    return exif
