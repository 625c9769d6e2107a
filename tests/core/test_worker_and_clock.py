"""The real worker and the real clock as processes, while Redis and PostgreSQL come and go."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import text

from tests.core.chores import Apart, Chore, add, left
from webapp import create_app
from webapp.core import heartbeats
from webapp.core.clock import utcnow
from webapp.core.db import Base, commit, db, dispose_engines, rollback
from webapp.core.drains import enqueue
from webapp.core.jobs import wake
from webapp.core.tenancy import unscoped
from webapp.core.web import Portal
from webapp.launcher.services import Postgres, Redis
from webapp.launcher.spawn import birth, spawn
from webapp.settings import from_environment

pytestmark = [pytest.mark.feature("Q-11"), pytest.mark.chaos]


@dataclass
class World:
    """Servers of their own, since they are killed."""

    portal: Portal
    postgres: Postgres
    redis: Redis
    environ: dict[str, str]

    @contextmanager
    def process(self, name: str) -> Iterator[subprocess.Popen[bytes]]:
        argv = [sys.executable, "-m", "tests.core.chores", name]
        process = spawn(argv, env={**os.environ, **self.environ}, output=sys.stderr.fileno())
        try:
            yield process
        finally:
            process.kill()
            process.wait()


@pytest.fixture(scope="module")
def servers() -> Iterator[tuple[Postgres, Redis]]:
    with Postgres.throwaway() as postgres, Redis.throwaway() as redis:
        yield postgres, redis


@pytest.fixture
def world(
    servers: tuple[Postgres, Redis], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    postgres, redis = servers
    environ = {
        "OUTPOST_ENV": "test",
        "BASE_URL": "http://localhost",
        "DATABASE_URL": postgres.url,
        "REDIS_URL": redis.url,
        "SECRET_KEY": "test-only-0123456789-abcdefghijklmnopqrstuvwxyz",
        "CODE_PEPPER": "test-pepper-9876543210-zyxwvutsrqponmlkjihgfedcba",
        "DATA_DIR": str(tmp_path_factory.mktemp("data")),
    }
    portal = create_app(from_environment(environ))
    with portal.app_context(), unscoped("test of worker and clock"):
        Base.metadata.create_all(db.engine)
        Apart.metadata.create_all(db.engine)
        db.session.query(heartbeats.ProcessBeat).delete()
        commit()
        yield World(portal, postgres, redis, environ)
        rollback()
        Apart.metadata.drop_all(db.engine)
        db.session.remove()
        portal.extensions["redis"].flushall()
        dispose_engines(portal)


def until(condition: Callable[[], bool], *, within_seconds: float = 60) -> None:
    deadline = time.monotonic() + within_seconds
    while not condition():
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.05)


def all_done() -> bool:
    return left() == 0


def beating(name: str) -> bool:
    found = bool(heartbeats.alive(name, now=utcnow()))
    db.session.rollback()
    return found


def work_wakes(count: int = 120) -> None:
    add(count)
    wake("quick", "chores")
    commit()


def test_a_wake_up_has_the_worker_do_what_is_due(world: World) -> None:
    with world.process("worker"):
        until(lambda: beating("worker"))
        work_wakes()
        until(all_done)


def test_status_tells_whether_worker_and_clock_are_alive(world: World) -> None:
    def states() -> dict[str, str]:
        parts = world.portal.test_client().get("/status.json").json
        assert parts is not None
        return {part["name"]: part["state"] for part in parts["parts"]}

    assert [states()[name] for name in ("worker", "clock")] == ["alarm", "alarm"]
    with world.process("worker"), world.process("clock"):
        until(lambda: beating("worker") and beating("clock"))
        assert [states()[name] for name in ("worker", "clock")] == ["online", "online"]


def test_the_worker_outlives_redis(world: World) -> None:
    with world.process("worker") as worker:
        until(lambda: beating("worker"))
        world.redis.kill()
        time.sleep(1)
        world.redis.start()
        work_wakes()
        until(all_done)
        assert worker.poll() is None


def test_the_worker_ends_on_sigterm_idle_or_without_redis(world: World) -> None:
    with world.process("worker") as worker:
        until(lambda: beating("worker"))
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(60) == 0
        assert not beating("worker")
    world.redis.kill()
    try:
        with world.process("worker") as worker:
            until(lambda: beating("worker"))
            worker.send_signal(signal.SIGTERM)
            assert worker.wait(60) == 0
    finally:
        world.redis.start()


@pytest.mark.parametrize("waits_in", ["connecting", "a statement"])
def test_sigterm_while_the_worker_waits_for_postgres_is_not_forgotten(
    world: World, waits_in: str
) -> None:
    redis = world.portal.extensions["redis"]
    with world.process("worker") as worker:
        with stalled(world, waits_in):
            until(lambda: bool(redis.keys("rq:worker:*")))
            time.sleep(0.5)  # now it writes its first sign of life
            worker.send_signal(signal.SIGTERM)
            time.sleep(0.2)
        assert worker.wait(60) == 0


@contextmanager
def stalled(world: World, waits_in: str) -> Iterator[None]:
    """PostgreSQL answers nobody, or has the table of the signs of life locked."""
    if waits_in == "a statement":
        with db.engine.begin() as connection:
            connection.execute(text("LOCK TABLE process_beats"))
            yield
        return
    os.kill(world.postgres.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(world.postgres.pid, signal.SIGCONT)


def test_sigterm_lets_the_batch_end_and_leaves_the_rest_due(world: World) -> None:
    add(1)
    db.session.add_all(Chore(word="slow", due_at=utcnow()) for _ in range(300))
    commit()
    with world.process("worker") as worker:
        until(lambda: beating("worker"))
        enqueue("quick", "slow chores")
        until(lambda: left() < 301)
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(60) == 0
    assert 0 < left() < 301
    assert no_row_is_half_done()


def no_row_is_half_done() -> bool:
    rows = db.session.query(Chore).all()
    return all((row.state == "done") == (row.done_by is not None) for row in rows)


def test_a_killed_worker_takes_its_child_along_and_the_clock_finds_the_rows(world: World) -> None:
    db.session.add_all(Chore(word="slow", due_at=utcnow()) for _ in range(300))
    commit()
    with world.process("worker") as worker:
        until(lambda: beating("worker"))
        enqueue("quick", "slow chores")
        until(lambda: left() < 300)
        (child,) = children(worker.pid)
        worker.kill()
        worker.wait()
        until(lambda: birth(child) is None, within_seconds=15)
    assert left() > 0
    with world.process("clock"), world.process("worker"):
        until(all_done)
    assert no_row_is_half_done()


def children(pid: int) -> list[int]:
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(child) for child in found.split()]


def test_the_clock_finds_what_a_flushed_redis_forgot(world: World) -> None:
    work_wakes()
    world.portal.extensions["redis"].flushall()
    with world.process("worker"), world.process("clock"):
        until(all_done)


def test_the_clock_works_itself_while_redis_is_gone(world: World) -> None:
    world.redis.kill()
    try:
        work_wakes()
        with world.process("clock"):
            until(all_done)
            work_wakes()
            until(all_done)
    finally:
        world.redis.start()


def test_the_clock_outlives_postgres(world: World) -> None:
    with world.process("worker"), world.process("clock") as clock:
        until(lambda: beating("clock"))
        world.postgres.kill()
        time.sleep(1)
        world.postgres.start()
        db.session.rollback()
        work_wakes()
        until(all_done)
        assert clock.poll() is None


def test_of_two_clocks_one_works_and_the_other_takes_over(world: World) -> None:
    with world.process("clock") as first:
        until(lambda: beating("clock"))
        with world.process("clock") as second:
            until(lambda: len(heartbeats.alive("clock", now=utcnow())) == 2)
            db.session.rollback()
            world.redis.kill()
            try:
                first.kill()
                first.wait()
                work_wakes()
                until(all_done)
            finally:
                world.redis.start()
            second.send_signal(signal.SIGTERM)
            assert second.wait(60) == 0
