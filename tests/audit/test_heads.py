"""The ends of the chains are written out every hour, whole, and old files thinned out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine

from tests.audit.doing import Doing, do
from tests.cast import World
from webapp.audit import heads
from webapp.core import drains
from webapp.core.web import Portal

pytestmark = pytest.mark.feature("P-30")


@pytest.fixture
def place(portal: Portal) -> Iterator[Path]:
    path: Path = portal.extensions["settings"].data_dir / "audit-heads"
    yield path
    for each in path.glob("*"):
        each.unlink()


def test_the_clock_writes_them_every_hour(world: World, place: Path) -> None:
    do(world, world.acme_id, Doing.DONE, "one")
    found = next(d for d in drains.all_drains() if d.name == "audit-heads")
    assert found.every_seconds == 3600
    with world.portal.app_context():
        drains.run("audit-heads")
    (path,) = place.glob("*.json")
    (entry,) = json.loads(path.read_text())["heads"]
    assert (entry["organisation"], entry["seq"]) == (world.acme_id, 1)
    assert not list(place.glob("*.new"))


def test_two_weeks_are_kept_whole_and_older_days_by_their_last_file(
    world: World, place: Path
) -> None:
    start = datetime(2026, 3, 1, tzinfo=UTC)
    for hour in range(0, 20 * 24, 6):
        with time_machine.travel(start + timedelta(hours=hour), tick=False):
            with world.portal.app_context():
                heads.write_heads()
    days = {}
    for path in place.glob("*.json"):
        days[path.name[:8]] = days.get(path.name[:8], 0) + 1
    assert len(days) == 20
    assert days["20260301"] == 1
    assert days["20260320"] == 4
