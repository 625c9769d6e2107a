"""Thousands of meters in a few COPYs are the same as one made by hand."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from tests.cast import World
from tests.meters import make
from webapp.core.clock import utcnow
from webapp.core.db import commit, db, rollback
from webapp.core.tenancy import scope, unscoped
from webapp.core.web import Portal
from webapp.devices.models import Device, Ownership
from webapp.meters import codes, opening, stock
from webapp.meters.kinds import KeyKind
from webapp.meters.models import ClaimState, Meter
from webapp.meters.stock import NewMeter

pytestmark = pytest.mark.feature("K-4")


@pytest.fixture
def desk(world: World, ground: Portal) -> Iterator[World]:
    with scope(world.acme_id):
        yield world
        rollback()


def some(number: int) -> list[NewMeter]:
    kind_of = make.product_type()
    return [
        NewMeter(
            serial=f"W{n:06}",
            product_type=kind_of,
            keys={KeyKind.OMS_AES128: os.urandom(16)},
            mbus_maker="KAM",
            mbus_id=f"{n:08}",
            mbus_version=27,
            mbus_medium=7,
        )
        for n in range(number)
    ]


def test_they_stand_in_all_tables_with_keys_that_open(desk: World) -> None:
    meters = some(1_000)
    begun = time.perf_counter()
    ids = stock.put(meters, organisation_id=desk.acme_id, now=utcnow())
    commit()
    print(f"{1000 / (time.perf_counter() - begun):.0f} meters/s")
    rows = db.session.scalars(select(Meter).order_by(Meter.id)).all()
    assert [row.id for row in rows] == ids
    assert {row.claim_state for row in rows} == {ClaimState.UNCLAIMED}
    assert db.session.scalar(select(func.count()).select_from(Device)) == 1_000
    assert db.session.scalar(select(func.count()).select_from(Ownership)) == 1_000
    values = opening.current_values(ids)
    assert [values[i][KeyKind.OMS_AES128] for i in ids] == [
        m.keys[KeyKind.OMS_AES128] for m in meters
    ]


def test_each_has_a_claim_code_of_its_own(desk: World) -> None:
    ids = stock.put(some(50), organisation_id=desk.acme_id, now=utcnow())
    commit()
    rows = db.session.scalars(select(Meter).where(Meter.id.in_(ids))).all()
    shown = {codes.code_of(row) for row in rows}
    assert len(shown) == 50
    assert all(codes.is_right(row, (codes.code_of(row) or "").lower()) for row in rows)
    assert not codes.is_right(rows[0], codes.code_of(rows[1]) or "")


def test_what_is_there_already_is_refused_whole(desk: World) -> None:
    stock.put(some(5), organisation_id=desk.acme_id, now=utcnow())
    commit()
    with pytest.raises(IntegrityError):
        stock.put(some(6), organisation_id=desk.globex_id, now=utcnow())
    rollback()
    with unscoped("test looks"):
        assert db.session.scalar(select(func.count()).select_from(Meter)) == 5
    taken = stock.serials_in_stock(["W000001", "W000009"], maker_id=make.maker().id)
    assert taken == {"W000001"}
