"""When a device was heard and when not: the timeline of its support page (P-43)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import select

from tests.cast import Person, sign_in
from tests.printers.conftest import Field, acme
from tests.printers.desk import rows, text_of
from webapp.core.clock import utcnow
from webapp.core.db import commit, db
from webapp.core.tenancy import scope, unscoped
from webapp.devices.models import Device, DeviceConnection
from webapp.devices.presence import Timeline, close_silent, mark_seen, timeline_of

__all__ = ["acme"]
pytestmark = pytest.mark.feature("P-43")

NOON = datetime(2030, 1, 10, 12, tzinfo=UTC)
SILENCE = timedelta(minutes=15)


@pytest.fixture
def clock(acme: Field) -> Iterator[Any]:
    """Ten days after the printer was added."""
    with time_machine.travel(NOON, tick=False) as traveller:
        with acme.world.portal.app_context(), unscoped("older"):
            for device in db.session.scalars(select(Device)):
                device.created_at = NOON - timedelta(days=10)
            commit()
        yield traveller


def beat(acme: Field) -> None:
    with acme.world.portal.app_context(), unscoped("a beat"):
        device = device_of(acme)
        mark_seen(device.id, organisation_id=acme.world.acme_id, lost_after=SILENCE, now=utcnow())
        commit()


def device_of(acme: Field) -> Device:
    return db.session.scalars(select(Device).where(Device.public_id == acme.printer)).one()


def sweep(acme: Field) -> None:
    with acme.world.portal.app_context(), unscoped("sweep"):
        close_silent()


def stretches(acme: Field) -> list[tuple[datetime, datetime | None]]:
    found = rows(acme.world, select(DeviceConnection).order_by(DeviceConnection.opened_at))
    return [(row.opened_at, row.closed_at) for row in found]


def timeline(acme: Field) -> Timeline:
    with acme.world.portal.app_context(), scope(acme.world.acme_id):
        return timeline_of(device_of(acme), now=utcnow())


def test_beats_are_one_stretch_until_it_is_silent(acme: Field, clock: Any) -> None:
    for _ in range(5):
        beat(acme)
        clock.shift(timedelta(minutes=10))
    sweep(acme)
    assert stretches(acme) == [(NOON, None)]
    clock.shift(timedelta(minutes=6))
    sweep(acme)
    assert stretches(acme) == [(NOON, NOON + timedelta(minutes=40))]


def test_who_comes_back_before_the_sweep_has_been_lost_all_the_same(
    acme: Field, clock: Any
) -> None:
    beat(acme)
    clock.shift(timedelta(hours=1))
    beat(acme)
    assert stretches(acme) == [(NOON, NOON), (NOON + timedelta(hours=1), None)]


def test_the_timeline_has_no_gaps_and_counts_losses(acme: Field, clock: Any) -> None:
    beat(acme)
    clock.shift(timedelta(minutes=15))
    beat(acme)
    clock.shift(timedelta(hours=2))
    beat(acme)
    clock.shift(timedelta(minutes=10))
    found = timeline(acme)
    assert [s.is_seen for s in found.stretches] == [False, True, False, True]
    assert all(
        a.ends_at == b.begins_at for a, b in zip(found.stretches, found.stretches[1:], strict=False)
    )
    assert found.seen == timedelta(minutes=25)
    assert found.losses == 1
    assert found.is_seen_now
    assert found.begins_at == utcnow() - timedelta(days=7)


def test_a_device_never_heard_is_one_silence(acme: Field, clock: Any) -> None:
    found = timeline(acme)
    assert [(s.is_seen, s.length) for s in found.stretches] == [(False, timedelta(days=7))]
    assert found.losses == 0


def test_after_seven_days_stretches_are_forgotten(acme: Field, clock: Any) -> None:
    beat(acme)
    clock.shift(timedelta(hours=1))
    sweep(acme)
    clock.shift(timedelta(days=6, hours=23))
    sweep(acme)
    assert stretches(acme), "six days and 23 hours after its end it is still shown"
    clock.shift(timedelta(hours=1, seconds=1))
    sweep(acme)
    assert stretches(acme) == []


def test_a_new_device_is_not_blamed_for_the_time_before_it(acme: Field) -> None:
    found = timeline(acme)
    assert found.ends_at - found.begins_at <= timedelta(hours=2)


def test_the_page_shows_picture_words_and_table(acme: Field, clock: Any) -> None:
    beat(acme)
    clock.shift(timedelta(hours=3))
    beat(acme)
    clock.shift(timedelta(hours=1))
    beat(acme)
    reader: Person = sign_in(acme.world, "reader@acme.test")
    page = reader.get(f"/o/{acme.world.acme}/devices/{acme.printer}/support").text
    assert 'role="img" aria-label="Heard for' in page or "Heard for moments only" in page
    assert "Table: heard and lost" in page
    assert text_of(page).count("Not heard") == 3


def test_a_launch_is_a_beat_and_says_its_program(acme: Field, reader: Person) -> None:
    acme.launch(app={"name": "outpost-panic", "version": "1.4"})
    assert len(stretches(acme)) == 1
    page = text_of(reader.get(f"/o/{acme.world.acme}/devices/{acme.printer}/support").text)
    assert "outpost-panic 1.4" in page
