"""`python -m webapp.clock`: has each drain and sweep looked at, at its interval.

Any number may run, one works: the holder of an advisory lock in PostgreSQL. It wakes the workers over
Redis; when Redis can't be reached it does the work itself. It outlives both servers' restarts.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from dataclasses import dataclass, field

import structlog
from flask import Flask
from redis.exceptions import RedisError
from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from webapp import create_app
from webapp.alarms import portal
from webapp.core import drains, heartbeats, status_days
from webapp.core.clock import utcnow
from webapp.core.db import db
from webapp.core.drains import Drain
from webapp.core.jobs import stop_soon

log = structlog.get_logger(__name__)

LOCK = 0x6F7574706F7374  # «outpost»
TICK_SECONDS = 1.0
STANDBY_SECONDS = 5.0
WATCH_SECONDS = 20.0
LONGEST_PAUSE_SECONDS = 10.0


@dataclass
class Timetable:
    """When each drain is looked at next; all at once at the beginning."""

    next_at: dict[str, float] = field(default_factory=dict)

    def due(self, now: float) -> list[Drain]:
        return [d for d in drains.all_drains() if self.next_at.get(d.name, now) <= now]

    def done(self, found: Drain, now: float) -> None:
        self.next_at[found.name] = now + found.every_seconds


def main() -> int:
    app = create_app()
    stopping = threading.Event()

    def stop(*_: object) -> None:
        stopping.set()
        stop_soon()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    log.info("clock_started", pid=os.getpid())
    with app.app_context():
        _run(app, stopping)
        heartbeats.farewell("clock")
    log.info("clock_ended", pid=os.getpid())
    return 0


def _run(app: Flask, stopping: threading.Event) -> None:
    timetable, pause = Timetable(), 0.2
    while not stopping.is_set():
        try:
            _hold_the_lock(timetable, stopping)
            pause = 0.2
        except SQLAlchemyError as error:
            log.warning("clock_lost_database", error=type(error).__name__, pause_seconds=pause)
            status_days.RECORDER.turn(now=utcnow())
            stopping.wait(pause)
            pause = min(LONGEST_PAUSE_SECONDS, pause * 2)


def _hold_the_lock(timetable: Timetable, stopping: threading.Event) -> None:
    """Tick while we hold the lock; return after a while of standing by when another does."""
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if not connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": LOCK}):
            heartbeats.beat("clock")
            stopping.wait(STANDBY_SECONDS)
            return
        try:
            _tick_on(connection, timetable, stopping)
        finally:
            connection.invalidate()  # ends the session and with it the lock


def _tick_on(connection: Connection, timetable: Timetable, stopping: threading.Event) -> None:
    beaten_at = watched_at = float("-inf")
    while not stopping.is_set():
        connection.execute(text("SELECT 1"))  # raises when the session, and the lock, are gone
        if time.monotonic() - beaten_at >= heartbeats.EVERY_SECONDS:
            beaten_at = time.monotonic()
            heartbeats.beat("clock")
            heartbeats.forget_old(utcnow())
        if time.monotonic() - watched_at >= WATCH_SECONDS:
            watched_at = time.monotonic()
            portal.watch(portal.clocks_looks(), now=utcnow())
        status_days.RECORDER.turn(now=utcnow())
        for found in timetable.due(time.monotonic()):
            look_at(found)
            timetable.done(found, time.monotonic())
            if stopping.is_set():
                return
        stopping.wait(TICK_SECONDS)


def look_at(found: Drain) -> None:
    """Wake a worker for it, or do it here when Redis can't be reached."""
    try:
        drains.enqueue(found.queue, found.name)
    except RedisError as error:
        log.warning("clock_works_itself", drain=found.name, error=str(error))
        drains.run(found.name)


if __name__ == "__main__":
    sys.exit(main())
