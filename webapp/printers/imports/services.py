"""The draft between preview and confirmation, and the confirmation itself, which counts once."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

from flask_babel import gettext as _
from sqlalchemy import delete, select

from webapp.audit import log as audit
from webapp.core.db import db, new_public_id
from webapp.core.errors import Refusal
from webapp.core.names import sort_name
from webapp.core.principal import acting
from webapp.core.tenancy import unscoped
from webapp.devices.models import Device, DeviceKind, DeviceState, Ownership
from webapp.printers import codes
from webapp.printers.events import PrinterEvent
from webapp.printers.facts import usable_serial
from webapp.printers.imports.checking import Row, button_ids, checked, rows_of
from webapp.printers.imports.columns import mapped
from webapp.printers.imports.reading import read
from webapp.printers.models import ImportState, Printer, PrinterImport

DRAFTS_LIVE = timedelta(days=7)


def keep_draft(
    content: bytes, file_name: str, *, organisation_id: int, now: datetime
) -> PrinterImport:
    """Read and check a file; nothing is made yet. Drafts that nobody confirmed for a week go."""
    lines = read(content)
    rows = rows_of(lines[1:], mapped(lines[0].cells))
    old = delete(PrinterImport).where(PrinterImport.created_at < now - DRAFTS_LIVE)
    db.session.execute(old)
    draft = PrinterImport(
        organisation_id=organisation_id,
        file_name=file_name,
        rows=rows,
        created_at=now,
        created_by=acting().label,
    )
    db.session.add(draft)
    db.session.flush()
    return draft


def recheck(draft: PrinterImport) -> list[Row]:
    """The rows as they would be taken now."""
    return checked(draft.rows) if draft.state == ImportState.DRAFT else list(draft.rows)


def confirm(draft: PrinterImport, *, skip_faulty: bool, now: datetime) -> int:
    """Make the printers; how many. The draft's row is held, so that confirming twice makes them once."""
    if draft.state == ImportState.DONE:
        return draft.made
    rows = checked(draft.rows)
    good = [row for row in rows if not row["faults"]]
    if len(good) < len(rows) and not skip_faulty:
        words = _("Some lines are faulty. Mend the file, or import without these lines.")
        raise Refusal(words, status=409)
    if not good:
        raise Refusal(_("No line is left to import."), status=409)
    printers = _make(good, organisation_id=draft.organisation_id, now=now)
    draft.state, draft.made, draft.rows = ImportState.DONE, len(printers), rows
    audit.record(
        PrinterEvent.PRINTERS_IMPORTED,
        organisation_id=draft.organisation_id,
        kind="printer_import",
        id=draft.public_id,
        label=draft.file_name,
        detail={"printers": [p.public_id for p in printers], "left_out": len(rows) - len(good)},
    )
    return len(printers)


def _make(rows: list[Row], *, organisation_id: int, now: datetime) -> list[Printer]:
    """All devices, then all printers: a few statements for ten thousand."""
    buttons = button_ids()
    devices = [_device(row["values"], organisation_id, now) for row in rows]
    db.session.add_all(devices)
    db.session.flush()
    db.session.add_all(
        Ownership(device_id=device.id, organisation_id=organisation_id, began_at=now)
        for device in devices
    )
    printers = [
        _printer(row["values"], device, buttons) for row, device in zip(rows, devices, strict=True)
    ]
    _give_codes(printers)
    db.session.add_all(printers)
    db.session.flush()
    return printers


def _device(values: dict[str, str], organisation_id: int, now: datetime) -> Device:
    return Device(
        public_id=new_public_id(),
        organisation_id=organisation_id,
        kind=DeviceKind.PRINTER,
        serial=usable_serial(values["serial"]) or None,
        name=values["name"],
        state=DeviceState.NOT_SET_UP,
        created_at=now,
    )


def _printer(values: dict[str, str], device: Device, buttons: dict[str, int]) -> Printer:
    return Printer(
        id=device.id,
        public_id=device.public_id,
        organisation_id=device.organisation_id,
        name=values["name"],
        sort_name=sort_name(values["name"]),
        serial=device.serial,
        serial_raw=values["serial"] or None,
        serial_end=device.serial[::-1] if device.serial else None,
        maker=values["maker"],
        model=values["model"],
        location=values["location"],
        button_id=buttons.get(sort_name(values["button"])),
        created_at=device.created_at,
    )


def _give_codes(printers: list[Printer]) -> None:
    """Codes are unique over all organisations: those that are taken are drawn anew."""
    waiting = printers
    while waiting:
        for printer in waiting:
            codes.give_new_code(printer)
        times = Counter(printer.code_digest for printer in printers)
        with unscoped("printer codes are unique over all organisations"):
            taken = set(
                db.session.scalars(
                    select(Printer.code_digest).where(Printer.code_digest.in_(times))
                )
            )
        waiting = [p for p in printers if p.code_digest in taken or times[p.code_digest] > 1]
