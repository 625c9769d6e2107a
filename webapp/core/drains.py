"""Registry of drains and sweeps, and the wake-ups that travel over Redis.

Due work is a row in PostgreSQL. A wake-up only says "look": many become one, and one that is lost is
replaced by the clock, which looks at each drain every `every_seconds`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import structlog
from flask import current_app
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from rq import Queue

from webapp.core.clock import utcnow
from webapp.core.db import after_commit, db, rollback
from webapp.core.runs import note_run
from webapp.core.tenancy import unscoped

log = structlog.get_logger(__name__)

QueueName = Literal["quick", "long"]
QUEUES: tuple[QueueName, ...] = ("quick", "long")
TIMEOUT_SECONDS = {"quick": 300, "long": 3600}

PENDING_SECONDS = 30
"""How long a wake-up counts as pending. A lost one blocks the next for no longer than this."""

REDIS_PAUSE_SECONDS = 5.0
"""How long no wake-up is tried after Redis did not answer, so that requests don't wait for it."""

JOB_FUNCTION = "webapp.core.drains.run"


@dataclass(frozen=True)
class Drain:
    name: str
    queue: QueueName
    every_seconds: float
    work: Callable[[], object]


_drains: dict[str, Drain] = {}


def drain(
    name: str, *, queue: QueueName = "quick", every_seconds: float = 30
) -> Callable[[Callable[[], object]], Callable[[], object]]:
    """Register a function that works off due rows until none is left."""

    def register(work: Callable[[], object]) -> Callable[[], object]:
        known = _drains.get(name)
        if known is not None and known.work.__qualname__ != work.__qualname__:
            raise ValueError(f"two drains are named {name!r}: {known.work} and {work}")
        _drains[name] = Drain(name, queue, every_seconds, work)
        return work

    return register


def sweep(
    name: str, *, every_seconds: float, queue: QueueName = "long"
) -> Callable[[Callable[[], object]], Callable[[], object]]:
    """Register a function that the clock has run at intervals (and once when it starts)."""
    return drain(name, queue=queue, every_seconds=every_seconds)


def all_drains() -> list[Drain]:
    return list(_drains.values())


def run(name: str) -> None:
    """The RQ job: run one drain inside an application context, seeing all tenants' rows."""
    found = _drains.get(name)
    if found is None:
        log.error("unknown_drain", name=name)
        return
    _no_longer_pending(name)
    began_at, failed = utcnow(), None
    with unscoped(f"drain {name}"):
        try:
            found.work()
        except Exception as error:
            rollback()
            failed = type(error).__name__
            log.exception("drain_failed", drain=name)
        finally:
            db.session.remove()
        note_run(name, began_at=began_at, ended_at=utcnow(), failed=failed)


def wake(queue: QueueName, name: str) -> None:
    """Have the drain look once the present transaction is committed."""
    pending: set[str] = db.session().info.setdefault("wake_ups", set())
    if name not in pending:
        pending.add(name)
        after_commit(lambda: _wake_quietly(queue, name))


_redis_down_until = 0.0


def _wake_quietly(queue: QueueName, name: str) -> None:
    """A request never fails, and hardly waits, for Redis: the clock finds the row."""
    global _redis_down_until
    if time.monotonic() < _redis_down_until:
        return
    try:
        enqueue(queue, name)
    except RedisError as error:
        _redis_down_until = time.monotonic() + REDIS_PAUSE_SECONDS
        log.warning("wake_up_lost", drain=name, error=str(error))


def enqueue(queue: QueueName, name: str) -> bool:
    """Queue a wake-up unless one is pending; raises RedisError when Redis can't be reached.

    The mark goes *before* the drain looks (`run`), so a wake-up that comes while it works is queued
    behind it and nothing committed before a wake-up is overlooked.
    """
    connection = redis()
    if not connection.set(_mark(name), "1", nx=True, ex=PENDING_SECONDS):
        return False
    try:
        Queue(queue, connection=connection, serializer="json").enqueue_call(
            JOB_FUNCTION,
            args=(name,),
            timeout=TIMEOUT_SECONDS[queue],
            result_ttl=0,
            failure_ttl=3600,
            description=f"drain {name}",
        )
    except RedisError:
        _forget(connection, name)
        raise
    return True


def _mark(name: str) -> str:
    return f"outpost:pending:{name}"


def _forget(connection: Redis, name: str) -> None:
    try:
        connection.delete(_mark(name))
    except RedisError:
        log.info("wake_up_mark_stays", drain=name, seconds=PENDING_SECONDS)


def _no_longer_pending(name: str) -> None:
    if time.monotonic() >= _redis_down_until:
        _forget(redis(), name)


def redis() -> Redis:
    """The application's Redis: answers at once or fails at once."""
    found = current_app.extensions.get("redis")
    if not isinstance(found, Redis):
        found = connect(current_app.extensions["settings"].redis_url)
        current_app.extensions["redis"] = found
    return found


def connect(url: str, *, timeout_seconds: float | None = 2) -> Redis:
    """A client that does not try again by itself."""
    return Redis.from_url(
        url,
        socket_connect_timeout=1,
        socket_timeout=timeout_seconds,
        retry=Retry(NoBackoff(), 0),
        health_check_interval=30,
    )
