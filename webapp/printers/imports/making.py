"""Many printers at once, and away with them again: a few statements for thousands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select

from webapp.core.db import db, new_public_id
from webapp.core.names import sort_name
from webapp.core.tenancy import unscoped
from webapp.devices.models import Device, DeviceKind, DeviceState, Ownership
from webapp.printers import codes
from webapp.printers.facts import usable_serial
from webapp.printers.models import Printer

Values = Mapping[str, Any]


def make_printers(
    rows: Sequence[Values], buttons: Mapping[str, int], *, organisation_id: int, now: datetime
) -> list[int]:
    """All devices, then all printers; their ids in this order."""
    devices = [_device(row, organisation_id, now) for row in rows]
    db.session.add_all(devices)
    db.session.flush()
    db.session.add_all(
        Ownership(device_id=device.id, organisation_id=organisation_id, began_at=now)
        for device in devices
    )
    printers = [_printer(row, device, buttons) for row, device in zip(rows, devices, strict=True)]
    _give_codes(printers)
    db.session.add_all(printers)
    db.session.flush()
    return [device.id for device in devices]


def remove_printers(ids: Sequence[int]) -> None:
    """As if they had never been: for those that nothing was heard of."""
    for table, column in ((Printer, Printer.id), (Ownership, Ownership.device_id)):
        _run(delete(table).where(column.in_(ids)))
    _run(delete(Device).where(Device.id.in_(ids)))


def _run(statement: Any) -> None:
    db.session.execute(statement, execution_options={"synchronize_session": False})


def _device(row: Values, organisation_id: int, now: datetime) -> Device:
    return Device(
        public_id=new_public_id(),
        organisation_id=organisation_id,
        kind=DeviceKind.PRINTER,
        serial=usable_serial(row["serial"] or "") or None,
        name=row["name"],
        state=DeviceState.NOT_SET_UP,
        created_at=now,
    )


def _printer(row: Values, device: Device, buttons: Mapping[str, int]) -> Printer:
    return Printer(
        id=device.id,
        public_id=device.public_id,
        organisation_id=device.organisation_id,
        name=row["name"],
        sort_name=sort_name(row["name"]),
        serial=device.serial,
        serial_raw=row["serial"],
        serial_end=device.serial[::-1] if device.serial else None,
        maker=row["maker"] or "",
        model=row["model"] or "",
        location=row["location"] or "",
        button_id=buttons.get(sort_name(row["button"] or "")),
        created_at=device.created_at,
    )


def _give_codes(printers: Sequence[Printer]) -> None:
    """Codes are unique over all organisations: those that are taken are drawn anew."""
    waiting = list(printers)
    while waiting:
        for printer in waiting:
            codes.give_new_code(printer)
        times = Counter(printer.code_digest for printer in printers)
        with unscoped("printer codes are unique over all organisations"):
            found = select(Printer.code_digest).where(Printer.code_digest.in_(times))
            taken = set(db.session.scalars(found))
        waiting = [p for p in printers if p.code_digest in taken or times[p.code_digest] > 1]
