"""Claims of due rows: never two holders, never a lost one."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.core.chores import Apart, Chore, add, left
from webapp.core import drains
from webapp.core.clock import utcnow
from webapp.core.db import commit, db, rollback
from webapp.core.jobs import (
    JobState,
    LeaseLost,
    Schedule,
    batches,
    cancel,
    claim,
    finish,
    finish_all,
    release,
    retry,
    wake,
)
from webapp.core.tenancy import unscoped
from webapp.core.web import Portal

pytestmark = pytest.mark.feature("Q-11")


@pytest.fixture
def chores(portal: Portal) -> Iterator[Portal]:
    with portal.app_context(), unscoped("test of due rows"):
        Apart.metadata.create_all(db.engine)
        portal.extensions["redis"].flushall()
        yield portal
        rollback()
        Apart.metadata.drop_all(db.engine)


def claimed(limit: int = 10, *, lease_seconds: float = 60, later_seconds: float = 0) -> list[Chore]:
    now = utcnow() + timedelta(seconds=later_seconds)
    rows = claim(db.session(), Chore, limit=limit, lease_seconds=lease_seconds, now=now)
    commit()
    return rows


def only() -> Chore:
    return db.session.scalars(select(Chore)).one()


def test_it_claims_the_longest_due_first_and_counts_the_attempt(chores: Portal) -> None:
    now = utcnow()
    for age in (5, 50, 20):
        add(1, due_at=now - timedelta(seconds=age))
    commit()
    rows = claimed(2)
    assert [round((now - row.due_at).total_seconds()) for row in rows] == [50, 20]
    assert {(row.state, row.attempts) for row in rows} == {(JobState.CLAIMED, 1)}


def test_what_is_not_due_yet_or_settled_is_left_alone(chores: Portal) -> None:
    now = utcnow()
    add(1, due_at=now + timedelta(minutes=1))
    for state in (JobState.DONE, JobState.FAILED, JobState.CANCELLED):
        db.session.add(Chore(word="settled", due_at=now, state=state))
    commit()
    assert claimed() == []


def test_eight_threads_never_claim_the_same_row(chores: Portal) -> None:
    add(400)
    commit()
    start = threading.Barrier(8)

    def work() -> list[int]:
        mine: list[int] = []
        with chores.app_context(), unscoped("test of due rows"):
            start.wait()
            while rows := claimed(7):
                mine.extend(row.id for row in rows)
            db.session.remove()
        return mine

    with ThreadPoolExecutor(8) as pool:
        parts = [future.result() for future in [pool.submit(work) for _ in range(8)]]
    times = Counter(id_ for part in parts for id_ in part)
    assert len(times) == 400
    assert set(times.values()) == {1}
    assert sum(bool(part) for part in parts) > 1


def test_a_claim_never_exceeds_its_limit(chores: Portal) -> None:
    add(500)
    commit()
    assert [len(claimed(30)) for _ in range(5)] == [30] * 5


def test_an_expired_claim_is_claimed_again_and_a_living_one_is_not(chores: Portal) -> None:
    add(1)
    commit()
    assert len(claimed(lease_seconds=60)) == 1
    assert claimed(later_seconds=59) == []
    (row,) = claimed(later_seconds=61)
    assert row.attempts == 2


def test_who_lost_the_claim_may_neither_finish_nor_retry(chores: Portal) -> None:
    add(1)
    commit()
    (slow,) = claimed(lease_seconds=60)
    db.session.expunge(slow)
    (quick,) = claimed(later_seconds=61)
    finish(quick)
    commit()
    db.session.expunge_all()
    db.session.add(slow)
    for settle in (finish, release, lambda row: retry(row, "late", now=utcnow())):
        with pytest.raises(LeaseLost):
            settle(slow)
    rollback()
    db.session.expunge_all()
    assert only().state == JobState.DONE


def test_many_are_finished_at_once_but_only_those_still_held(chores: Portal) -> None:
    add(3)
    commit()
    first, second, third = claimed(lease_seconds=0.001)
    db.session.expunge(second)
    later = claimed(1, later_seconds=60)
    assert len(later) == 1
    commit()
    held = [row for row in (first, second, third) if row.id != later[0].id]
    lost = [row for row in (first, second, third) if row.id == later[0].id]
    stale = [Chore(id=row.id, claimed_until=utcnow()) for row in lost]
    assert {row.id for row in finish_all([*held, *stale])} == {row.id for row in held}
    commit()
    assert left() == 1


def test_a_cancelled_row_is_not_tried_again(chores: Portal) -> None:
    add(1)
    commit()
    (row,) = claimed()
    cancel(row, "its cause went")
    commit()
    assert left() == 0
    assert row.state == JobState.CANCELLED
    assert row.last_error == "its cause went"
    assert finish_all([]) == []


def test_retry_waits_longer_each_time_and_gives_up_by_age(chores: Portal) -> None:
    schedule = Schedule(first_seconds=10, factor=3, longest_seconds=100, give_up_after_seconds=400)
    add(1)
    commit()
    began, now, pauses = only().first_due_at, utcnow(), []
    for _ in range(50):
        (row,) = claim(db.session(), Chore, limit=1, lease_seconds=5, now=now)
        again = retry(row, "no answer " * 100, now=now, schedule=schedule)
        commit()
        if not again:
            break
        pauses.append((row.due_at - now).total_seconds())
        now = row.due_at
    for pause, middle in zip(pauses, (10, 30, 90, 100, 100, 100, 100), strict=False):
        assert middle * 0.8 <= pause <= middle * 1.2
    assert len(pauses) >= 5
    row = only()
    assert (row.state, row.claimed_until) == (JobState.FAILED, None)
    assert now - began >= timedelta(seconds=400)
    assert row.last_error is not None
    assert len(row.last_error) <= 500


def test_pauses_are_spread_so_that_rows_do_not_return_as_one() -> None:
    schedule = Schedule(first_seconds=60)
    assert len({schedule.pause_seconds(1) for _ in range(20)}) > 10
    assert schedule.pause_seconds(10_000) <= schedule.longest_seconds * 1.2


def test_release_gives_back_without_counting(chores: Portal) -> None:
    add(1)
    commit()
    (row,) = claimed()
    release(row)
    commit()
    (row,) = claimed()
    assert row.attempts == 1


def test_work_that_breaks_in_the_middle_is_found_again(chores: Portal) -> None:
    add(120)
    commit()
    first, second = next(batches(Chore, limit=50, lease_seconds=0.2))[:2]
    finish(first)
    commit()
    finish(second)
    rollback()  # here the power went
    assert left() == 119
    threading.Event().wait(0.25)
    drains.run("chores")
    assert left() == 0


# Wake-ups


def queued(portal: Portal) -> int:
    return int(portal.extensions["redis"].llen("rq:queue:quick"))


def test_a_thousand_wake_ups_become_one_job(chores: Portal) -> None:
    for _ in range(1000):
        wake("quick", "chores")
    assert queued(chores) == 0
    commit()
    for _ in range(50):
        wake("quick", "chores")
        commit()
    assert queued(chores) == 1


def test_a_rollback_takes_its_wake_ups_along(chores: Portal) -> None:
    wake("quick", "chores")
    rollback()
    commit()
    assert queued(chores) == 0
    wake("quick", "chores")
    commit()
    assert queued(chores) == 1


def test_a_wake_up_during_a_drain_queues_another_run(
    chores: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def work() -> None:
        wake("quick", "late")
        commit()

    monkeypatch.setitem(drains._drains, "late", drains.Drain("late", "quick", 30, work))
    drains.enqueue("quick", "late")
    assert queued(chores) == 1
    drains.run("late")
    assert queued(chores) == 2


def test_a_wake_up_whose_job_was_lost_blocks_no_longer_than_its_time(chores: Portal) -> None:
    redis = chores.extensions["redis"]
    drains.enqueue("quick", "chores")
    redis.delete("rq:queue:quick")
    assert 0 < redis.ttl("outpost:pending:chores") <= drains.PENDING_SECONDS
    assert not drains.enqueue("quick", "chores")
    redis.delete("outpost:pending:chores")  # its time is over
    assert drains.enqueue("quick", "chores")


def test_a_broken_drain_is_logged_and_leaves_no_open_transaction(
    chores: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def work() -> None:
        add(1)
        db.session.flush()
        raise RuntimeError("broken")

    monkeypatch.setitem(drains._drains, "broken", drains.Drain("broken", "quick", 30, work))
    drains.run("broken")
    assert left() == 0


def test_two_drains_can_not_share_a_name() -> None:
    with pytest.raises(ValueError, match="two drains are named"):
        drains.drain("chores")(lambda: None)
