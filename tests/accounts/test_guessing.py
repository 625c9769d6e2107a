"""Who guesses waits; whom they guess at does not (P-1)."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select

from tests.accounts.conftest import ADMIN, PASSWORD, READER, Door
from webapp.accounts import guessing
from webapp.accounts.models import KnownBrowser
from webapp.core.clock import utcnow
from webapp.core.db import db
from webapp.core.throttle import ThrottleHit

pytestmark = pytest.mark.feature("P-1")


def test_the_sixth_try_waits_even_with_the_right_password(door: Door) -> None:
    assert door.fail(5) == [422] * 5
    answer = door.try_in()
    assert answer.status_code == 429
    assert 890 <= int(answer.headers["Retry-After"]) <= 901
    assert "possible in 15 minutes" in answer.text
    assert f'value="{ADMIN}"' in answer.text
    assert PASSWORD not in answer.text


def test_user_name_and_email_are_one_account(door: Door) -> None:
    door.fail(3)
    door.fail(2, "admin.acme.test")
    assert door.try_in().status_code == 429


def test_unknown_names_wait_alike(door: Door) -> None:
    known = [*door.fail(5), door.try_in(ADMIN, "wrong").status_code]
    unknown = [*door.fail(5, "nobody"), door.try_in("NoBody", "wrong").status_code]
    assert known == unknown == [422] * 5 + [429]


def test_it_passes_after_fifteen_minutes(door: Door) -> None:
    with time_machine.travel(utcnow(), tick=True) as clock:
        door.fail(5)
        clock.shift(timedelta(minutes=14, seconds=50))
        assert door.try_in().status_code == 429
        clock.shift(timedelta(seconds=15))
        assert door.try_in().status_code == 303


def test_waiting_tries_do_not_prolong_the_wait(door: Door) -> None:
    with time_machine.travel(utcnow(), tick=True) as clock:
        door.fail(5)
        clock.shift(timedelta(minutes=10))
        door.fail(3)
        clock.shift(timedelta(minutes=5, seconds=5))
        assert door.try_in().status_code == 303


def test_other_addresses_and_other_people_are_not_concerned(door: Door) -> None:
    door.fail(5)
    assert door.try_in(address="198.51.100.9").status_code == 303
    assert door.try_in(READER).status_code == 303


def test_twenty_failures_stop_an_address(door: Door) -> None:
    assert door.fail(20, "nobody") == [422] * 5 + [429] * 15
    assert [door.try_in(f"nobody-{i}", "x").status_code for i in range(15)] == [422] * 15
    answer = door.try_in()
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 60
    assert door.try_in(address="198.51.100.9").status_code == 303


def test_an_ipv6_subscriber_is_one_address(door: Door) -> None:
    assert [code for i in range(1, 7) for code in door.fail(1, address=f"2001:db8:1:2::{i}")] == [
        422
    ] * 5 + [429]
    assert door.try_in(address="2001:db8:1:3::1").status_code == 303


def test_success_clears_ones_own_failures(door: Door) -> None:
    door.fail(4)
    assert door.try_in().status_code == 303
    assert door.fail(4) == [422] * 4


def test_ones_own_success_does_not_clear_the_address(door: Door) -> None:
    """Else whoever has an account here could guess at the others' for ever."""
    for i in range(19):
        door.try_in(f"victim-{i}", "x")
    assert door.try_in().status_code == 303
    assert door.try_in("victim-20", "x").status_code == 422
    assert door.try_in("victim-21", "x").status_code == 429


def test_no_stranger_locks_a_known_browser_out(door: Door) -> None:
    mine = door.browser()
    door.try_in(browser=mine)
    mine.post("/sign-out")
    door.fail(5)
    _fail_from_everywhere(door, 60)
    assert door.try_in(address="198.51.100.250").status_code == 429
    assert door.try_in(browser=mine).status_code == 303


def test_a_known_browser_has_five_failures_of_its_own(door: Door) -> None:
    mine = door.browser()
    door.try_in(browser=mine)
    mine.post("/sign-out")
    assert door.fail(6, browser=mine) == [422] * 5 + [429]
    assert door.fail(1, READER, browser=mine) == [422]


def test_failures_of_a_known_browser_count_for_its_address(door: Door) -> None:
    mine = door.browser()
    door.try_in(browser=mine)
    mine.post("/sign-out")
    door.fail(5, browser=mine)
    assert door.try_in().status_code == 429


def test_a_browser_is_known_to_its_own_people_only(door: Door) -> None:
    readers = door.browser()
    door.try_in(READER, browser=readers)
    readers.post("/sign-out")
    door.fail(5, browser=readers)
    assert door.try_in(browser=readers).status_code == 429


def test_a_made_up_cookie_makes_no_known_browser(door: Door) -> None:
    forger = door.browser()
    forger.client.set_cookie("known_browser", "abc.def.ghi")
    door.fail(5, browser=forger)
    assert door.try_in(browser=forger).status_code == 429


def test_the_cookie_of_a_known_browser_is_kept_a_year_and_not_read_by_scripts(door: Door) -> None:
    [cookie] = [
        c for c in door.try_in().headers.getlist("Set-Cookie") if c.startswith("known_browser=")
    ]
    assert "Max-Age=31536000" in cookie
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_two_people_at_one_browser_leave_no_common_trace(door: Door) -> None:
    browser = door.browser()
    for name in (ADMIN, READER, ADMIN):
        door.try_in(name, browser=browser)
        browser.post("/sign-out")
    with door.world.portal.app_context():
        rows = db.session.scalars(select(KnownBrowser)).all()
        assert len(rows) == len({row.token_digest for row in rows}) == 2


def test_an_account_is_slowed_but_never_locked(door: Door) -> None:
    with time_machine.travel(utcnow(), tick=True) as clock:
        _fail_from_everywhere(door, 34)
        answer = door.try_in(address="198.51.100.250")
        assert answer.status_code == 429
        wait = int(answer.headers["Retry-After"])
        assert 1 <= wait <= 2
        clock.shift(timedelta(seconds=wait))
        assert door.try_in(address="198.51.100.250").status_code == 303


def test_the_pause_grows_to_a_minute() -> None:
    pauses = [guessing.pause_seconds(n) for n in (0, 29, 30, 39, 40, 50, 60, 70, 80, 90, 10_000)]
    assert pauses == [0, 0, 1, 1, 2, 4, 8, 16, 32, 60, 60]


@pytest.mark.parametrize("known", [True, False])
def test_parallel_guesses_never_exceed_the_limit(door: Door, known: bool) -> None:
    name = ADMIN if known else "nobody"

    def guess(_: int) -> int:
        return door.try_in(name, "wrong").status_code

    with ThreadPoolExecutor(8) as pool:
        codes = Counter(pool.map(guess, range(16)))
    assert codes == {422: 5, 429: 11}


def test_parallel_guesses_at_many_accounts_stop_at_twenty(door: Door) -> None:
    with ThreadPoolExecutor(8) as pool:
        codes = Counter(
            pool.map(lambda i: door.try_in(f"name-{i}", "wrong").status_code, range(28))
        )
    assert codes == {422: 20, 429: 8}


def test_the_counters_name_nobody(door: Door) -> None:
    door.fail(1)
    with door.world.portal.app_context():
        buckets = db.session.scalars(select(ThrottleHit.bucket)).all()
    assert len(buckets) == 3
    assert all(len(bucket) == 32 for bucket in buckets)


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8::1", "2001:db8::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("nonsense", "unknown"),
        (None, "unknown"),
    ],
)
def test_what_counts_as_one_address(address: str | None, network: str) -> None:
    assert guessing.network_of(address) == network


def _fail_from_everywhere(door: Door, times: int) -> None:
    """As a botnet would, each bot once; time passes as the growing pause wants it."""
    with door.world.portal.app_context():
        user = f"user {door.world.user_ids[ADMIN]}"
        bucket = guessing.BY_ACCOUNT.bucket(user)
        db.session.add_all(ThrottleHit(bucket=bucket, at=utcnow()) for _ in range(times))
        db.session.commit()
