"""Labels to stick on printers: name, code, and a QR code of both the portal's page and the code."""

from __future__ import annotations

from dataclasses import dataclass

from webapp.core.qr import QUIET_ZONE, QrCode, qr_code
from webapp.core.web import address_of
from webapp.orgs.access import current_organisation
from webapp.printers.codes import code_of
from webapp.printers.models import Printer

__all__ = ["QUIET_ZONE", "Label", "QrCode", "label_of", "qr_code"]


@dataclass(frozen=True)
class Label:
    printer: Printer
    code: str
    qr: QrCode


def label_of(printer: Printer) -> Label:
    """The QR code leads to the printer's page; the code stands behind the #, which browsers never send."""
    code = code_of(printer)
    org = current_organisation().public_id
    page = address_of("printers.printer", org=org, public_id=printer.public_id)
    return Label(printer, code, qr_code(f"{page}#{code}"))
