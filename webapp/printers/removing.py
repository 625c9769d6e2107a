"""A printer goes, where nothing is about it that must stay."""

from __future__ import annotations

from flask_babel import gettext as _
from sqlalchemy import delete, func, select, update

from webapp.core.db import db
from webapp.core.errors import Refusal
from webapp.devices.models import Credential, Liveness, Ownership
from webapp.printers.events import PrinterEvent
from webapp.printers.history.models import PrinterFault, PrinterStatement
from webapp.printers.models import PanicLaunch, PanicRequest, Printer, PrinterReading
from webapp.printers.services import device_of, record


def remove_printer(printer: Printer) -> None:
    """Only one that nobody ever called for: requests keep the printer that they are about."""
    asked = select(func.count()).where(PanicRequest.printer_id == printer.id)
    if db.session.scalar(asked):
        words = _(
            "%(name)s has requests, which would lose their printer. Take it off its button instead.",
            name=printer.name,
        )
        raise Refusal(words, status=409)
    _refuse_with_statements(printer)
    record(PrinterEvent.PRINTER_REMOVED, printer, serial=printer.serial or "")
    forget = update(PanicLaunch).where(PanicLaunch.printer_id == printer.id)
    db.session.execute(forget.values(printer_id=None))
    for model in (PrinterReading, PrinterFault):
        db.session.execute(delete(model).where(model.printer_id == printer.id))
    db.session.execute(delete(Liveness).where(Liveness.device_id == printer.id))
    device = device_of(printer)
    db.session.execute(delete(Ownership).where(Ownership.device_id == device.id))
    db.session.execute(delete(Credential).where(Credential.device_id == device.id))
    db.session.delete(printer)
    db.session.flush()
    db.session.delete(device)


def _refuse_with_statements(printer: Printer) -> None:
    closed = select(PrinterStatement.id).where(PrinterStatement.printer_id == printer.id).limit(1)
    if db.session.scalar(closed) is not None:
        words = _(
            "%(name)s stands in closed month statements. Take it off its button instead.",
            name=printer.name,
        )
        raise Refusal(words, status=409)
