"""Quiet hours on the wall's clock, over midnight and over the days on which it is changed (Q-13)."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.alarms.calm import Calm, Window, quiet_until

pytestmark = pytest.mark.feature("P-44", "Q-13")

ROME = ZoneInfo("Europe/Rome")


def at(text: str, zone: ZoneInfo = ROME, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold)


@pytest.mark.parametrize(
    ("now", "until"),
    [
        ("2030-01-10 21:59", None),
        ("2030-01-10 22:00", "2030-01-11 06:00"),
        ("2030-01-10 23:59", "2030-01-11 06:00"),
        ("2030-01-11 00:00", "2030-01-11 06:00"),
        ("2030-01-11 05:59", "2030-01-11 06:00"),
        ("2030-01-11 06:00", None),
        ("2029-12-31 23:30", "2030-01-01 06:00"),
        ("2028-02-28 23:30", "2028-02-29 06:00"),
        ("2028-02-29 23:30", "2028-03-01 06:00"),
    ],
)
def test_a_night_passes_midnight_years_and_leap_days(now: str, until: str | None) -> None:
    found = quiet_until(at(now), ROME, time(22), time(6))
    assert found == (at(until) if until else None)


def test_hours_within_a_day() -> None:
    assert quiet_until(at("2030-01-10 12:30"), ROME, time(12), time(13)) == at("2030-01-10 13:00")
    assert quiet_until(at("2030-01-10 13:00"), ROME, time(12), time(13)) is None


def test_the_night_in_which_the_clock_is_put_forward_is_an_hour_shorter() -> None:
    """Sunday 31 March 2030: 2:00 becomes 3:00."""
    until = quiet_until(at("2030-03-30 22:00"), ROME, time(22), time(6))
    assert until == datetime(2030, 3, 31, 4, tzinfo=UTC)
    assert until - at("2030-03-30 22:00").astimezone(UTC) == timedelta(hours=7)


def test_the_night_in_which_the_clock_is_put_back_is_an_hour_longer() -> None:
    """Sunday 27 October 2030: 3:00 becomes 2:00."""
    until = quiet_until(at("2030-10-26 22:00"), ROME, time(22), time(6))
    assert until == datetime(2030, 10, 27, 5, tzinfo=UTC)
    assert until - at("2030-10-26 22:00").astimezone(UTC) == timedelta(hours=9)


def test_an_end_that_comes_twice_is_the_second() -> None:
    until = quiet_until(at("2030-10-26 23:00"), ROME, time(22), time(2, 30))
    assert until == at("2030-10-27 02:30", fold=1).astimezone(UTC)
    assert quiet_until(at("2030-10-27 02:15", fold=1), ROME, time(22), time(2, 30)) is not None


def test_a_begin_that_comes_twice_is_the_first() -> None:
    assert quiet_until(at("2030-10-27 02:30", fold=0), ROME, time(2, 30), time(6)) is not None
    assert quiet_until(at("2030-10-27 02:15", fold=1), ROME, time(2, 30), time(6)) is not None


def test_an_end_that_is_left_out_comes_an_hour_later_by_the_clock() -> None:
    until = quiet_until(at("2030-03-31 01:00"), ROME, time(22), time(2, 30))
    assert until == datetime(2030, 3, 31, 1, 30, tzinfo=UTC)  # 3:30 on the wall


@given(
    st.integers(0, 4 * 365 * 24 * 60),
    st.times().map(lambda t: t.replace(second=0, microsecond=0)),
    st.times().map(lambda t: t.replace(second=0, microsecond=0)),
    st.sampled_from(["Europe/Rome", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"]),
)
def test_quiet_hours_end_later_within_a_day_and_are_over_then(
    minutes: int, start: time, end: time, name: str
) -> None:
    now, zone = datetime(2029, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes), ZoneInfo(name)
    until = quiet_until(now, zone, start, end)
    if until is None or start == end:
        return
    assert now < until <= now + timedelta(hours=26)
    following = quiet_until(until, zone, start, end)
    assert following is None or following > until


def test_a_window_holds_until_its_end_and_the_longest_counts() -> None:
    now = at("2030-01-10 12:00").astimezone(UTC)
    short = Window(now - timedelta(hours=1), now + timedelta(hours=1))
    long = Window(now - timedelta(hours=1), now + timedelta(hours=3))
    past = Window(now - timedelta(hours=2), now)
    assert Calm(windows=[past]).held_until(now) is None
    assert Calm(windows=[short, long]).held_until(now) == now + timedelta(hours=3)


def test_a_window_that_runs_into_the_night_holds_until_the_morning() -> None:
    now = at("2030-01-10 20:00").astimezone(UTC)
    window = Window(now, now + timedelta(hours=3))
    calm = Calm(ROME, time(22), time(6), [window])
    assert calm.held_until(now) == at("2030-01-11 06:00")
    assert calm.maintained_until(now) == now + timedelta(hours=3)


def test_nobody_waits_for_ever() -> None:
    """Around the clock: windows one after another, and quiet between."""
    now = at("2030-01-10 12:00").astimezone(UTC)
    windows = [Window(now + timedelta(hours=h), now + timedelta(hours=h + 1)) for h in range(60)]
    held = Calm(ROME, time(22), time(21, 59), windows).held_until(now)
    assert held is not None
    assert held > now
