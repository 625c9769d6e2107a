"""Sign-ins a second of one web process, Argon2id and all its transactions included.

python -m benchmarks.signin
"""

from __future__ import annotations

import logging
import re
import time
from concurrent.futures import ThreadPoolExecutor

from flask.testing import FlaskClient

from tests.cast import World
from webapp import create_app
from webapp.accounts import passwords
from webapp.accounts.models import User
from webapp.core.clock import utcnow
from webapp.core.db import Base, commit, db
from webapp.core.web import Portal
from webapp.launcher.services import Postgres, Redis
from webapp.settings import from_environment

THREADS = 8
SIGN_INS = 160
PASSWORD = "Pylon-7-grazing-Otter"


def signin_per_s() -> tuple[str, float, str]:
    """Name, value, unit. Threads as in production (8), each sign-in by a person and browser of its own."""
    with Postgres.throwaway() as postgres, Redis.throwaway() as redis:
        portal = _portal(postgres.url, redis.url)
        names = _people(portal)
        browsers = [(_ready(portal), name) for name in names]
        began = time.perf_counter()
        with ThreadPoolExecutor(THREADS) as pool:
            done = list(pool.map(_sign_in, browsers))
        seconds = time.perf_counter() - began
    assert all(done), "a sign-in was refused"
    return "signin_per_s", round(SIGN_INS / seconds, 1), "1/s"


def argon2_per_s() -> tuple[str, float, str]:
    """Passwords verified a second and nothing else: what sign-ins can reach at most on this machine."""
    stored = passwords.hash_password(PASSWORD)
    began = time.perf_counter()
    with ThreadPoolExecutor(THREADS) as pool:
        done = list(pool.map(lambda _: passwords.verify(stored, PASSWORD), range(SIGN_INS)))
    assert all(done)
    return "argon2_per_s", round(SIGN_INS / (time.perf_counter() - began), 1), "1/s"


def _portal(database_url: str, redis_url: str) -> Portal:
    portal = create_app(
        from_environment(
            {
                "OUTPOST_ENV": "test",
                "BASE_URL": "http://localhost",
                "DATABASE_URL": database_url,
                "REDIS_URL": redis_url,
                "SECRET_KEY": "bench-only-0123456789-abcdefghijklmnopqrstuvwxyz",
                "CODE_PEPPER": "bench-pepper-9876543210-zyxwvutsrqponmlkjihgfedcba",
                "WEB_THREADS": str(THREADS),
            }
        )
    )
    with portal.app_context():
        Base.metadata.create_all(db.engine)
    World.create(portal)
    return portal


def _people(portal: Portal) -> list[str]:
    stored = passwords.hash_password(PASSWORD)
    names = [f"person-{number}" for number in range(SIGN_INS)]
    with portal.app_context():
        now = utcnow()
        for name in names:
            db.session.add(
                User(
                    username=name,
                    email=f"{name}@acme.test",
                    name=name,
                    sort_name=name,
                    password_hash=stored,
                    created_at=now,
                )
            )
        commit()
    return names


def _ready(portal: Portal) -> tuple[FlaskClient, str]:
    """A browser with the page open, and the page's CSRF token."""
    client = portal.test_client()
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get("/sign-in").text)
    assert found is not None
    return client, found[1]


def _sign_in(ready: tuple[tuple[FlaskClient, str], str]) -> bool:
    (client, csrf_token), name = ready
    data = {"name": name, "password": PASSWORD, "csrf_token": csrf_token}
    return client.post("/sign-in", data=data).status_code == 303


if __name__ == "__main__":
    logging.disable(logging.INFO)
    print(*argon2_per_s())
    print(*signin_per_s())
