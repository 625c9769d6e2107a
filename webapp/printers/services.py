"""Panic buttons and printers, as an administrator makes and changes them."""

from __future__ import annotations

from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from webapp.audit import log as audit
from webapp.core.db import db, new_public_id
from webapp.core.errors import Refusal
from webapp.devices.models import Device, DeviceKind, DeviceState, Ownership
from webapp.printers import codes
from webapp.printers.events import PrinterEvent
from webapp.printers.facts import usable_serial
from webapp.printers.models import PanicButton, PanicReason, Printer
from webapp.printers.texts import DEFAULT_REASONS


def create_button(
    name: str,
    *,
    organisation_id: int,
    technician_emails: list[str],
    language: str,
    languages: list[str],
    now: datetime,
    phone: str | None = None,
) -> PanicButton:
    """A button with the usual reasons; its texts and mails are the defaults until somebody words them anew."""
    button = PanicButton(
        organisation_id=organisation_id,
        name=name,
        sort_name=name.casefold(),
        technician_emails=technician_emails,
        language=language,
        languages=languages,
        phone=phone,
        created_at=now,
    )
    button.reasons = [
        PanicReason(organisation_id=organisation_id, texts=texts, position=place)
        for place, texts in enumerate(DEFAULT_REASONS)
    ]
    db.session.add(button)
    db.session.flush()
    _record(PrinterEvent.BUTTON_CREATED, button)
    return button


def add_printer(
    name: str,
    *,
    organisation_id: int,
    button: PanicButton | None,
    now: datetime,
    serial: str = "",
    maker: str = "",
    model: str = "",
    location: str = "",
) -> Printer:
    """A printer with its code. The serial may come later, with the code at the first launch."""
    public_id = new_public_id()
    device = Device(
        public_id=public_id,
        organisation_id=organisation_id,
        kind=DeviceKind.PRINTER,
        serial=usable_serial(serial) or None,
        name=name,
        state=DeviceState.NOT_SET_UP,
        created_at=now,
    )
    db.session.add(device)
    db.session.flush()
    db.session.add(Ownership(device_id=device.id, organisation_id=organisation_id, began_at=now))
    printer = Printer(
        id=device.id,
        public_id=public_id,
        organisation_id=organisation_id,
        name=name,
        sort_name=name.casefold(),
        serial=usable_serial(serial) or None,
        serial_raw=serial or None,
        serial_end=usable_serial(serial)[::-1] or None,
        maker=maker,
        model=model,
        location=location,
        button_id=button.id if button is not None else None,
        created_at=now,
    )
    codes.give_new_code(printer)
    _add_unique(printer)
    _record(PrinterEvent.PRINTER_ADDED, printer)
    return printer


def renew_code(printer: Printer) -> None:
    """The old code is no good any more; a printer already bound stays bound."""
    codes.give_new_code(printer)
    _record(PrinterEvent.CODE_RENEWED, printer)


def unbind(printer: Printer) -> None:
    """The device was swapped: its serial is released, the next launch asks for the code again."""
    if printer.serial is None:
        return
    released = printer.serial
    printer.serial = printer.serial_raw = printer.serial_end = printer.bound_at = None
    printer.maker = printer.model = ""
    printer.state, printer.problem = DeviceState.NOT_SET_UP, None
    for counter in ("pages_total", "pages_black", "pages_colour", "pages_large"):
        setattr(printer, counter, None)
    device = db.session.scalars(select(Device).where(Device.id == printer.id)).one()
    device.serial, device.state = None, DeviceState.NOT_SET_UP
    _record(PrinterEvent.PRINTER_UNBOUND, printer, serial=released)


def _add_unique(printer: Printer) -> None:
    try:
        with db.session.begin_nested():
            db.session.add(printer)
    except IntegrityError as error:
        words = _("%(serial)s is already one of your printers.", serial=printer.serial)
        raise Refusal(words, field="serial") from error


def _record(event: PrinterEvent, thing: PanicButton | Printer, **detail: object) -> None:
    audit.record(
        event,
        organisation_id=thing.organisation_id,
        kind="printer" if isinstance(thing, Printer) else "panic_button",
        id=thing.public_id,
        label=thing.name,
        detail=dict(detail),
    )
