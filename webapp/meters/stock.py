"""Meters come into being: devices, keys and codes of thousands in a few COPYs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select

from webapp.core import bulk, feeds
from webapp.core.db import db, new_public_ids
from webapp.core.tenancy import unscoped
from webapp.devices.models import Device, DeviceKind, DeviceState, Ownership
from webapp.meters import codes, keyring
from webapp.meters.envelope import Binding
from webapp.meters.kinds import KeyKind, Slot
from webapp.meters.models import (
    ClaimState,
    KeyOrigin,
    Meter,
    MeterKey,
    ProductType,
)
from webapp.meters.ownership import KEYS_FEED


@dataclass(frozen=True, kw_only=True, repr=False)
class NewMeter:
    """A device as its maker describes it, with its keys in clear: never printed."""

    serial: str
    product_type: ProductType
    keys: Mapping[KeyKind, bytes] = field(default_factory=dict)
    dev_eui: str | None = None
    join_eui: str | None = None
    dev_addr: str | None = None
    mbus_maker: str | None = None
    mbus_id: str | None = None
    mbus_version: int | None = None
    mbus_medium: int | None = None


def put(
    meters: Sequence[NewMeter],
    *,
    organisation_id: int,
    now: datetime,
    delivery_id: int | None = None,
    state: ClaimState = ClaimState.UNCLAIMED,
    origin: KeyOrigin = KeyOrigin.DELIVERY,
) -> list[int]:
    """Their ids, in the order given. The database refuses what is there already."""
    ids = bulk.new_ids(Device, len(meters))
    public_ids = new_public_ids(len(meters))
    places = list(zip(ids, public_ids, meters, strict=True))
    with unscoped("new devices of an organisation that the caller names"):
        _put_devices(places, organisation_id, now)
        _put_meters(places, organisation_id, now, delivery_id, state)
        _put_keys(places, organisation_id, now, origin)
    return ids


Place = tuple[int, str, NewMeter]


def _put_devices(places: Sequence[Place], organisation_id: int, now: datetime) -> None:
    bulk.copy_into(
        Device,
        [
            Device.id,
            Device.organisation_id,
            Device.public_id,
            Device.kind,
            Device.serial,
            Device.name,
            Device.sort_name,
            Device.state,
            Device.created_at,
        ],
        (
            (
                i,
                organisation_id,
                public_id,
                DeviceKind.METER.value,
                meter.serial,
                meter.serial,
                meter.serial.lower(),
                DeviceState.NOT_SET_UP.value,
                now,
            )
            for i, public_id, meter in places
        ),
    )
    bulk.copy_into(
        Ownership,
        [Ownership.device_id, Ownership.organisation_id, Ownership.began_at],
        ((i, organisation_id, now) for i, _public_id, _meter in places),
    )


def _put_meters(
    places: Sequence[Place],
    organisation_id: int,
    now: datetime,
    delivery_id: int | None,
    state: ClaimState,
) -> None:
    claimed_at = now if state is ClaimState.CLAIMED else None
    fresh = codes.new_many([public_id for _i, public_id, _meter in places])
    kinds = _Kinds()
    places_in_feed = _places_in_feed(len(places), organisation_id, state)
    bulk.copy_into(
        Meter,
        [
            Meter.id,
            Meter.organisation_id,
            Meter.public_id,
            Meter.maker_id,
            Meter.product_type_id,
            Meter.serial,
            Meter.claim_state,
            Meter.dev_eui,
            Meter.join_eui,
            Meter.dev_addr,
            Meter.mbus_maker,
            Meter.mbus_id,
            Meter.mbus_version,
            Meter.mbus_medium,
            Meter.claim_code_digest,
            Meter.claim_code_sealed,
            Meter.key_kinds,
            Meter.delivery_id,
            Meter.feed_seq,
            Meter.owned_since_at,
            Meter.claimed_at,
            Meter.created_at,
        ],
        (
            (
                i,
                organisation_id,
                public_id,
                meter.product_type.maker_id,
                meter.product_type.id,
                meter.serial,
                state.value,
                meter.dev_eui,
                meter.join_eui,
                meter.dev_addr,
                meter.mbus_maker,
                meter.mbus_id,
                meter.mbus_version,
                meter.mbus_medium,
                *code,
                kinds[frozenset(meter.keys)],
                delivery_id,
                seq,
                now,
                claimed_at,
                now,
            )
            for (i, public_id, meter), code, seq in zip(places, fresh, places_in_feed, strict=True)
        ),
    )


def _places_in_feed(
    number: int, organisation_id: int, state: ClaimState
) -> Sequence[int] | Sequence[None]:
    """What is claimed at once is new for the programs that follow the organisation's keys (K-26)."""
    if state is not ClaimState.CLAIMED:
        return [None] * number
    first = feeds.advance(KEYS_FEED, organisation_id=organisation_id, by=number)
    return range(first, first + number)


class _Kinds(dict[frozenset[KeyKind], str]):
    """Sets of kinds as PostgreSQL writes arrays: there are few, and psycopg takes long for each."""

    def __missing__(self, kinds: frozenset[KeyKind]) -> str:
        self[kinds] = "{" + ",".join(sorted(kind.value for kind in kinds)) + "}"
        return self[kinds]


def _put_keys(
    places: Sequence[Place], organisation_id: int, now: datetime, origin: KeyOrigin
) -> None:
    data_key_id, data_key = keyring.active_data_key(organisation_id)
    prints = keyring.fingerprints()

    def rows() -> Iterator[tuple[object, ...]]:
        values = [
            (i, public_id, kind, meter.keys[kind])
            for i, public_id, meter in places
            for kind in meter.keys
        ]
        sealed = data_key.seal_many(
            (Binding(public_id, kind.value, Slot.INITIAL.value), value)
            for _i, public_id, kind, value in values
        )
        for (i, _public_id, kind, value), (nonce, text) in zip(values, sealed, strict=True):
            yield (
                organisation_id,
                i,
                kind.value,
                Slot.INITIAL.value,
                data_key_id,
                nonce,
                text,
                prints.of(value),
                now,
                origin.value,
            )

    bulk.copy_into(
        MeterKey,
        [
            MeterKey.organisation_id,
            MeterKey.meter_id,
            MeterKey.kind,
            MeterKey.slot,
            MeterKey.data_key_id,
            MeterKey.nonce,
            MeterKey.value_sealed,
            MeterKey.fingerprint,
            MeterKey.valid_from,
            MeterKey.origin,
        ],
        rows(),
    )


def serials_in_stock(serials: Sequence[str], *, maker_id: int) -> set[str]:
    """Of these serials of a maker, those that are there already, whosever they are."""
    with unscoped("serials are unique over all organisations"):
        return set(
            db.session.scalars(
                select(Meter.serial).where(Meter.maker_id == maker_id, Meter.serial.in_(serials))
            )
        )
