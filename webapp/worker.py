"""`python -m webapp.worker`: imports the application once, then forks a child for each job.

Redis may go and come back: the worker waits for it. SIGTERM lets the present batch end and stops.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

import structlog
from flask import Flask
from redis import Redis
from redis.exceptions import RedisError
from rq import Queue
from rq.exceptions import StopRequested
from rq.job import Job
from rq.worker import Worker as RqWorker

from webapp import create_app
from webapp.alarms import portal
from webapp.core import drains, heartbeats
from webapp.core.clock import utcnow
from webapp.core.db import dispose_engines
from webapp.core.jobs import stop_soon

log = structlog.get_logger(__name__)

LONGEST_PAUSE_SECONDS = 5.0
TTL_SECONDS = 30  # the blocking read lasts 15 s less: a beat comes that often
MONITOR_SECONDS = 10
PR_SET_PDEATHSIG = 1


class Worker(RqWorker):
    """RQ's worker with our application: children get fresh connections and die with us."""

    app: Flask
    asked_to_stop = False
    _beaten_at = float("-inf")

    def request_stop(self, signum: int, frame: FrameType | None) -> None:
        if _postponed(self.request_stop, signum, frame):
            return
        self.asked_to_stop = True
        if self.horse_pid:
            os.kill(self.horse_pid, signal.SIGUSR1)
        super().request_stop(signum, frame)  # type: ignore[no-untyped-call]

    def heartbeat(self, timeout: int | None = None, pipeline: Any = None) -> None:
        super().heartbeat(timeout, pipeline)
        if time.monotonic() - self._beaten_at >= heartbeats.EVERY_SECONDS:
            self._beaten_at = time.monotonic()
            _beat(self.app)

    def main_work_horse(self, job: Job, queue: Queue) -> None:
        """In the child: nothing of the parent's connections, and no life without it."""
        _die_with_parent()
        signal.signal(signal.SIGUSR1, lambda *_: stop_soon())
        dispose_engines(self.app)
        self.app.app_context().push()
        super().main_work_horse(job, queue)


def _die_with_parent() -> None:
    """A child that outlived a killed worker would hold its claims without anybody watching it."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


class _Ended(Exception):
    """SIGTERM or SIGINT while no worker was at work."""


def main() -> int:
    app = create_app()
    connection = drains.connect(app.extensions["settings"].redis_url, timeout_seconds=None)
    log.info("worker_started", pid=os.getpid(), drains=[d.name for d in drains.all_drains()])
    try:
        while not _work(app, connection):
            log.warning("worker_lost_redis")
    except (_Ended, StopRequested):
        pass
    with app.app_context():
        heartbeats.farewell("worker")
    log.info("worker_ended", pid=os.getpid())
    return 0


def _work(app: Flask, connection: Redis) -> bool:
    """Work until asked to stop (True) or until Redis is lost (False)."""
    _until_redis_answers(app, connection)
    worker: Worker | None = None
    try:
        worker = Worker(
            [Queue(name, connection=connection, serializer="json") for name in drains.QUEUES],
            connection=connection,
            serializer="json",
            worker_ttl=TTL_SECONDS,
            job_monitoring_interval=MONITOR_SECONDS,
            log_job_description=False,
        )
        worker.app = app
        worker.work(logging_level="WARNING")
    except RedisError as error:
        log.warning("worker_interrupted", error=str(error))
    return worker is not None and worker.asked_to_stop


def _until_redis_answers(app: Flask, connection: Redis) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _end)
    pause = 0.2
    while True:
        try:
            connection.ping()
        except RedisError:
            _beat(app)
            time.sleep(pause)
            pause = min(LONGEST_PAUSE_SECONDS, pause * 2)
        else:
            return


def _end(signum: int, frame: FrameType | None) -> None:
    if not _postponed(_end, signum, frame):
        raise _Ended


_beating = False
_late: list[Callable[[], None]] = []


def _beat(app: Flask) -> None:
    """Write the sign of life; a signal that comes meanwhile is obeyed right after.

    RQ stops by an exception out of the signal's handler. Raised inside the database driver it would come
    out as a lost connection, and the wish to stop would be forgotten.
    """
    global _beating
    _beating = True
    try:
        with app.app_context():
            heartbeats.beat("worker")
            portal.watch(portal.WORKERS_LOOKS, now=utcnow())
    finally:
        _beating = False
    while _late:
        _late.pop()()


def _postponed(
    handler: Callable[[int, FrameType | None], None], signum: int, frame: FrameType | None
) -> bool:
    if _beating:
        _late.append(lambda: handler(signum, frame))
    return _beating


if __name__ == "__main__":
    sys.exit(main())
