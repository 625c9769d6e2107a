"""A portal on throwaway servers, and the form of a figure."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple

from webapp import create_app
from webapp.core.db import db
from webapp.core.web import Portal
from webapp.launcher.services import Postgres, Redis
from webapp.settings import from_environment


class Figure(NamedTuple):
    """One measured number; printed as `name value unit`."""

    name: str
    value: float
    unit: str

    def __str__(self) -> str:
        return f"{self.name} {self.value:.1f} {self.unit}"


@dataclass(frozen=True)
class Bench:
    """What a benchmark is given."""

    portal: Portal
    environment: dict[str, str]


@contextmanager
def bench(settings: Mapping[str, str] | None = None) -> Iterator[Bench]:
    """An empty portal with its tables on PostgreSQL and Redis of its own; `settings` beyond the usual."""
    with Postgres.throwaway() as postgres, Redis.throwaway() as redis:
        with tempfile.TemporaryDirectory() as folder:
            environment = {
                "OUTPOST_ENV": "test",
                "BASE_URL": "http://localhost",
                "DATABASE_URL": postgres.url,
                "REDIS_URL": redis.url,
                "SECRET_KEY": "benchmark-0123456789-abcdefghijklmnopqrstuvwxyz",
                "CODE_PEPPER": "benchmark-9876543210-zyxwvutsrqponmlkjihgfedcba",
                "DATA_DIR": folder,
                "LOG_FORMAT": "json",
                **(settings or {}),
            }
            portal = create_app(from_environment(environment))
            with portal.app_context():
                db.create_all()
            yield Bench(portal, environment)
