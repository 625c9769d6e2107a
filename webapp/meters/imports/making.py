"""From checked lines to devices, and away with them again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import delete, select

from webapp.core.db import db
from webapp.core.tenancy import unscoped
from webapp.devices.models import Device, Ownership
from webapp.imports.references import referring
from webapp.imports.subjects import Row
from webapp.meters import stock
from webapp.meters.imports import weakness
from webapp.meters.imports.checks import TYPE, Types
from webapp.meters.kinds import KeyKind
from webapp.meters.many import among
from webapp.meters.models import (
    BatchItem,
    ClaimState,
    KeyFinding,
    KeyOrigin,
    Meter,
    MeterKey,
)
from webapp.meters.stock import NewMeter

_OPTIONS = {"synchronize_session": False}
MADE_WITH_DEVICE = frozenset({"meters", "ownerships"})
MADE_WITH_METER = frozenset({"meter_keys", "key_findings"})


def make(
    rows: Sequence[Row],
    types: Types,
    *,
    organisation_id: int,
    now: datetime,
    delivery_id: int | None,
    state: ClaimState,
    origin: KeyOrigin,
) -> list[int]:
    """Devices, keys and findings of a batch of lines; their ids in the order of the rows."""
    meters = [_meter(row.values, types) for row in rows]
    ids = stock.put(
        meters,
        organisation_id=organisation_id,
        now=now,
        delivery_id=delivery_id,
        state=state,
        origin=origin,
    )
    found = [row.values.get(weakness.FINDINGS) or {} for row in rows]
    weakness.record(ids, meters, found, now=now)
    return ids


def _meter(values: Mapping[str, Any], types: Types) -> NewMeter:
    keys = weakness.keys_of(values)
    return NewMeter(
        serial=values["serial"],
        product_type=types.by_id[values[TYPE]],
        keys={KeyKind(kind): value for kind, value in keys.items()},
        dev_eui=values["dev_eui"],
        join_eui=values["join_eui"],
        dev_addr=values["dev_addr"],
        mbus_maker=values["mbus_maker"] if values["mbus_id"] else None,
        mbus_id=values["mbus_id"],
        mbus_version=values["mbus_version"],
        mbus_medium=values["mbus_medium"],
    )


def used(ids: Sequence[int], *, organisation_id: int, state: ClaimState) -> dict[int, str]:
    """Those that are no more as they came: claimed, batched, with another owner, or named by any other table."""
    with unscoped("what became of devices that one brought in"):
        found = {
            i: _("is named elsewhere since")
            for i in referring("devices", ids, but=MADE_WITH_DEVICE)
        }
        found |= {i: _("is in use") for i in referring("meters", ids, but=MADE_WITH_METER)}
        in_batch = select(BatchItem.meter_id).where(among(BatchItem.meter_id, ids))
        found |= {i: _("is or was in a batch") for i in db.session.scalars(in_batch)}
        rows = db.session.execute(
            select(Meter.id, Meter.claim_state, Meter.organisation_id).where(among(Meter.id, ids))
        ).all()
    for meter_id, claim_state, owner in rows:
        if owner != organisation_id:
            found[meter_id] = _("has another owner")
        elif claim_state != state:
            found[meter_id] = _("was claimed")
    gone = set(ids) - {row.id for row in rows}
    return {i: why for i, why in found.items() if i not in gone}


def unmake(ids: Sequence[int]) -> None:
    """As if they had never been."""
    with unscoped("devices that nobody took are taken back"):
        for column in (
            KeyFinding.meter_id,
            MeterKey.meter_id,
            Meter.id,
            Ownership.device_id,
            Device.id,
        ):
            db.session.execute(
                delete(column.class_).where(among(column, ids)), execution_options=_OPTIONS
            )
