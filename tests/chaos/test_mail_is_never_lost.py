"""Q-10, Q-11, P-24: the worker killed at named points and anywhere, Redis killed and emptied: every mail arrives.

A mail may arrive twice only where SMTP leaves the window, and then it is counted. Servers, worker and mailbox are
real. Only one thing is shortened: the claim of a worker that is dead runs out at once instead of after two minutes.
"""

from __future__ import annotations

import logging
import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from redis.exceptions import RedisError
from sqlalchemy import select, update

from simulators.mailbox import Mailbox
from tests import make
from webapp import create_app
from webapp.core import drains
from webapp.core.clock import utcnow
from webapp.core.db import Base, commit, db, dispose_engines, rollback
from webapp.core.tenancy import unscoped
from webapp.core.web import Portal
from webapp.launcher.services import Postgres, Redis
from webapp.launcher.spawn import spawn
from webapp.mail.models import Mail, MailState
from webapp.mail.outbox import send
from webapp.settings import from_environment

pytestmark = [
    pytest.mark.chaos,
    pytest.mark.feature("P-24"),
    pytest.mark.feature("Q-10"),
    pytest.mark.feature("Q-11"),
]


@dataclass
class Field:
    """Portal, servers and mailbox of their own, since they are killed."""

    portal: Portal
    redis: Redis
    box: Mailbox
    environ: dict[str, str]
    organisation_id: int = 0

    @contextmanager
    def worker(self, **environ: str) -> Iterator[subprocess.Popen[bytes]]:
        argv = [sys.executable, "-m", "webapp.worker"]
        env = {**os.environ, **self.environ, **environ}
        process = spawn(argv, env=env, output=subprocess.DEVNULL)
        try:
            yield process
        finally:
            process.kill()
            process.wait()

    def write(self, count: int) -> None:
        """So many mails, one transaction each, as requests write them."""
        for _ in range(count):
            send(
                "notification",
                to=f"p{random.randrange(10**9)}@acme.test",
                language="en",
                organisation_id=self.organisation_id,
                values={"NAME": "Anna", "TITLE": "Chaos", "MESSAGE": "m"},
            )
            commit()

    def claims_run_out(self) -> None:
        """The workers are dead; what they held may be taken by others."""
        past = utcnow() - timedelta(seconds=1)
        db.session.execute(update(Mail).where(Mail.state == "claimed").values(claimed_until=past))
        db.session.execute(update(Mail).where(Mail.state == "waiting").values(due_at=past))
        commit()

    def wake(self) -> None:
        """What the clock does every 20 seconds."""
        drains.redis().delete("outpost:pending:mail")
        drains.enqueue("quick", "mail")

    def states(self) -> Counter[MailState]:
        rollback()
        return Counter(mail.word for mail in self.mails())

    def mails(self) -> list[Mail]:
        fresh = {"populate_existing": True}
        return list(db.session.scalars(select(Mail), execution_options=fresh))

    def is_all_sent(self) -> bool:
        return set(self.states()) == {MailState.SENT}

    def doubles(self) -> int:
        """How many mails arrived beyond the first of each; every one that was written did arrive."""
        arrived = Counter(str(mail.message["Message-ID"]) for mail in self.box.messages())
        assert set(arrived) == {mail.message_id for mail in self.mails()}
        return arrived.total() - len(arrived)

    def counted(self) -> int:
        return sum(mail.possible_doubles for mail in self.mails())


@pytest.fixture(scope="module")
def servers() -> Iterator[tuple[Postgres, Redis, Mailbox]]:
    with Postgres.throwaway() as postgres, Redis.throwaway() as redis, Mailbox() as box:
        yield postgres, redis, box


@pytest.fixture(scope="module")
def portal_and_environ(
    servers: tuple[Postgres, Redis, Mailbox], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Portal, dict[str, str]]]:
    postgres, redis, box = servers
    environ = {
        "OUTPOST_ENV": "test",
        "BASE_URL": "http://localhost",
        "DATABASE_URL": postgres.url,
        "REDIS_URL": redis.url,
        "SECRET_KEY": "test-only-0123456789-abcdefghijklmnopqrstuvwxyz",
        "CODE_PEPPER": "test-pepper-9876543210-zyxwvutsrqponmlkjihgfedcba",
        "DATA_DIR": str(tmp_path_factory.mktemp("data")),
        "MAIL_PORT": str(box.smtp_port),
        "MAIL_TIMEOUT_SECONDS": "2",
    }
    portal = create_app(from_environment(environ))
    logging.getLogger("mail.log").setLevel(logging.WARNING)
    with portal.app_context():
        Base.metadata.create_all(db.engine)
    yield portal, environ
    dispose_engines(portal)


@pytest.fixture
def field(
    servers: tuple[Postgres, Redis, Mailbox], portal_and_environ: tuple[Portal, dict[str, str]]
) -> Iterator[Field]:
    _postgres, redis, box = servers
    portal, environ = portal_and_environ
    box.clear()
    box.behave()
    with portal.app_context(), unscoped("mails of a chaos test"):
        portal.extensions["redis"].flushall()
        db.session.query(Mail).delete()
        field = Field(portal, redis, box, environ, make.organisation("Chaos").id)
        commit()
        yield field
        rollback()
        db.session.remove()


def until(condition: Callable[[], bool], *, within_seconds: float = 30) -> None:
    deadline = time.monotonic() + within_seconds
    while not condition():
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("point", "arrives_twice", "counted"),
    [
        ("mail.after_claim", 0, 0),
        ("mail.before_send#7", 0, 1),
        ("mail.after_answer#7", 1, 1),
        ("mail.before_commit#7", 1, 1),
    ],
)
def test_killed_at_a_named_point(
    field: Field, tmp_path: Path, point: str, arrives_twice: int, counted: int
) -> None:
    field.write(20)
    with field.worker(OUTPOST_CRASH_AT=point, OUTPOST_CRASH_ONCE=str(tmp_path)):
        until(lambda: (tmp_path / point).exists())
        time.sleep(0.2)
        field.claims_run_out()
        field.wake()
        until(field.is_all_sent)
    assert (field.doubles(), field.counted()) == (arrives_twice, counted)


def test_killed_anywhere_again_and_again(field: Field) -> None:
    chance = random.Random(os.environ.get("CHAOS_SEED", "mails"))
    rounds = int(os.environ.get("CHAOS_ROUNDS", "3"))
    for _ in range(rounds):
        field.write(20)
        with field.worker():
            field.wake()
            sent = field.states()[MailState.SENT]
            until(lambda sent=sent: field.states()[MailState.SENT] > sent)  # type: ignore[misc]
            time.sleep(chance.uniform(0, 0.15))
        field.claims_run_out()
    with field.worker():
        field.wake()
        until(field.is_all_sent)
    assert len(field.mails()) == 20 * rounds
    assert field.doubles() <= field.counted() <= rounds


def test_a_mail_server_that_cuts_while_workers_die(field: Field) -> None:
    """Both at once: the line is cut after the mail was kept, and the worker is killed."""
    field.write(30)
    field.box.behave(mode="cut", stage="kept", count=2)
    with field.worker():
        field.wake()
        until(lambda: field.states()[MailState.SENT] > 3)
    field.claims_run_out()
    with field.worker():
        field.wake()
        until(field.is_all_sent)
    assert 2 <= field.doubles() <= field.counted() <= 3


def test_redis_killed_and_emptied_while_mails_are_written(field: Field) -> None:
    with field.worker():
        field.write(10)
        field.redis.kill()
        try:
            field.write(10)
        finally:
            field.redis.start()
        field.portal.extensions["redis"].flushall()
        field.write(10)
        until(lambda: _woken(field))
        until(field.is_all_sent)
    assert len(field.mails()) == 30
    assert (field.doubles(), field.counted()) == (0, 0)


def _woken(field: Field) -> bool:
    """The clock tries again until Redis is back."""
    try:
        field.wake()
    except RedisError:
        return False
    return True


def test_the_clock_sends_by_itself_while_redis_is_gone(field: Field) -> None:
    field.redis.kill()
    try:
        field.write(10)
        argv = [sys.executable, "-m", "webapp.clock"]
        clock = spawn(argv, env={**os.environ, **field.environ}, output=subprocess.DEVNULL)
        try:
            until(field.is_all_sent)
        finally:
            clock.kill()
            clock.wait()
    finally:
        field.redis.start()
    assert (field.doubles(), field.counted()) == (0, 0)
