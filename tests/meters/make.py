"""Meters with keys for tests: rows as a delivery makes them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping

from sqlalchemy import select

from webapp.core.clock import utcnow
from webapp.core.db import db, new_public_id
from webapp.core.names import sort_name
from webapp.core.tenancy import unscoped
from webapp.devices.models import Device, DeviceKind, Ownership
from webapp.meters import keyring
from webapp.meters.envelope import Binding
from webapp.meters.kinds import KEY_BYTES, KeyKind, Slot
from webapp.meters.models import (
    ClaimState,
    KeyOrigin,
    Maker,
    Medium,
    Meter,
    MeterKey,
    ProductType,
    Radio,
)


def maker(code: str = "KAM") -> Maker:
    found = db.session.scalars(select(Maker).where(Maker.code == code)).one_or_none()
    if found is None:
        found = Maker(code=code, name=f"Maker {code}", sort_name=sort_name(f"Maker {code}"))
        db.session.add(found)
        db.session.flush()
    return found


def product_type(
    name: str = "Water meter",
    *,
    radio: Radio = Radio.WMBUS,
    kinds: Iterable[KeyKind] = (KeyKind.OMS_AES128,),
    maker_code: str = "KAM",
) -> ProductType:
    found = db.session.scalars(select(ProductType).where(ProductType.name == name)).one_or_none()
    if found is None:
        found = ProductType(
            maker_id=maker(maker_code).id,
            name=name,
            sort_name=sort_name(name),
            medium=Medium.WATER,
            radio=radio,
            key_kinds=[kind.value for kind in kinds],
            lorawan_version="MAC_V1_0_3" if radio == Radio.LORAWAN else None,
            lorawan_phy_version="PHY_V1_0_3_REV_A" if radio == Radio.LORAWAN else None,
            frequency_plan_id="EU_863_870_TTN" if radio == Radio.LORAWAN else None,
            mode=5 if radio == Radio.WMBUS else None,
        )
        db.session.add(found)
        db.session.flush()
    return found


def meter(
    organisation_id: int,
    serial: str,
    *,
    of_type: ProductType | None = None,
    state: ClaimState = ClaimState.CLAIMED,
    keys: Mapping[KeyKind, bytes] | None = None,
    **columns: object,
) -> Meter:
    """One with a sealed value for each kind of its type (random unless given), owned and in `state`."""
    now = utcnow()
    kind_of = of_type or product_type()
    with unscoped("making a meter for a test"):
        device = Device(
            public_id=new_public_id(),
            organisation_id=organisation_id,
            kind=DeviceKind.METER,
            serial=serial,
            name=serial,
            created_at=now,
        )
        db.session.add(device)
        db.session.flush()
        db.session.add(
            Ownership(device_id=device.id, organisation_id=organisation_id, began_at=now)
        )
        row = Meter(
            id=device.id,
            public_id=device.public_id,
            organisation_id=organisation_id,
            maker_id=kind_of.maker_id,
            product_type_id=kind_of.id,
            serial=serial,
            claim_state=state,
            key_kinds=list(kind_of.key_kinds),
            owned_since_at=now,
            claimed_at=now if state == ClaimState.CLAIMED else None,
            created_at=now,
            **columns,
        )
        db.session.add(row)
        db.session.flush()
        for name in kind_of.key_kinds:
            kind = KeyKind(name)
            value = (keys or {}).get(kind) or os.urandom(KEY_BYTES[kind])
            add_key(row, kind, value)
    return row


def add_key(row: Meter, kind: KeyKind, value: bytes, slot: Slot = Slot.INITIAL) -> MeterKey:
    data_key_id, data_key = keyring.active_data_key(row.organisation_id)
    nonce, sealed = data_key.seal(Binding(row.public_id, kind.value, slot.value), value)
    key = MeterKey(
        organisation_id=row.organisation_id,
        meter_id=row.id,
        kind=kind.value,
        slot=slot.value,
        data_key_id=data_key_id,
        nonce=nonce,
        value_sealed=sealed,
        fingerprint=keyring.fingerprints().of(value),
        valid_from=utcnow(),
        origin=KeyOrigin.DELIVERY,
    )
    db.session.add(key)
    db.session.flush()
    return key
