"""The last 90 days of the status page: counted by the clock, kept through outages, honest about gaps (P-35)."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from werkzeug.serving import make_server

from tests.cast import Person
from webapp import clock
from webapp.core import drains, status_days
from webapp.core.db import commit, db
from webapp.core.health import Part
from webapp.core.status_days import KEPT_DAYS, Recorder, StatusDay, histories, probe_portal
from webapp.core.web import Portal

pytestmark = pytest.mark.feature("P-35")

NOON = datetime(2030, 5, 4, 12, 0, tzinfo=UTC)


def part(name: str, state: str) -> Part:
    return Part(name, name, state, "")


def rows() -> dict[tuple[str, date], tuple[int, int, int]]:
    found = db.session.scalars(select(StatusDay)).all()
    counted = {(row.component, row.day): (row.checks, row.failed, row.degraded) for row in found}
    commit()
    return counted


def test_each_look_is_counted_by_its_outcome(ground: Portal) -> None:
    recorder = Recorder()
    for state in ("online", "warning", "alarm", "offline", "not_set_up"):
        assert recorder.record([part("mail", state)], now=NOON)
    assert rows() == {("mail", NOON.date()): (4, 2, 1)}


def test_days_are_those_of_utc(ground: Portal) -> None:
    late = datetime(2030, 5, 4, 23, 59, tzinfo=UTC)
    Recorder().record([part("queue", "online")], now=late)
    Recorder().record([part("queue", "online")], now=late + timedelta(minutes=2))
    assert [day for _name, day in sorted(rows())] == [date(2030, 5, 4), date(2030, 5, 5)]


def test_what_cannot_be_written_is_written_later(
    ground: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder = Recorder()

    def away(*_: object, **__: object) -> None:
        raise OperationalError("INSERT", {}, Exception("the server is gone"))

    with monkeypatch.context() as broken:
        broken.setattr(status_days, "_write", away)
        assert not recorder.record([part("database", "alarm")], now=NOON)
        assert not recorder.record([part("database", "alarm")], now=NOON + timedelta(minutes=1))
    assert rows() == {}
    assert recorder.record([part("database", "online")], now=NOON + timedelta(minutes=2))
    assert rows() == {("database", NOON.date()): (3, 2, 0)}


def test_a_clock_that_turns_often_looks_once_a_minute(ground: Portal) -> None:
    looked: list[int] = []

    def look() -> Iterator[Part]:
        looked.append(1)
        yield part("portal", "online")

    recorder = Recorder(look)
    for _ in range(5):
        recorder.turn(now=NOON)
    assert len(looked) == 1
    assert rows() == {("portal", NOON.date()): (1, 0, 0)}


def test_a_look_that_fails_disturbs_nobody(ground: Portal) -> None:
    def look() -> list[Part]:
        raise RuntimeError("broken")

    Recorder(look).turn(now=NOON)
    assert rows() == {}


def test_only_ninety_days_are_kept(ground: Portal) -> None:
    old = NOON - timedelta(days=KEPT_DAYS + 1)
    Recorder().record([part("mail", "online")], now=old)
    Recorder().record([part("mail", "online")], now=NOON)
    assert list(rows()) == [("mail", NOON.date())]


def test_a_history_has_every_day_and_says_what_is_unknown(ground: Portal) -> None:
    recorder = Recorder()
    for state in ("online", "online", "online", "alarm"):
        recorder.record([part("mail", state)], now=NOON - timedelta(days=2))
    recorder.record([part("mail", "warning")], now=NOON)
    found = histories(["mail", "queue"], now=NOON)
    mail, queue = found
    assert len(mail.days) == KEPT_DAYS
    assert mail.days[-1].day == NOON.date()
    assert [day.state for day in mail.days[-4:]] == ["no_data", "alarm", "no_data", "warning"]
    assert mail.days[-3].uptime == 0.75
    assert mail.uptime == 0.8
    assert mail.with_data == 2
    assert [day.state for day in mail.troubled] == ["warning", "alarm"]
    assert queue.uptime is None
    assert queue.with_data == 0
    commit()


@pytest.fixture
def served(portal: Portal) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, portal)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()


def test_the_portal_is_asked_as_visitors_ask_it(
    ground: Portal, served: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = ground.extensions["settings"]
    monkeypatch.setitem(ground.extensions, "settings", replace(settings, status_probe_url=served))
    assert probe_portal().state == "online"
    gone = replace(settings, status_probe_url="http://127.0.0.1:9")
    monkeypatch.setitem(ground.extensions, "settings", gone)
    assert probe_portal().state == "alarm"


def test_the_clock_counts_by_itself_without_redis_and_worker(
    ground: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopping = threading.Event()

    def look() -> list[Part]:
        stopping.set()
        return [part("queue", "warning")]

    monkeypatch.setattr(status_days, "RECORDER", Recorder(look))
    gone = drains.connect("redis://127.0.0.1:9", timeout_seconds=1)
    monkeypatch.setitem(ground.extensions, "redis", gone)
    nothing_due = {drain.name: float("inf") for drain in drains.all_drains()}
    clock._hold_the_lock(clock.Timetable(nothing_due), stopping)
    assert [counts for (name, _day), counts in rows().items() if name == "queue"] == [(1, 0, 1)]


# The page


def record_today(portal: Portal, *states: str) -> None:
    with portal.app_context():
        for state in states:
            Recorder().record([part("mail", state)], now=status_days_now())


def status_days_now() -> datetime:
    from webapp.core.clock import utcnow

    return utcnow()


def test_the_page_shows_bars_with_a_text_beside_them(portal: Portal, visitor: Person) -> None:
    record_today(portal, *["online"] * 3, "alarm")
    page = visitor.get("/status").text
    assert "75.00" in page
    assert "1 of the last 90 days known, 1 with trouble" in page
    assert "1 day with trouble" in page
    assert "down in 1, limited in 0 of 4 checks" in page
    assert page.count('class="bar-off"') >= 89
    assert "no data" in page, "parts that nobody looked at yet"


def test_almost_always_is_not_always(portal: Portal, visitor: Person) -> None:
    with portal.app_context():
        today = status_days_now().date()
        db.session.add(StatusDay(component="mail", day=today, checks=100_000, failed=1, degraded=0))
        commit()
    page = visitor.get("/status").text
    assert "99.99" in page
    assert "100.00" not in page


def test_machines_get_the_days_that_are_known(portal: Portal, visitor: Person) -> None:
    record_today(portal, "online", "warning")
    found = visitor.get("/status.json").json
    assert found
    mail = next(part for part in found["parts"] if part["name"] == "mail")
    assert mail["uptime"] == 1.0
    assert [(d["checks"], d["failed"], d["degraded"]) for d in mail["days"]] == [(2, 0, 1)]


def test_the_part_that_renews_itself_comes_without_the_history(
    portal: Portal, visitor: Person
) -> None:
    record_today(portal, "online")
    assert 'id="history"' in visitor.get("/status").text
    assert 'id="history"' not in visitor.fragment("/status").text
