"""The envelope in the database: what opens, what does not, and what a change of hands does to it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy import func, select, update

from tests.cast import World
from tests.meters import make
from webapp.core.activities import run_activities
from webapp.core.clock import utcnow
from webapp.core.db import commit, db
from webapp.core.principal import Actor, Principal, acting_as
from webapp.core.tenancy import scope, unscoped
from webapp.core.web import Portal
from webapp.devices.models import Device, Ownership
from webapp.meters import keyring, opening, ownership, resealing, reveals
from webapp.meters.envelope import MasterRing, ValueSealedError
from webapp.meters.keyring import Configured, KeysSealed
from webapp.meters.kinds import KeyKind, Slot
from webapp.meters.models import ClaimState, DataKey, KeyReveal, Meter, MeterKey

pytestmark = pytest.mark.feature("K-21")

VALUE = bytes.fromhex("000102030405060708090A0B0C0D0E0F")


@pytest.fixture
def stock(world: World, ground: Portal) -> Iterator[World]:
    ada = Principal(Actor.USER, world.user_ids["admin@acme.test"], "Ada", org=world.acme_id)
    before = ground.extensions["meter_masters"]
    with acting_as(ada), unscoped("test of the envelope"):
        yield world
        db.session.rollback()
    ground.extensions["meter_masters"] = before


def value_of(meter: Meter) -> bytes:
    return opening.current_values([meter.id])[meter.id][KeyKind.OMS_AES128]


def test_a_sealed_value_opens_again(stock: World) -> None:
    meter = make.meter(stock.acme_id, "W1", keys={KeyKind.OMS_AES128: VALUE})
    commit()
    assert value_of(meter) == VALUE


def test_nothing_of_it_stands_in_the_database(stock: World) -> None:
    meter = make.meter(stock.acme_id, "W1", keys={KeyKind.OMS_AES128: VALUE})
    row = db.session.scalars(select(MeterKey).where(MeterKey.meter_id == meter.id)).one()
    assert VALUE not in row.value_sealed + row.nonce + row.fingerprint


def test_the_operating_value_is_the_one_in_use(stock: World) -> None:
    meter = make.meter(stock.acme_id, "W1", keys={KeyKind.OMS_AES128: VALUE})
    new = os.urandom(16)
    make.add_key(meter, KeyKind.OMS_AES128, new, Slot.OPERATING)
    assert value_of(meter) == new


def test_a_value_moved_to_another_row_does_not_open(stock: World) -> None:
    one, other = make.meter(stock.acme_id, "W1"), make.meter(stock.acme_id, "W2")
    mine = db.session.scalars(select(MeterKey).where(MeterKey.meter_id == one.id)).one()
    theirs = db.session.scalars(select(MeterKey).where(MeterKey.meter_id == other.id)).one()
    theirs.nonce, theirs.value_sealed = mine.nonce, mine.value_sealed
    db.session.flush()
    with pytest.raises(ValueSealedError):
        value_of(other)


def test_a_flipped_bit_does_not_open(stock: World) -> None:
    meter = make.meter(stock.acme_id, "W1")
    row = db.session.scalars(select(MeterKey).where(MeterKey.meter_id == meter.id)).one()
    row.value_sealed = bytes([row.value_sealed[0] ^ 1]) + row.value_sealed[1:]
    db.session.flush()
    with pytest.raises(ValueSealedError):
        value_of(meter)


def test_each_organisation_has_a_data_key_of_its_own(stock: World) -> None:
    make.meter(stock.acme_id, "W1")
    make.meter(stock.acme_id, "W2")
    make.meter(stock.globex_id, "W3")
    owners = db.session.scalars(select(DataKey.organisation_id)).all()
    assert sorted(owners) == sorted([stock.acme_id, stock.globex_id])


@pytest.mark.parametrize("masters", [None, "other " + "ab12cd34" * 8, "nonsense"])
def test_without_the_right_master_the_portal_runs_sealed(stock: World, masters: str | None) -> None:
    meter = make.meter(stock.acme_id, "W1")
    assert keyring.problem() is None
    app = stock.portal
    app.extensions["settings"] = replace(app.extensions["settings"], meter_master_keys=masters)
    keyring.init_app(app)
    with pytest.raises(KeysSealed) as refused:
        value_of(meter)
    assert refused.value.status == 503
    assert keyring.problem()


def test_a_wrong_key_under_the_right_name_runs_sealed_too(stock: World) -> None:
    meter = make.meter(stock.acme_id, "W1")
    ring = MasterRing({"test": os.urandom(32)}, "test")
    stock.portal.extensions["meter_masters"] = Configured(ring)
    with pytest.raises(KeysSealed):
        value_of(meter)
    assert "test" in (keyring.problem() or "")


@pytest.mark.feature("K-15")
def test_a_meter_changes_hands_whole(stock: World) -> None:
    meter = make.meter(stock.acme_id, "W1", keys={KeyKind.OMS_AES128: VALUE}, labels=[1, 2])
    kept = make.meter(stock.acme_id, "W2")
    commit()
    chosen = select(Meter.id).where(Meter.id == meter.id)
    moved = ownership.move(chosen, to_id=stock.globex_id, now=utcnow())
    commit()
    db.session.expire_all()
    row = db.session.scalars(select(Meter).where(Meter.id == meter.id)).one()
    assert (moved, row.organisation_id) == (1, stock.globex_id)
    assert (row.labels, row.claim_state, row.feed_seq) == ([], ClaimState.CLAIMED, 1)
    device = db.session.scalars(select(Device).where(Device.id == meter.id)).one()
    assert device.organisation_id == stock.globex_id
    owners = db.session.execute(
        select(Ownership.organisation_id, Ownership.ended_at.is_(None))
        .where(Ownership.device_id == meter.id)
        .order_by(Ownership.id)
    ).all()
    assert [tuple(o) for o in owners] == [(stock.acme_id, False), (stock.globex_id, True)]
    assert value_of(meter) == VALUE
    assert kept.organisation_id == stock.acme_id
    with scope(stock.acme_id):
        assert not opening.rows_of([meter.id]), "the former owner reaches no key"


def test_values_are_sealed_anew_for_the_new_owner(stock: World) -> None:
    meters = [make.meter(stock.acme_id, f"W{n}") for n in range(5)]
    before = {m.id: value_of(m) for m in meters}
    chosen = select(Meter.id).where(Meter.organisation_id == stock.acme_id)
    ownership.move(chosen, to_id=stock.globex_id, now=utcnow())
    work = resealing.begin(stock.globex_id, now=utcnow())
    commit()
    run_activities()
    db.session.expire_all()
    assert (work.state, work.finished) == ("done", 5)
    theirs = db.session.scalars(
        select(DataKey.id).where(DataKey.organisation_id == stock.globex_id)
    ).one()
    used = db.session.scalars(select(MeterKey.data_key_id).distinct()).all()
    assert used == [theirs]
    assert {m.id: value_of(m) for m in meters} == before


def test_a_retired_data_key_is_emptied_once_nothing_is_under_it(stock: World) -> None:
    meter = make.meter(stock.acme_id, "W1", keys={KeyKind.OMS_AES128: VALUE})
    db.session.execute(update(DataKey).values(state="retired", retired_at=utcnow()))
    resealing.begin(stock.acme_id, now=utcnow())
    commit()
    run_activities()
    db.session.expire_all()
    states = db.session.execute(
        select(DataKey.state, DataKey.wrapped.is_(None)).order_by(DataKey.id)
    ).all()
    assert [tuple(s) for s in states] == [("retired", True), ("active", False)]
    assert value_of(meter) == VALUE


@pytest.mark.feature("K-28")
def test_reveals_name_person_time_and_form(stock: World) -> None:
    one, two = make.meter(stock.acme_id, "W1"), make.meter(stock.acme_id, "W2")
    reveals.note(select(Meter.id).where(Meter.id.in_([one.id, two.id])), "csv", now=utcnow())
    commit()
    rows = db.session.scalars(select(KeyReveal).order_by(KeyReveal.meter_id)).all()
    assert [(r.meter_id, r.by, r.form) for r in rows] == [
        (one.id, "Ada", "csv"),
        (two.id, "Ada", "csv"),
    ]
    assert db.session.scalar(select(func.count()).select_from(KeyReveal)) == 2
