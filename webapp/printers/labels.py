"""Labels to stick on printers: name, code, and a QR code of both the portal's page and the code."""

from __future__ import annotations

from dataclasses import dataclass

import qrcode
from flask import url_for

from webapp.orgs.access import current_organisation
from webapp.printers.codes import code_of
from webapp.printers.models import Printer

QUIET_ZONE = 4


@dataclass(frozen=True)
class QrCode:
    """Dark modules as one SVG path; `size` in modules, quiet zone included."""

    path: str
    size: int


@dataclass(frozen=True)
class Label:
    printer: Printer
    code: str
    qr: QrCode


def label_of(printer: Printer) -> Label:
    """The QR code leads to the printer's page; the code stands behind the #, which browsers never send."""
    code = code_of(printer)
    page = url_for(
        "printers.printer",
        org=current_organisation().public_id,
        public_id=printer.public_id,
        _external=True,
        _anchor=code,
    )
    return Label(printer, code, qr_code(page))


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
