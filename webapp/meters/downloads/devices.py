"""Meters as the formats take them; their keys are opened last."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import select

from webapp.core.db import db
from webapp.meters import opening
from webapp.meters.formats import Device
from webapp.meters.kinds import KeyKind
from webapp.meters.many import among
from webapp.meters.models import ClaimState, Maker, Meter, ProductType

STEP = 5_000
_KINDS = {kind.value: kind for kind in KeyKind}


class Claimed(NamedTuple):
    """A claimed meter of the organisation in scope, without its keys."""

    id: int
    public_id: str
    kinds: list[KeyKind]
    device: Device

    @property
    def with_kinds(self) -> Device:
        """As a format's `refusal` asks it: which keys there are, not which values they have, until `with_values`."""
        self.device.keys = dict.fromkeys(self.kinds, b"")
        return self.device


def claimed(ids: Sequence[int]) -> list[Claimed]:
    """Those of these meters in scope that are claimed, in the order of their serial numbers."""
    rows = db.session.execute(
        _columns()
        .where(among(Meter.id, ids), Meter.claim_state == ClaimState.CLAIMED)
        .order_by(Meter.serial, Meter.id)
    )
    types = _types()
    return [_claimed(row, types) for row in rows]


def in_order(ids: Sequence[int]) -> list[int]:
    """Sorted as files list them, whatever the order of the ticks."""
    found = select(Meter.id).where(among(Meter.id, ids)).order_by(Meter.serial, Meter.id)
    return list(db.session.scalars(found))


def with_values(some: Iterable[Claimed]) -> Iterator[Device]:
    """The same with their keys open. Who calls has written the reveal down, or does so before a byte leaves."""
    meters = list(some)
    values = opening.current_values([meter.id for meter in meters])
    for meter in meters:
        meter.device.keys = values.get(meter.id, {})
        yield meter.device


def _columns() -> Any:
    return select(
        Meter.id,
        Meter.public_id,
        Meter.key_kinds,
        Meter.product_type_id,
        Meter.serial,
        Meter.dev_eui,
        Meter.join_eui,
        Meter.dev_addr,
        Meter.mbus_maker,
        Meter.mbus_id,
        Meter.mbus_version,
        Meter.mbus_medium,
    )


class _Type(NamedTuple):
    maker: str
    name: str
    medium: str
    lorawan_version: str | None
    lorawan_phy_version: str | None
    frequency_plan_id: str | None


def _types() -> dict[int, _Type]:
    rows = db.session.execute(
        select(
            ProductType.id,
            Maker.name,
            ProductType.name,
            ProductType.medium,
            ProductType.lorawan_version,
            ProductType.lorawan_phy_version,
            ProductType.frequency_plan_id,
        ).join(Maker, Maker.id == ProductType.maker_id)
    )
    return {row[0]: _Type(*row[1:]) for row in rows}


def _claimed(row: Any, types: dict[int, _Type]) -> Claimed:
    meter_id, public_id, kinds, type_id, serial, *address = row
    dev_eui, join_eui, dev_addr, mbus_maker, mbus_id, mbus_version, mbus_medium = address
    of_type = types[type_id]
    device = Device(
        serial=serial,
        maker=of_type.maker,
        product_type=of_type.name,
        medium=of_type.medium,
        dev_eui=dev_eui,
        join_eui=join_eui,
        dev_addr=dev_addr,
        mbus_maker=mbus_maker,
        mbus_id=mbus_id,
        mbus_version=mbus_version,
        mbus_medium=mbus_medium,
        lorawan_version=of_type.lorawan_version,
        lorawan_phy_version=of_type.lorawan_phy_version,
        frequency_plan_id=of_type.frequency_plan_id,
    )
    return Claimed(meter_id, public_id, [_KINDS[kind] for kind in kinds], device)
