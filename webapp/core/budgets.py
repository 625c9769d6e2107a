"""Rate budgets (P-45): so many requests a minute for each organisation, token and device.

A budget is a bucket that fills evenly and holds a burst. One row a bucket says when it will be full again (GCRA):
one statement takes from it, whoever else asks at the same moment. Refusals are counted by the hour, for the operator.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from math import ceil
from typing import Annotated

from flask import Flask, Response, g, has_request_context
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Integer,
    Text,
    case,
    delete,
    func,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from webapp.core.clock import utcnow
from webapp.core.db import Base, Instant, Versioned, aside
from webapp.core.drains import sweep
from webapp.core.errors import TooMany
from webapp.core.tenancy import Owned, unscoped

WHOLE = 0
"""The subject of an organisation's own bucket."""
KEEP_REFUSALS = timedelta(days=30)


class BudgetKind(StrEnum):
    """Whose requests are counted together."""

    ORGANISATION = "organisation"
    TOKEN = "token"  # noqa: S105 - a kind, not a secret
    DEVICE = "device"


@dataclass(frozen=True)
class Budget:
    """`burst` requests at once, and `per_minute` in the long run."""

    per_minute: int
    burst: int

    @property
    def interval(self) -> timedelta:
        """The time one request takes to grow back."""
        return timedelta(minutes=1) / self.per_minute

    @property
    def depth(self) -> timedelta:
        return self.interval * self.burst


DEFAULTS = {
    BudgetKind.ORGANISATION: Budget(per_minute=3000, burst=600),
    BudgetKind.TOKEN: Budget(per_minute=600, burst=120),
    BudgetKind.DEVICE: Budget(per_minute=300, burst=120),
}


OrganisationKey = Annotated[int, mapped_column(primary_key=True)]
"""The owner of `Owned`, as a part of the key."""


class RateBudget(Owned, Versioned, Base):
    """What the operator gave one organisation instead of the default."""

    __tablename__ = "rate_budgets"
    __table_args__ = (CheckConstraint("per_minute > 0 AND burst > 0", name="positive"),)

    organisation_id: Mapped[OrganisationKey]
    kind: Mapped[str] = mapped_column(Text, primary_key=True)
    per_minute: Mapped[int] = mapped_column(Integer)
    burst: Mapped[int] = mapped_column(Integer)


class RateLevel(Owned, Base):
    """One bucket: it is full again at `full_at`."""

    __tablename__ = "rate_levels"
    __table_args__ = {"postgresql_with": {"fillfactor": "50"}}

    organisation_id: Mapped[OrganisationKey]
    kind: Mapped[str] = mapped_column(Text, primary_key=True)
    subject_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    full_at: Mapped[Instant]


class RateRefusal(Owned, Base):
    """How many requests were refused in one hour."""

    __tablename__ = "rate_refusals"

    organisation_id: Mapped[OrganisationKey]
    kind: Mapped[str] = mapped_column(Text, primary_key=True)
    subject_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    hour: Mapped[Instant] = mapped_column(primary_key=True)
    count: Mapped[int] = mapped_column(Integer)


@dataclass(frozen=True)
class Left:
    """What a bucket holds after a request; told in the RateLimit header."""

    kind: BudgetKind
    budget: Budget
    remaining: int
    full_in_seconds: int


class _Empty(Exception):
    """A bucket is empty: what was taken from the others goes back with the rollback."""

    def __init__(self, kind: BudgetKind, subject_id: int, wait_seconds: int) -> None:
        self.kind, self.subject_id, self.wait_seconds = kind, subject_id, wait_seconds


def init_app(app: Flask) -> None:
    app.after_request(_tell)


def spend(kind: BudgetKind, subject_id: int, *, organisation_id: int) -> None:
    """Take one request from the subject's bucket and from the organisation's; raise `TooMany` if one is empty.

    Written aside: it counts whatever becomes of the request.
    """
    now = utcnow()
    buckets = ((kind, subject_id), (BudgetKind.ORGANISATION, WHOLE))
    try:
        with unscoped("buckets of whoever asks"), aside() as session:
            session.execute(text("SET LOCAL synchronous_commit TO off"))
            budgets = _budgets(session, organisation_id)
            left = [
                _take(session, organisation_id, bucket, budgets[bucket[0]], now)
                for bucket in buckets
            ]
    except _Empty as empty:
        _count_refusal(organisation_id, empty.kind, empty.subject_id, now)
        raise TooMany(empty.wait_seconds) from None
    if has_request_context():
        g.rate_left = left


def _budgets(session: Session, organisation_id: int) -> dict[BudgetKind, Budget]:
    own = session.scalars(select(RateBudget).where(RateBudget.organisation_id == organisation_id))
    return DEFAULTS | {BudgetKind(row.kind): Budget(row.per_minute, row.burst) for row in own}


def _take(
    session: Session,
    organisation_id: int,
    bucket: tuple[BudgetKind, int],
    budget: Budget,
    now: datetime,
) -> Left:
    """One statement: the bucket's row moves on, unless that would go beyond the burst."""
    kind, subject_id = bucket
    key = {"organisation_id": organisation_id, "kind": kind.value, "subject_id": subject_id}
    fresh = insert(RateLevel).values(**key, full_at=now + budget.interval)
    # A level further ahead than any burst reaches comes from a clock that was set back since: begin anew.
    is_astray = RateLevel.full_at > now + 2 * budget.depth
    level = case((is_astray, now), else_=func.greatest(RateLevel.full_at, now))
    later = level + budget.interval
    moved = fresh.on_conflict_do_update(
        index_elements=list(key), set_={"full_at": later}, where=later <= now + budget.depth
    ).returning(RateLevel.full_at)
    full_at = session.scalar(moved, execution_options={"populate_existing": True})
    if full_at is None:
        full_at = session.scalars(select(RateLevel.full_at).filter_by(**key)).one()
        wait = full_at + budget.interval - now - budget.depth
        raise _Empty(kind, subject_id, ceil(wait.total_seconds()))
    owed = full_at - now
    remaining = int((budget.depth - owed) / budget.interval)
    return Left(kind, budget, remaining, ceil(owed.total_seconds()))


def _count_refusal(organisation_id: int, kind: BudgetKind, subject_id: int, now: datetime) -> None:
    first = insert(RateRefusal).values(
        organisation_id=organisation_id,
        kind=kind.value,
        subject_id=subject_id,
        hour=now.replace(minute=0, second=0, microsecond=0),
        count=1,
    )
    counted = first.on_conflict_do_update(
        index_elements=["organisation_id", "kind", "subject_id", "hour"],
        set_={"count": RateRefusal.count + 1},
    )
    with unscoped("refusals of whoever asks"), aside() as session:
        session.execute(counted)


def _tell(response: Response) -> Response:
    """RateLimit and RateLimit-Policy (draft-ietf-httpapi-ratelimit-headers), one member a bucket."""
    left: Sequence[Left] = g.get("rate_left", ())
    if left:
        response.headers["RateLimit-Policy"] = ", ".join(
            f'"{one.kind}";q={one.budget.burst};w={ceil(one.budget.depth.total_seconds())}'
            for one in left
        )
        response.headers["RateLimit"] = ", ".join(
            f'"{one.kind}";r={one.remaining};t={one.full_in_seconds}' for one in left
        )
    return response


@sweep("rate budgets", every_seconds=3600)
def forget_old() -> None:
    """Full buckets say nothing; refusals are of interest for a month."""
    now = utcnow()
    with aside() as session:
        session.execute(delete(RateLevel).where(RateLevel.full_at < now))
        session.execute(delete(RateRefusal).where(RateRefusal.hour < now - KEEP_REFUSALS))
