"""*Replace device* (P-43): other equipment takes the place of a device, which keeps its name, place and history.

A trade says once for its kind how that is done there:

    register(Trade(DeviceKind.PRINTER, Permission.PRINTERS_EDIT, "printer", read_serial, take_over))

The old equipment is fenced: its credentials name the replacement and are answered with 401 `device_replaced`; its
serial number under a token shared by many, which the trade asks with `replacement_of`, with 409.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy import select

from webapp.audit import log as audit
from webapp.core.db import db
from webapp.core.errors import Refusal
from webapp.core.principal import Principal
from webapp.devices.access import issue
from webapp.devices.events import DeviceEvent
from webapp.devices.models import Credential, Device, DeviceKind, Replacement
from webapp.orgs.permissions import Permission

MOST_VALID = 2
"""Two are valid while the new one is being brought to the device."""


@dataclass(frozen=True)
class Trade:
    """How a kind of equipment is replaced.

    `permission` is asked besides *edit enrolment tokens*. `read_serial` gives the serial as it is stored, or raises
    `Refusal(field="serial")`. `take_over` writes the trade's own row, locked; it raises `Refusal` for a serial that is
    another device's.
    """

    kind: DeviceKind
    permission: Permission
    credential_kind: str
    read_serial: Callable[[str], str]
    take_over: Callable[[Device, str, datetime], None]


_trades: dict[str, Trade] = {}


def register(trade: Trade) -> None:
    """Once a trade, from its `init_app`."""
    _trades[trade.kind] = trade


def trade_of(kind: str) -> Trade | None:
    """None for equipment that can't be replaced here, and has no credential of its own."""
    return _trades.get(kind)


def replace_device(
    device: Device,
    trade: Trade,
    typed: str,
    *,
    seen: str,
    reason: str,
    by: Principal,
    now: datetime,
) -> tuple[Replacement, str]:
    """The replacement, and the text of the new credential. `seen` is the mark of what the person looked at.

    Of two who replace at once the row's lock lets one; the other is refused with 409.
    """
    serial = trade.read_serial(typed)
    held = _hold(device)
    if mark_of(held) != seen:
        words = _("Somebody replaced this device meanwhile. Look at how it is now.")
        raise Refusal(words, status=409)
    if serial == held.serial:
        raise Refusal(_("This is the serial number that it has now."), field="serial")
    row = _fence(held, serial, reason, by, now)
    trade.take_over(held, serial, now)
    held.serial = serial
    credential, text = _issue(held, trade, by=by, now=now)
    detail = {"from": row.old_serial or "", "to": serial, "reason": reason}
    _record(DeviceEvent.DEVICE_REPLACED, held, by, {**detail, "credential": credential.public_id})
    return row, text


def _fence(device: Device, serial: str, reason: str, by: Principal, now: datetime) -> Replacement:
    row = Replacement(
        organisation_id=device.organisation_id,
        device_id=device.id,
        old_serial=device.serial,
        new_serial=serial,
        reason=reason,
        at=now,
        by=by.label,
    )
    db.session.add(row)
    db.session.flush()
    for credential in valid_credentials(device):
        credential.revoked_at, credential.replacement_id = now, row.id
    return row


def make_credential(
    device: Device, trade: Trade, *, by: Principal, now: datetime
) -> tuple[Credential, str]:
    """A new one beside the one in use: told this once. A third is refused."""
    _hold(device)
    if len(valid_credentials(device)) >= MOST_VALID:
        raise Refusal(
            _("Two credentials of this device are valid. Revoke the old one first."), status=409
        )
    row, text = _issue(device, trade, by=by, now=now)
    _record(DeviceEvent.CREDENTIAL_CREATED, device, by, {"credential": row.public_id})
    return row, text


def revoke_credential(device: Device, row: Credential, *, by: Principal, now: datetime) -> None:
    """No good from the commit on; revoking twice changes nothing."""
    if row.revoked_at is not None:
        return
    row.revoked_at = now
    _record(DeviceEvent.CREDENTIAL_REVOKED, device, by, {"credential": row.public_id})


def valid_credentials(device: Device) -> Sequence[Credential]:
    return db.session.scalars(
        select(Credential).where(Credential.device_id == device.id, Credential.revoked_at.is_(None))
    ).all()


def replacements_of(device: Device) -> Sequence[Replacement]:
    """Newest first."""
    return db.session.scalars(
        select(Replacement)
        .where(Replacement.device_id == device.id)
        .order_by(Replacement.id.desc())
        .limit(20)
    ).all()


def replacement_of(serial: str) -> Replacement | None:
    """By what equipment with this serial number was replaced, in the organisation in scope."""
    if not serial:
        return None
    return db.session.scalars(
        select(Replacement)
        .where(Replacement.old_serial == serial)
        .order_by(Replacement.id.desc())
        .limit(1)
    ).first()


def mark_of(device: Device) -> str:
    """Changes with every replacement, also with one by equipment without a serial number."""
    newest = next(iter(replacements_of(device)), None)
    return f"{newest.id if newest else 0} {device.serial or ''}"


def _hold(device: Device) -> Device:
    return db.session.scalars(
        select(Device)
        .where(Device.id == device.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()


def _issue(device: Device, trade: Trade, *, by: Principal, now: datetime) -> tuple[Credential, str]:
    row, text = issue(
        trade.credential_kind,
        organisation_id=device.organisation_id,
        name=device.serial or device.name,
        created_by=by.label,
        now=now,
        device_id=device.id,
    )
    db.session.flush()
    return row, text


def _record(event: DeviceEvent, device: Device, by: Principal, detail: dict[str, str]) -> None:
    audit.record(
        event,
        organisation_id=device.organisation_id,
        kind="device",
        id=device.public_id,
        label=device.name,
        detail=dict(detail),
        by=by,
    )
