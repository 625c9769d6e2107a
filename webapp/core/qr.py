"""QR codes as one SVG path: drawn by the templates, without a script and without an image."""

from __future__ import annotations

from dataclasses import dataclass

import qrcode

QUIET_ZONE = 4
"""Modules of white around the code (ISO/IEC 18004, 9.1)."""


@dataclass(frozen=True)
class QrCode:
    """Dark modules as one SVG path; `size` in modules, quiet zone included."""

    path: str
    size: int


def qr_code(text: str) -> QrCode:
    """Error correction M (15 %): a label gets scratched."""
    drawn = qrcode.QRCode(border=QUIET_ZONE, error_correction=qrcode.constants.ERROR_CORRECT_M)
    drawn.add_data(text)
    drawn.make(fit=True)
    rows: list[list[bool]] = drawn.get_matrix()
    return QrCode("".join(_runs(y, row) for y, row in enumerate(rows)), len(rows))


def _runs(y: int, row: list[bool]) -> str:
    """Neighbouring modules are one rectangle: no hairlines between them on paper."""
    pieces, x = [], 0
    while x < len(row):
        width = 0
        while x + width < len(row) and row[x + width]:
            width += 1
        if width:
            pieces.append(f"M{x} {y}h{width}v1h-{width}z")
        x += width or 1
    return "".join(pieces)
