"""Mails a second through a real worker process to the mailbox simulator: `python -m benchmarks.mails [count]`.

Q-7 asks for 50/s a worker. Also says how fast mails are written, since that is what a request pays.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import tempfile
import time

from benchmarks.portals import Figure
from simulators.mailbox import Mailbox
from webapp import create_app
from webapp.core import drains
from webapp.core.clock import utcnow
from webapp.core.db import Base, commit, db
from webapp.core.tenancy import unscoped
from webapp.launcher.services import Postgres, Redis
from webapp.launcher.spawn import spawn
from webapp.mail.outbox import send
from webapp.orgs.models import Organisation
from webapp.settings import from_environment

COUNT = 2_000


def main() -> int:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else COUNT
    with Postgres.throwaway() as postgres, Redis.throwaway() as redis:
        with Mailbox() as box, tempfile.TemporaryDirectory() as data:
            environ = _environ(postgres, redis, box, data)
            for figure in measure(environ, box, count):
                print(figure)
    return 0


def measure(environ: dict[str, str], box: Mailbox, count: int) -> list[Figure]:
    """`mail_per_s`: from the first mail that arrives to the last."""
    portal = create_app(from_environment(environ))
    logging.getLogger("mail.log").setLevel(logging.WARNING)  # the mailbox's every command
    with portal.app_context(), unscoped("a benchmark"):
        Base.metadata.create_all(db.engine)
        write_seconds = _write(count)
        argv = [sys.executable, "-m", "webapp.worker"]
        worker = spawn(argv, env={**os.environ, **environ}, output=subprocess.DEVNULL)
        try:
            send_seconds = _send(box, count)
        finally:
            worker.kill()
            worker.wait()
    return [
        Figure("mail_per_s", (count - 1) / send_seconds, "1/s"),
        Figure("mail_written_per_s", count / write_seconds, "1/s"),
    ]


def _write(count: int) -> float:
    organisation = Organisation(name="Bench", sort_name="bench", created_at=utcnow())
    db.session.add(organisation)
    commit()
    began = time.perf_counter()
    for number in range(count):
        send(
            "notification",
            to=f"p{number}@acme.test",
            language="en",
            organisation_id=organisation.id,
            values={
                "NAME": "Anna Rossi",
                "TITLE": f"Mail {number}",
                "MESSAGE": "Tray 2\nis empty.",
            },
        )
        commit()
    return time.perf_counter() - began


def _send(box: Mailbox, count: int) -> float:
    drains.redis().flushall()
    drains.enqueue("quick", "mail")
    while box.store.received == 0:
        time.sleep(0.002)
    began = time.perf_counter()
    while box.store.received < count:
        time.sleep(0.01)
    return time.perf_counter() - began


def _environ(postgres: Postgres, redis: Redis, box: Mailbox, data: str) -> dict[str, str]:
    return {
        "OUTPOST_ENV": "test",
        "BASE_URL": "http://localhost",
        "DATABASE_URL": postgres.url,
        "REDIS_URL": redis.url,
        "SECRET_KEY": "test-only-0123456789-abcdefghijklmnopqrstuvwxyz",
        "CODE_PEPPER": "test-pepper-9876543210-zyxwvutsrqponmlkjihgfedcba",
        "DATA_DIR": data,
        "MAIL_PORT": str(box.smtp_port),
    }


if __name__ == "__main__":
    sys.exit(main())
