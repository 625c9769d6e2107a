"""Keys for programs (K-26): what is new beyond a position, so that a head-end fetches each key once."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from sqlalchemy import select

from webapp.core.db import commit, db
from webapp.meters.api_views import KeysPage, MeterKeys
from webapp.meters.downloads import devices, leaving
from webapp.meters.downloads.devices import Claimed
from webapp.meters.models import ClaimState, Meter, ReceiverKey
from webapp.meters.sealed_files import parse_public_key, seal_devices


@dataclass(frozen=True)
class Due:
    """Which meters a page has: their places, no keys yet."""

    rows: list[tuple[int, int]]
    """Position and id."""
    after: int
    more: bool

    @property
    def last(self) -> int:
        return self.rows[-1][0] if self.rows else self.after

    def tag(self, receiver: ReceiverKey | None) -> str:
        """An ETag that is known before any key is opened: whoever has this page already reveals nothing anew."""
        facts = (self.rows, self.more, self.after, receiver.fingerprint.hex() if receiver else "")
        return sha256(repr(facts).encode()).hexdigest()[:32]


def due(after: int, limit: int) -> Due:
    """The claimed meters in scope beyond a position."""
    found = (
        select(Meter.feed_seq, Meter.id)
        .where(Meter.feed_seq > after, Meter.claim_state == ClaimState.CLAIMED)
        .order_by(Meter.feed_seq)
        .limit(limit + 1)
    )
    rows = [(int(seq or 0), meter_id) for seq, meter_id in db.session.execute(found)]
    return Due(rows[:limit], after, more=len(rows) > limit)


def page(
    due: Due, receiver: ReceiverKey | None, *, organisation_id: int, now: datetime
) -> KeysPage:
    """The meters with their keys; written down and committed before anything is answered."""
    positions = {meter_id: seq for seq, meter_id in due.rows}
    leaving.hold(list(positions))
    found = sorted(devices.claimed(list(positions)), key=lambda m: positions[m.id])
    seal = _sealed if receiver else _clear
    meters = seal(found, positions, receiver)
    if found:
        form = "api+jwe" if receiver else "api"
        ids = [meter.id for meter in found]
        leaving.note(ids, form, organisation_id=organisation_id, now=now)
    commit()
    return KeysPage(meters, due.last, due.more)


def _clear(
    found: Sequence[Claimed], positions: dict[int, int], _receiver: ReceiverKey | None
) -> list[MeterKeys]:
    return [
        MeterKeys(
            position=positions[meter.id],
            id=meter.public_id,
            serial=device.serial,
            maker=device.maker,
            product_type=device.product_type,
            medium=device.medium,
            dev_eui=device.dev_eui,
            join_eui=device.join_eui,
            dev_addr=device.dev_addr,
            mbus_maker=device.mbus_maker,
            mbus_id=device.mbus_id,
            mbus_version=device.mbus_version,
            mbus_medium=device.mbus_medium,
            keys={str(kind): value.hex().upper() for kind, value in device.keys.items()},
        )
        for meter, device in zip(found, devices.with_values(found), strict=True)
    ]


def _sealed(
    found: Sequence[Claimed], positions: dict[int, int], receiver: ReceiverKey | None
) -> list[MeterKeys]:
    assert receiver is not None  # noqa: S101 - chosen by whoever calls
    key = parse_public_key(receiver.public_pem)
    lines = seal_devices(key, devices.with_values(found))
    return [
        MeterKeys(
            position=positions[meter.id],
            id=meter.public_id,
            serial=meter.device.serial,
            maker=meter.device.maker,
            jwe=json.loads(line)["jwe"],
        )
        for meter, line in zip(found, lines, strict=True)
    ]
