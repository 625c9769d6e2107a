"""Imports through the whole engine, people and printers: `python -m benchmarks.imports [count]`.

P-42 and A-9 ask for 30 s a 100,000 lines of the engine itself (`import_printers_10k_s` has a tenth of it, with what
making printers takes). The figures are those of one worker, from the first step to the last.
"""

from __future__ import annotations

import io
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable

from sqlalchemy import select

from benchmarks.portals import Figure
from webapp import create_app
from webapp.core.activities import Activity, run_activities
from webapp.core.clock import utcnow
from webapp.core.db import Base, commit, db
from webapp.core.principal import Actor, Principal, acting_as
from webapp.core.tenancy import scope, unscoped
from webapp.imports import services
from webapp.imports.models import Import
from webapp.imports.queries import find_by_id
from webapp.imports.subjects import subject_of
from webapp.launcher.services import Postgres, Redis
from webapp.orgs.models import Organisation
from webapp.settings import from_environment

COUNT = 10_000
MOST_SECONDS = 600


def main() -> int:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else COUNT
    with Postgres.throwaway() as postgres, Redis.throwaway() as redis:
        with tempfile.TemporaryDirectory() as data:
            for figure in measure(_environ(postgres, redis, data), count):
                print(figure)
    return 0


def measure(environ: dict[str, str], count: int) -> list[Figure]:
    portal = create_app(from_environment(environ))
    with portal.app_context(), unscoped("a benchmark"):
        Base.metadata.create_all(db.engine)
        organisation_id = _organisation()
    with portal.app_context():
        size = f"{count // 1000}k"
        figures: list[Figure] = []
        for name, line in (("printers", _printer), ("users", _person)):
            seconds = _through(name, line, count, organisation_id)
            figures += [
                Figure(f"import_{name}_{size}_s", seconds["commit"] + seconds["check"], "s")
            ]
            figures += [
                Figure(f"import_{name}_{size}_{step}_s", value, "s")
                for step, value in seconds.items()
            ]
    figures.append(Figure("import_peak_mb", _peak_mb(), "MB"))
    return figures


def _through(
    name: str, line: Callable[[int], str], count: int, organisation_id: int
) -> dict[str, float]:
    """Seconds of each step; what is made is taken back at the end."""
    robot = Principal(Actor.JOB, None, "benchmark", org=organisation_id)
    with acting_as(robot), scope(organisation_id):
        seconds = {"upload": 0.0, "check": 0.0, "commit": 0.0, "undo": 0.0}
        heading = "name;serial;location" if name == "printers" else "name;email;roles;username"
        content = io.BytesIO("\n".join([heading, *map(line, range(count))]).encode())
        began = time.perf_counter()
        row = services.keep_upload(
            content, "list.csv", subject_of(name), organisation_id=organisation_id, now=utcnow()
        )
        commit()
        seconds["upload"] = time.perf_counter() - began
        import_id, subject = row.id, subject_of(name)
        services.begin_check(row, subject, row.mapping, version=str(row.version))
        seconds["check"] = _work()
        row = _row(import_id)
        assert row.good == count, (row.state, row.problem, row.faulty)
        services.begin_commit(row, without_faulty=False, version=str(row.version))
        seconds["commit"] = _work()
        row = _row(import_id)
        assert row.made == count, (row.state, row.problem)
        services.begin_undo(row, now=utcnow())
        seconds["undo"] = _work()
        assert _row(import_id).made == 0, (_row(import_id).state, _row(import_id).problem)
    return seconds


def _work() -> float:
    commit()
    began = time.perf_counter()
    with unscoped("as the worker does"):
        while db.session.scalar(select(Activity.id).where(Activity.ended_at.is_(None))):
            if time.perf_counter() - began > MOST_SECONDS:
                raise TimeoutError("an import does not end")
            run_activities()
    return time.perf_counter() - began


def _row(import_id: int) -> Import:
    row = find_by_id(import_id)
    assert row is not None
    return row


def _printer(n: int) -> str:
    return f"Printer {n};SN{n:07};Floor {n % 12}"


def _person(n: int) -> str:
    return f"Person {n};person.{n}@example.com;reader;person.{n}"


def _organisation() -> int:
    row = Organisation(
        name="Bench", sort_name="bench", created_at=utcnow(), trades=[], language="en"
    )
    db.session.add(row)
    db.session.flush()
    row.path = f"/{row.id}/"
    commit()
    return row.id


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _environ(postgres: Postgres, redis: Redis, data: str) -> dict[str, str]:
    return {
        "PATH": os.environ.get("PATH", ""),
        "OUTPOST_ENV": "test",
        "BASE_URL": "http://localhost",
        "DATABASE_URL": postgres.url,
        "REDIS_URL": redis.url,
        "SECRET_KEY": "bench-only-0123456789-abcdefghijklmnopqrstuvwxyz",
        "CODE_PEPPER": "bench-pepper-9876543210-zyxwvutsrqponmlkjihgfedcba",
        "DATA_DIR": data,
        "MAIL_PORT": "1",
        "LOG_FORMAT": "json",
        "FLOOD_PER_MINUTE": "0",
    }


if __name__ == "__main__":
    sys.exit(main())
