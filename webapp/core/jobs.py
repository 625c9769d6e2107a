"""Work that is due: rows with a time, claimed for a while by whoever comes first.

A drain is: claim a batch, commit, do it, commit; then the next batch. Whoever dies in the middle loses the
claim when its time is over, and the row is claimed again: what a drain does must bear being done twice.

    @drain("mail", queue="quick", every_seconds=30)
    def send_mails() -> None:
        for mails in batches(Mail, limit=200, lease_seconds=300):
            for mail in mails: ...; finish(mail) or retry(mail, str(error), now=utcnow())
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, TypeVar

from flask import Flask
from sqlalchemy import Index, Text, func, inspect, or_, select, tuple_, update
from sqlalchemy.orm import Mapped, Session, declared_attr, mapped_column, object_session
from sqlalchemy.orm.attributes import set_committed_value

from webapp.core import heartbeats
from webapp.core.clock import utcnow
from webapp.core.db import Id, Instant, commit, db
from webapp.core.drains import drain, sweep, wake
from webapp.core.health import status_check

__all__ = [
    "Due",
    "JobState",
    "LeaseLost",
    "Schedule",
    "batches",
    "cancel",
    "claim",
    "drain",
    "due_index",
    "fail",
    "finish",
    "finish_all",
    "hand_back",
    "init_app",
    "prolong",
    "release",
    "retry",
    "stop_soon",
    "sweep",
    "wake",
]

LONGEST_ERROR = 500


def init_app(_app: Flask) -> None:
    """Let `/status` tell whether worker and clock are alive."""
    status_check(heartbeats.worker_part)
    status_check(heartbeats.clock_part)


class JobState(StrEnum):
    WAITING = "waiting"
    CLAIMED = "claimed"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


OPEN = (JobState.WAITING, JobState.CLAIMED)


class Due:
    """Mixin of rows that somebody must work on. Give the table `due_index(...)` as well."""

    id: Mapped[Id]
    due_at: Mapped[Instant]
    first_due_at: Mapped[Instant] = mapped_column(server_default=func.now())
    """Since when it has been tried; `retry` gives up by it."""
    claimed_until: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    last_error: Mapped[str | None]

    @declared_attr
    def state(cls) -> Mapped[str]:  # noqa: N805 - SQLAlchemy hands in the class
        return mapped_column(Text, default=JobState.WAITING, server_default=JobState.WAITING)


def due_index() -> Index:
    """The small index that `claim` walks: open rows alone, in order of their time."""
    return Index(None, "due_at", "id", postgresql_where="state IN ('waiting', 'claimed')")


class LeaseLost(Exception):
    """The claim ran out and somebody else has the row: roll back, it is theirs now."""


T = TypeVar("T", bound=Due)


def claim(
    session: Session, model: type[T], *, limit: int, lease_seconds: float, now: datetime
) -> list[T]:
    """Claim up to `limit` due rows until `now + lease_seconds`, the longest due first.

    One statement; rows that another claims at this moment are passed over. Commit afterwards, or the
    claim binds nobody. The CTE is needed: as a plain `IN (…)` the planner may run the selection again
    for each row, beyond the limit.
    """
    chosen = (
        select(model.id.label("chosen_id"))
        .where(model.state.in_(OPEN), model.due_at <= now)
        .where(or_(model.claimed_until.is_(None), model.claimed_until <= now))
        .order_by(model.due_at, model.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("chosen")
    )
    statement = (
        update(model)
        .where(model.id == chosen.c.chosen_id)
        .values(
            state=JobState.CLAIMED,
            claimed_until=now + timedelta(seconds=lease_seconds),
            attempts=model.attempts + 1,
        )
        .returning(model)
    )
    options = {"synchronize_session": False, "populate_existing": True}
    rows = session.scalars(statement, execution_options=options).all()
    return sorted(rows, key=lambda row: (row.due_at, row.id))


_stopping = threading.Event()


def stop_soon() -> None:
    """Let running drains end after their present batch (the worker was asked to stop)."""
    _stopping.set()


def batches(model: type[T], *, limit: int = 200, lease_seconds: float = 300) -> Iterator[list[T]]:
    """Claim and commit batch after batch until nothing is due; the caller commits its work."""
    while not _stopping.is_set():
        rows = claim(db.session(), model, limit=limit, lease_seconds=lease_seconds, now=utcnow())
        commit()
        if not rows:
            return
        yield rows


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """Growing pauses between attempts, and an age at which to give up."""

    first_seconds: float = 30
    factor: float = 2
    longest_seconds: float = 3600
    give_up_after_seconds: float = 3 * 86400
    jitter: float = 0.2

    def pause_seconds(self, attempts: int) -> float:
        """Seconds to wait after that many attempts, spread so that rows do not come back as one."""
        exponent = min(max(attempts - 1, 0), 60)
        pause = min(self.longest_seconds, self.first_seconds * self.factor**exponent)
        return pause * secrets.SystemRandom().uniform(1 - self.jitter, 1 + self.jitter)


DEFAULT_SCHEDULE = Schedule()


def finish(row: Due) -> None:
    """The work is done, in the transaction that is open; raises `LeaseLost` if it is not ours."""
    _settle(row, state=JobState.DONE, last_error=None)


def finish_all(rows: Sequence[T]) -> list[T]:
    """The same for many of one kind in one statement; those that were still ours."""
    if not rows:
        return []
    model = inspect(rows[0]).mapper.class_
    ours = tuple_(model.id, model.claimed_until).in_([(r.id, r.claimed_until) for r in rows])
    values = {"state": JobState.DONE, "claimed_until": None, "last_error": None}
    statement = (
        update(model).where(ours, model.state == JobState.CLAIMED).values(**values)
    ).returning(model.id)
    options = {"synchronize_session": False}
    ids = set(db.session.scalars(statement, execution_options=options))
    done = [row for row in rows if row.id in ids]
    for row in done:
        for name, value in values.items():
            set_committed_value(row, name, value)
    return done


def retry(row: Due, error: str, *, now: datetime, schedule: Schedule = DEFAULT_SCHEDULE) -> bool:
    """Try again later, or give up when it is too old; whether it will be tried again."""
    age = now - row.first_due_at
    words = error.strip()[:LONGEST_ERROR]
    if age >= timedelta(seconds=schedule.give_up_after_seconds):
        _settle(row, state=JobState.FAILED, last_error=words)
        return False
    pause = timedelta(seconds=schedule.pause_seconds(row.attempts))
    _settle(row, state=JobState.WAITING, last_error=words, due_at=now + pause)
    return True


def release(row: Due) -> None:
    """Give a claimed row back untouched: it is due as before and this attempt does not count."""
    _settle(row, state=JobState.WAITING, attempts=max(row.attempts - 1, 0))


def hand_back(row: Due, *, now: datetime) -> None:
    """It went well so far and goes on when others have had their turn."""
    _settle(row, state=JobState.WAITING, attempts=0, last_error=None, due_at=now, first_due_at=now)


def prolong(row: Due, *, seconds: float, now: datetime) -> None:
    """Keep the claim after progress: what fails from here on is counted anew."""
    _hold(row, claimed_until=now + timedelta(seconds=seconds), attempts=1, first_due_at=now)


def fail(row: Due, error: str) -> None:
    """Trying again would not help."""
    _settle(row, state=JobState.FAILED, last_error=error.strip()[:LONGEST_ERROR])


def cancel(row: Due, why: str) -> None:
    """What a claimed row was about is gone: nobody tries it any more."""
    _settle(row, state=JobState.CANCELLED, last_error=why[:LONGEST_ERROR])


def _settle(row: Due, **values: Any) -> None:
    """The claim ends with what became of the row."""
    _hold(row, claimed_until=None, **values)


def _hold(row: Due, **values: Any) -> None:
    """Compare and set: only the holder of the claim may say what becomes of the row."""
    session = object_session(row)
    if session is None or row.claimed_until is None:
        raise LeaseLost(f"{row!r} was not claimed here")
    model = inspect(row).mapper.class_
    statement = (
        update(model)
        .where(model.id == row.id, model.claimed_until == row.claimed_until)
        .where(model.state == JobState.CLAIMED)
        .values(**values)
        .returning(model.id)
    )
    options = {"synchronize_session": False}
    if session.scalar(statement, execution_options=options) is None:
        raise LeaseLost(f"{row!r} was claimed by somebody else")
    session.refresh(row, list(values))
