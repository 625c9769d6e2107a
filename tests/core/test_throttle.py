"""Throttles in PostgreSQL: exact under parallel guessing, outliving a refused request."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine

from webapp.core import throttle
from webapp.core.clock import utcnow
from webapp.core.errors import TooMany
from webapp.core.throttle import Limit
from webapp.core.web import Portal

LIMIT = Limit("tests", tries=5, window_seconds=900)


def test_the_sixth_try_waits(ground: Portal) -> None:
    for _ in range(5):
        throttle.take(LIMIT, "anna", "192.0.2.1")
    with pytest.raises(TooMany) as refused:
        throttle.take(LIMIT, "anna", "192.0.2.1")
    assert 890 <= refused.value.wait_seconds <= 901


def test_another_key_is_another_count(ground: Portal) -> None:
    for _ in range(5):
        throttle.take(LIMIT, "anna")
    throttle.take(LIMIT, "ben")


def test_the_window_slides(ground: Portal) -> None:
    for _ in range(5):
        throttle.take(LIMIT, "anna")
    with time_machine.travel(utcnow() + timedelta(seconds=901), tick=False):
        throttle.take(LIMIT, "anna")


def test_success_forgets_earlier_failures(ground: Portal) -> None:
    for _ in range(5):
        throttle.hit(LIMIT, "anna")
    throttle.forget(LIMIT, "anna")
    throttle.check(LIMIT, "anna")


def test_parallel_tries_never_exceed_the_limit(portal: Portal) -> None:
    def attempt(_: int) -> bool:
        with portal.app_context():
            try:
                throttle.take(LIMIT, "anna")
            except TooMany:
                return False
            return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(attempt, range(40))) == 5


def test_old_hits_are_pruned(ground: Portal) -> None:
    throttle.hit(LIMIT, "anna")
    with time_machine.travel(utcnow() + timedelta(days=2), tick=False):
        throttle.prune(utcnow())
    assert throttle.wait_seconds(Limit("tests", 1, 900), "anna") == 0


def test_a_clock_that_was_set_back_holds_nobody_up(ground: Portal) -> None:
    with time_machine.travel(utcnow() + timedelta(days=30), tick=False):
        for _ in range(5):
            throttle.take(LIMIT, "anna")
    throttle.take(LIMIT, "anna")
