"""Throttles that matter live in PostgreSQL, written aside: a refused request's counter stands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import Index, delete, func, select
from sqlalchemy.orm import Mapped, Session

from webapp.core.clock import utcnow
from webapp.core.db import Base, Id, aside
from webapp.core.errors import TooMany
from webapp.core.tenancy import Global

SKEW = timedelta(minutes=1)
"""Hits further ahead than this come from a clock that was set back since; they hold nobody up."""


class ThrottleHit(Global, Base):
    """One counted try. `bucket` is a digest: it names who and what without telling."""

    __tablename__ = "throttle_hits"
    __table_args__ = (Index(None, "bucket", "at"), Index(None, "at"))

    id: Mapped[Id]
    bucket: Mapped[bytes]
    at: Mapped[datetime]


@dataclass(frozen=True)
class Limit:
    """At most `tries` within `window_seconds` for one key."""

    name: str
    tries: int
    window_seconds: int

    def bucket(self, *key: object) -> bytes:
        return sha256(repr((self.name, *map(str, key))).encode()).digest()


def check(limit: Limit, *key: object) -> None:
    """Raise `TooMany` with the seconds to wait when the tries are used up."""
    wait = wait_seconds(limit, *key)
    if wait:
        raise TooMany(wait)


def wait_seconds(limit: Limit, *key: object) -> int:
    """Seconds until the next try is heard; 0 when it is heard now."""
    now = utcnow()
    with aside() as session:
        return seconds_left(session, limit, limit.bucket(*key), now)


def hit(limit: Limit, *key: object) -> None:
    """Count one try, whatever becomes of the request."""
    with aside() as session:
        session.add(ThrottleHit(bucket=limit.bucket(*key), at=utcnow()))


def take(limit: Limit, *key: object) -> None:
    """Check and count in one go, safe against parallel guessing by a lock on the bucket."""
    now, bucket = utcnow(), limit.bucket(*key)
    with aside() as session:
        lock(session, bucket)
        wait = seconds_left(session, limit, bucket, now)
        if not wait:
            session.add(ThrottleHit(bucket=bucket, at=now))
    if wait:
        raise TooMany(wait)


def forget(limit: Limit, *key: object) -> None:
    """After success: earlier failures don't count any more."""
    with aside() as session:
        session.execute(delete(ThrottleHit).where(ThrottleHit.bucket == limit.bucket(*key)))


def prune(now: datetime) -> None:
    """Hits older than a day serve no limit."""
    with aside() as session:
        session.execute(delete(ThrottleHit).where(ThrottleHit.at < now - timedelta(days=1)))


def lock(session: Session, *buckets: bytes) -> None:
    """Hold the buckets until the transaction ends; in one order, so that two never wait for each other."""
    keys = sorted(int.from_bytes(bucket[:7], "big") for bucket in buckets)
    session.execute(select(*(func.pg_advisory_xact_lock(key) for key in keys)))


def seconds_left(session: Session, limit: Limit, bucket: bytes, now: datetime) -> int:
    """Seconds until the bucket has room again; 0 when it has. For those who hold the bucket's lock."""
    since = now - timedelta(seconds=limit.window_seconds)
    hits = session.scalars(
        select(ThrottleHit.at)
        .where(ThrottleHit.bucket == bucket, ThrottleHit.at > since, ThrottleHit.at <= now + SKEW)
        .order_by(ThrottleHit.at.desc())
        .limit(limit.tries)
    ).all()
    if len(hits) < limit.tries:
        return 0
    return max(1, int((hits[-1] - since).total_seconds()) + 1)
