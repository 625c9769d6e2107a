"""Another machine takes a printer's place: name, location, button, code, requests and readings stay (P-43)."""

from __future__ import annotations

from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from webapp.core.db import db
from webapp.core.errors import Refusal
from webapp.devices.models import Device, DeviceKind, DeviceState
from webapp.devices.replacing import Trade
from webapp.orgs.permissions import Permission
from webapp.printers.conditions import observe_faults
from webapp.printers.facts import usable_serial
from webapp.printers.models import Printer

OWN_CREDENTIAL = "printer"
COUNTERS = ("pages_total", "pages_black", "pages_colour", "pages_large")


def read_serial(typed: str) -> str:
    serial = usable_serial(typed)
    if not serial:
        raise Refusal(_("Enter the serial number of the new printer."), field="serial")
    return serial


def take_over(device: Device, serial: str, now: datetime) -> None:
    """What was the old machine's goes: maker, model, counters, faults. The next reading brings the new one's."""
    printer = db.session.scalars(
        select(Printer).where(Printer.id == device.id).with_for_update()
    ).one()
    _refuse_double(serial, printer)
    printer.maker = printer.model = ""
    printer.serial = printer.serial_raw = serial
    printer.serial_end = serial[::-1]
    printer.bound_at = None
    printer.address = None
    printer.counters_doubtful = False
    for counter in COUNTERS:
        setattr(printer, counter, None)
    printer.state, printer.problem = DeviceState.NOT_SET_UP, None
    device.state = DeviceState.NOT_SET_UP
    observe_faults(printer, now=now)
    try:
        db.session.flush()
    except IntegrityError as error:
        raise _is_known(serial, "") from error


def _refuse_double(serial: str, printer: Printer) -> None:
    """Whatever the maker: that of the new machine is not known yet."""
    other = db.session.scalars(
        select(Printer).where(Printer.serial == serial, Printer.id != printer.id).limit(1)
    ).first()
    if other is not None:
        raise _is_known(serial, other.name)


def _is_known(serial: str, name: str) -> Refusal:
    words = _("%(serial)s is already the serial number of %(name)s.")
    return Refusal(words % {"serial": serial, "name": name or "—"}, field="serial")


TRADE = Trade(DeviceKind.PRINTER, Permission.PRINTERS_EDIT, OWN_CREDENTIAL, read_serial, take_over)
