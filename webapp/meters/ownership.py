"""Meters change hands: all rows of a meter in a few statements, whole or not at all (K-15).

Values stay sealed under the former owner's data key until `resealing` has been by; they open all the same, since what
binds them names the meter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Select, func, insert, literal, select, update

from webapp.core import feeds
from webapp.core.db import db
from webapp.core.tenancy import unscoped
from webapp.devices.models import Device, Ownership
from webapp.meters.many import among
from webapp.meters.models import ClaimState, KeyFinding, Meter, MeterKey

KEYS_FEED = "keys"
_WITHOUT_SESSION = {"synchronize_session": False}


def move(
    chosen: Select[int], *, to_id: int, now: datetime, values: Mapping[str, object] | None = None
) -> int:
    """Give the meters whose ids `chosen` selects to another organisation, claimed there; how many.

    The caller holds them locked. Labels stay behind: they are the former owner's. `values`: further columns to set in
    the same statement, since each costs all indexes of the table.
    """
    ids = chosen.subquery("chosen")
    wanted = select(ids.c[0])
    with unscoped("meters move from one organisation to another"):
        moved = _count(wanted)
        for model in (MeterKey, KeyFinding):
            db.session.execute(
                update(model).where(model.meter_id.in_(wanted)).values(organisation_id=to_id),
                execution_options=_WITHOUT_SESSION,
            )
        _end_ownerships(wanted, to_id, now)
        db.session.execute(
            update(Device).where(Device.id.in_(wanted)).values(organisation_id=to_id),
            execution_options=_WITHOUT_SESSION,
        )
        _give(wanted, moved, to_id, now, values or {})
    return moved


def _count(wanted: Select[int]) -> int:
    return db.session.scalar(select(func.count()).select_from(wanted.subquery())) or 0


def _end_ownerships(wanted: Select[int], to_id: int, now: datetime) -> None:
    db.session.execute(
        update(Ownership)
        .where(Ownership.device_id.in_(wanted), Ownership.ended_at.is_(None))
        .values(ended_at=now),
        execution_options=_WITHOUT_SESSION,
    )
    found = wanted.subquery()
    new = select(
        found.c[0],
        literal(to_id, Ownership.organisation_id.type),
        literal(now, Ownership.began_at.type),
    )
    db.session.execute(
        insert(Ownership).from_select(["device_id", "organisation_id", "began_at"], new)
    )


def _give(
    wanted: Select[int], moved: int, to_id: int, now: datetime, more: Mapping[str, object]
) -> None:
    first = feeds.advance(KEYS_FEED, organisation_id=to_id, by=max(moved, 1))
    numbered = select(
        wanted.subquery().c[0].label("id"),
    ).subquery()
    place = select(
        numbered.c.id, (func.row_number().over(order_by=numbered.c.id) - 1).label("place")
    ).subquery()
    db.session.execute(
        update(Meter)
        .where(Meter.id == place.c.id)
        .values(
            {
                "organisation_id": to_id,
                "claim_state": ClaimState.CLAIMED,
                "labels": [],
                "owned_since_at": now,
                "claimed_at": now,
                "claim_code_digest": None,
                "claim_code_sealed": None,
                "feed_seq": first + place.c.place,
                "version": Meter.version + 1,
                **more,
            }
        ),
        execution_options=_WITHOUT_SESSION,
    )


def announce(meter_ids: Sequence[int], *, organisation_id: int) -> None:
    """What happened to these meters' keys is new for the programs that follow the organisation's feed (K-26)."""
    if not meter_ids:
        return
    first = feeds.advance(KEYS_FEED, organisation_id=organisation_id, by=len(meter_ids))
    place = (
        select(Meter.id, (func.row_number().over(order_by=Meter.id) - 1).label("place"))
        .where(among(Meter.id, meter_ids))
        .subquery()
    )
    db.session.execute(
        update(Meter).where(Meter.id == place.c.id).values(feed_seq=first + place.c.place),
        execution_options=_WITHOUT_SESSION,
    )
