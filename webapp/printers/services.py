"""Panic buttons and printers, as an administrator makes and changes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import IntegrityError

from webapp.audit import log as audit
from webapp.core.db import db, new_public_id
from webapp.core.errors import Refusal
from webapp.core.names import sort_name
from webapp.devices.models import (
    Credential,
    Device,
    DeviceKind,
    DeviceState,
    Liveness,
    Ownership,
)
from webapp.printers import codes
from webapp.printers.events import PrinterEvent
from webapp.printers.facts import usable_serial
from webapp.printers.models import (
    PanicButton,
    PanicLaunch,
    PanicReason,
    PanicRequest,
    Printer,
    PrinterReading,
)
from webapp.printers.texts import DEFAULT_REASONS


@dataclass(frozen=True, kw_only=True)
class ButtonFacts:
    """What an administrator says of a button; its texts and mails are worded elsewhere."""

    name: str
    language: str
    languages: Sequence[str]
    technician_emails: Sequence[str]
    phone: str = ""
    ask_phone: bool = False
    message_required: bool = False
    fault_sources: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class PrinterFacts:
    """What an administrator says of a printer."""

    name: str
    serial: str = ""
    maker: str = ""
    model: str = ""
    location: str = ""
    button: PanicButton | None = None


def check_version(row: PanicButton | PanicReason | Printer, seen: object) -> None:
    """Two people worked on it at once: the second one looks again before anything is overwritten."""
    if str(seen or "") != str(row.version):
        raise stale()


def stale() -> Refusal:
    words = _(
        "Somebody changed this while you were looking at it. Check how it is now, then repeat."
    )
    return Refusal(words, status=409)


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
        sort_name=sort_name(name),
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


def change_button(button: PanicButton, facts: ButtonFacts) -> None:
    """The languages always hold the technicians' own, which is the pages' fallback."""
    changes: dict[str, Any] = {
        "name": facts.name,
        "sort_name": sort_name(facts.name),
        "language": facts.language,
        "languages": list(dict.fromkeys([facts.language, *facts.languages])),
        "technician_emails": list(dict.fromkeys(facts.technician_emails)),
        "phone": facts.phone or None,
        "ask_phone": facts.ask_phone,
        "message_required": facts.message_required,
        "fault_sources": facts.fault_sources,
    }
    changed = _set(button, changes)
    if changed:
        _record(PrinterEvent.BUTTON_CHANGED, button, changed=changed)


def switch_button(button: PanicButton, *, active: bool) -> None:
    """Switched off, its pages say that nobody answers here; printers and requests stay."""
    if _set(button, {"active": active}):
        _record(PrinterEvent.BUTTON_CHANGED, button, active=active)


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
    _refuse_double(usable_serial(serial) or None, maker)
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
        sort_name=sort_name(name),
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


def change_printer(printer: Printer, facts: PrinterFacts) -> None:
    """What an administrator corrects by hand. Another serial number counts as unknown until it launches."""
    serial = usable_serial(facts.serial) or None
    _refuse_double(serial, facts.maker, but=printer.id)
    changes: dict[str, Any] = {
        "name": facts.name,
        "sort_name": sort_name(facts.name),
        "maker": facts.maker,
        "model": facts.model,
        "location": facts.location,
        "button_id": facts.button.id if facts.button is not None else None,
    }
    if serial != printer.serial:
        changes |= {
            "serial": serial,
            "serial_raw": facts.serial or None,
            "serial_end": serial[::-1] if serial else None,
        }
    changed = _set_unique(printer, changes)
    if not changed:
        return
    device = _device_of(printer)
    device.name, device.serial = printer.name, printer.serial
    _record(PrinterEvent.PRINTER_CHANGED, printer, changed=changed)


def put_on_button(printers: Sequence[Printer], button: PanicButton | None) -> None:
    """Several at once; without a button their launches ask for a code and find no form."""
    for printer in printers:
        if _set(printer, {"button_id": button.id if button is not None else None}):
            name = button.name if button is not None else ""
            _record(PrinterEvent.PRINTER_CHANGED, printer, button=name)


def remove_printer(printer: Printer) -> None:
    """Only one that nobody ever called for: requests keep the printer that they are about."""
    asked = select(func.count()).where(PanicRequest.printer_id == printer.id)
    if db.session.scalar(asked):
        words = _(
            "%(name)s has requests, which would lose their printer. Take it off its button instead.",
            name=printer.name,
        )
        raise Refusal(words, status=409)
    _record(PrinterEvent.PRINTER_REMOVED, printer, serial=printer.serial or "")
    forget = update(PanicLaunch).where(PanicLaunch.printer_id == printer.id)
    db.session.execute(forget.values(printer_id=None))
    db.session.execute(delete(PrinterReading).where(PrinterReading.printer_id == printer.id))
    db.session.execute(delete(Liveness).where(Liveness.device_id == printer.id))
    device = _device_of(printer)
    db.session.execute(delete(Ownership).where(Ownership.device_id == device.id))
    db.session.execute(delete(Credential).where(Credential.device_id == device.id))
    db.session.delete(printer)
    db.session.flush()
    db.session.delete(device)


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
    device = _device_of(printer)
    device.serial, device.state = None, DeviceState.NOT_SET_UP
    _record(PrinterEvent.PRINTER_UNBOUND, printer, serial=released)


def _set(row: PanicButton | Printer, values: dict[str, Any]) -> list[str]:
    """Set what differs; the names of what was set."""
    changed = [name for name, value in values.items() if getattr(row, name) != value]
    for name in changed:
        setattr(row, name, values[name])
    return [name for name in changed if name not in ("sort_name", "serial_raw", "serial_end")]


def _set_unique(printer: Printer, values: dict[str, Any]) -> list[str]:
    """The constraint has the last word where two people give the same serial at once."""
    try:
        with db.session.begin_nested():
            return _set(printer, values)
    except IntegrityError as error:
        words = _("%(serial)s is already one of your printers.", serial=values["serial"])
        raise Refusal(words, field="serial") from error


def _device_of(printer: Printer) -> Device:
    return db.session.scalars(select(Device).where(Device.id == printer.id)).one()


def _refuse_double(serial: str | None, maker: str, *, but: int = 0) -> None:
    """A serial is unique within its maker; where one of two makers isn't known, they may be the same."""
    if serial is None:
        return
    others = db.session.scalars(select(Printer).where(Printer.serial == serial, Printer.id != but))
    for other in others:
        if other.maker == maker or "" in (other.maker, maker):
            words = _("%(serial)s is already the serial number of %(name)s.")
            raise Refusal(words % {"serial": serial, "name": other.name}, field="serial")


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
