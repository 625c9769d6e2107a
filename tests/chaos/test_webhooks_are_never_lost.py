"""A worker dies at every dangerous point; every event arrives, and a double carries the same event id."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.webhooks.conftest import Post, loopback, post, there
from tests.webhooks.receiver import Receiver
from webapp.core import drains
from webapp.launcher.services import Postgres, Redis
from webapp.settings import Settings

__all__ = ["loopback", "post", "there"]

pytestmark = [pytest.mark.feature("P-33"), pytest.mark.chaos]

POINTS = ("webhooks.after_claim", "webhooks.after_answer#3", "webhooks.before_commit")
EVENTS = 12


@pytest.mark.parametrize("point", POINTS)
def test_a_death_loses_nothing(
    post: Post,
    there: Receiver,
    settings: Settings,
    postgres: Postgres,
    redis_server: Redis,
    tmp_path: Path,
    point: str,
) -> None:
    post.webhook(there.url)
    post.happens(EVENTS)
    environ = {
        **os.environ,
        "OUTPOST_ENV": "test",
        "BASE_URL": settings.base_url,
        "DATABASE_URL": postgres.url,
        "REDIS_URL": redis_server.url,
        "SECRET_KEY": settings.secret_key,
        "CODE_PEPPER": settings.code_pepper,
        "DATA_DIR": str(tmp_path),
        "WEBHOOK_ALLOW_PRIVATE": "yes",
        "WEBHOOK_ALLOW_HTTP": "yes",
        "OUTPOST_CRASH_AT": point,
        "OUTPOST_CRASH_ONCE": str(tmp_path),
        "LOG_FORMAT": "json",
    }
    worker = subprocess.Popen(
        [sys.executable, "-m", "webapp.worker"],
        env=environ,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline, mourned = time.monotonic() + 60, False
        while any(d.state != "done" for d in post.deliveries()):
            assert time.monotonic() < deadline, Counter(d.state for d in post.deliveries())
            if not mourned and (tmp_path / point).exists():
                mourned = True
                post.the_dead_are_missed()
            with post.world.portal.app_context():
                drains.enqueue("quick", "webhooks")
            time.sleep(0.3)
    finally:
        worker.kill()
        worker.wait()
    assert (tmp_path / point).exists(), "the worker did not die"
    arrived = Counter(r.event["id"] for r in there.received)
    assert set(arrived) == {d.event_id for d in post.deliveries()}
    assert len(arrived) == EVENTS
