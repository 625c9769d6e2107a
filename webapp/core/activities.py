"""Long work: in small steps, each of which commits its own rows together with where to go on.

    @activity("bulk_claim")
    def claim_many(work: Activity) -> bool:
        '''One step: do some, set `work.cursor` and `work.finished`; True when nothing is left.'''

    start("bulk_claim", title=_("Claim 3,000 devices"), total=3000, parameters={...}, organisation_id=…, now=…)

A worker may die on any line: the claim runs out and another goes on at the cursor. A step therefore changes only what
it commits, and never sleeps. Steps run as the person who asked, in the organisation and in the person's language.
A `Refusal` ends the work with its words; any other error is tried again, then ends it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import structlog
from flask_babel import force_locale, get_locale
from flask_babel import gettext as _
from sqlalchemy import BigInteger, ForeignKey, Index, delete, select, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from webapp.core.clock import utcnow
from webapp.core.db import Base, BigInt, Id, Instant, Json, PublicId, commit, db, rollback
from webapp.core.drains import drain, sweep, wake
from webapp.core.errors import Refusal
from webapp.core.jobs import (
    Due,
    JobState,
    LeaseLost,
    Schedule,
    cancel,
    claim,
    due_index,
    fail,
    finish,
    hand_back,
    prolong,
    retry,
)
from webapp.core.principal import Actor, Principal, acting, acting_as
from webapp.core.tenancy import Owned, scope, unscoped

log = structlog.get_logger(__name__)

LEASE_SECONDS = 120
SLICE_SECONDS = 10.0
"""After that long another's work has its turn, and so have mails: one worker may serve both queues."""
KEPT = timedelta(days=30)
TRIES = Schedule(first_seconds=5, longest_seconds=120, give_up_after_seconds=1800)

Step = Callable[["Activity"], bool]
Ended = Callable[["Activity"], None]


class Activity(Due, Owned, Base):
    """Long work with true progress: `finished` of `total` (0: not known yet)."""

    __tablename__ = "activities"
    __table_args__ = (
        due_index(),
        Index(None, "organisation_id", "created_at", "id"),
        Index(None, "organisation_id", "user_id", "created_at", "id"),
        Index(None, "ended_at", postgresql_where="ended_at IS NOT NULL"),
    )

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    kind: Mapped[str]
    title: Mapped[str]
    parameters: Mapped[Json]
    """Ids and filters; never a secret."""
    language: Mapped[str]
    by_kind: Mapped[str]
    by_id: Mapped[int | None] = mapped_column(BigInteger)
    by: Mapped[str]
    via: Mapped[str | None]
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    total: Mapped[BigInt] = mapped_column(default=0, server_default="0")
    finished: Mapped[BigInt] = mapped_column(default=0, server_default="0")
    cursor: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    cancel_asked_at: Mapped[datetime | None]
    created_at: Mapped[Instant]
    began_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    result: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    file_id: Mapped[int | None] = mapped_column(ForeignKey("files.id", ondelete="SET NULL"))

    @property
    def is_open(self) -> bool:
        return self.ended_at is None

    @property
    def principal(self) -> Principal:
        return Principal(
            Actor(self.by_kind), self.by_id, self.by, org=self.organisation_id, via=self.via
        )


_steps: dict[str, Step] = {}
_cancellations: dict[str, Ended] = {}
_listeners: list[Ended] = []


def activity(kind: str, *, cancelled: Ended | None = None) -> Callable[[Step], Step]:
    """Register the step of a kind of work; `cancelled` tidies up in the transaction that ends it."""

    def register(step: Step) -> Step:
        known = _steps.get(kind)
        if known is not None and known.__qualname__ != step.__qualname__:
            raise ValueError(f"two activities are named {kind!r}")
        _steps[kind] = step
        if cancelled is not None:
            _cancellations[kind] = cancelled
        return step

    return register


def when_ended(listener: Ended) -> Ended:
    """Called in the transaction in which any work ends, whatever its end."""
    if listener not in _listeners:
        _listeners.append(listener)
    return listener


def start(
    kind: str,
    *,
    title: str,
    organisation_id: int,
    now: datetime,
    total: int = 0,
    parameters: dict[str, Any] | None = None,
) -> Activity:
    """Write the work down for whoever acts; a worker looks at it once this is committed."""
    if kind not in _steps:
        raise ValueError(f"no step is registered for activities of kind {kind!r}")
    by = acting()
    work = Activity(
        organisation_id=organisation_id,
        kind=kind,
        title=title,
        parameters=parameters or {},
        language=str(get_locale() or "en"),
        by_kind=by.kind.value,
        by_id=by.id,
        by=by.label,
        via=by.via,
        user_id=by.id if by.kind == Actor.USER else None,
        total=total,
        finished=0,
        created_at=now,
        due_at=now,
        first_due_at=now,
    )
    db.session.add(work)
    db.session.flush()
    wake("long", "activities")
    return work


def ask_to_cancel(work: Activity, *, now: datetime) -> None:
    """It ends before its next step; what its steps did so far stays."""
    if not work.is_open:
        raise Refusal(_("This has ended already."), status=409)
    statement = (
        update(Activity)
        .where(Activity.id == work.id, Activity.cancel_asked_at.is_(None))
        .values(cancel_asked_at=now, due_at=now)
    )
    db.session.execute(statement, execution_options={"synchronize_session": "fetch"})
    wake("long", "activities")


@drain("activities", queue="long", every_seconds=10)
def run_activities() -> None:
    """One after another, each for a slice, until none is due or this job's time is over."""
    until = time.monotonic() + SLICE_SECONDS
    while True:
        found = claim(db.session(), Activity, limit=1, lease_seconds=LEASE_SECONDS, now=utcnow())
        commit()
        if not found:
            return
        _run_quietly(found[0], until)
        if time.monotonic() >= until:
            wake("long", "activities")
            commit()
            return


def _run_quietly(work: Activity, until: float) -> None:
    try:
        with _surroundings(work):
            _run(work, until)
    except LeaseLost:
        rollback()
        log.warning("activity_lost", kind=work.kind, id=work.public_id)


@contextmanager
def _surroundings(work: Activity) -> Iterator[None]:
    """As whoever asked, in the organisation, in the language of the request."""
    with scope(work.organisation_id), acting_as(work.principal), force_locale(work.language):
        yield


def _run(work: Activity, until: float) -> None:
    work_id = work.id
    while True:
        try:
            if _step(work):
                return
        except Refusal as refusal:
            _fail(_again(work_id), str(refusal.message))
            return
        except LeaseLost:
            raise
        except Exception as error:
            log.exception("activity_step_failed", kind=work.kind, id=work.public_id)
            _try_later(_again(work_id), error)
            return
        if time.monotonic() >= until:
            hand_back(work, now=utcnow())
            commit()
            return


def _step(work: Activity) -> bool:
    """One step and its commit; whether the work has ended."""
    now = utcnow()
    if _cancel_asked(work):
        cancel(work, _("Cancelled"))
        tidy = _cancellations.get(work.kind)
        if tidy is not None:
            tidy(work)
        _end(work, now)
        return True
    work.began_at = work.began_at or now
    step = _steps.get(work.kind)
    if step is None:
        raise Refusal(_("This version of the portal does not know this kind of work."))
    done = step(work)
    if done:
        work.total = max(work.total, work.finished)
        finish(work)
        _end(work, utcnow())
    else:
        prolong(work, seconds=LEASE_SECONDS, now=utcnow())
        commit()
    return done


def _cancel_asked(work: Activity) -> bool:
    statement = select(Activity.cancel_asked_at).where(Activity.id == work.id)
    return db.session.scalar(statement) is not None


def _again(work_id: int) -> Activity:
    """After a roll-back the row as the database has it."""
    rollback()
    statement = select(Activity).where(Activity.id == work_id)
    return db.session.scalars(statement, execution_options={"populate_existing": True}).one()


def _fail(work: Activity, words: str) -> None:
    fail(work, words)
    _end(work, utcnow())


def _try_later(work: Activity, error: Exception) -> None:
    """What went wrong inside is not for people's eyes: the log has it."""
    again = retry(work, type(error).__name__, now=utcnow(), schedule=TRIES)
    if again:
        commit()
    else:
        work.last_error = _("Something went wrong inside the portal; the operator's log says what.")
        _end(work, utcnow())


def _end(work: Activity, now: datetime) -> None:
    work.ended_at = now
    db.session.flush()
    for listener in _listeners:
        listener(work)
    commit()


@sweep("old_activities", every_seconds=3600)
def remove_old() -> None:
    """What ended more than 30 days ago goes."""
    with unscoped("sweep of old activities"):
        db.session.execute(delete(Activity).where(Activity.ended_at < utcnow() - KEPT))
        commit()


__all__ = ["Activity", "JobState", "activity", "ask_to_cancel", "start", "when_ended"]
