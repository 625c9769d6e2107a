"""A portal with a database of its own that may be wrecked, and a directory for its backups."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import make_url

from tests.cast import World
from webapp import create_app
from webapp.core.db import db, dispose_engines
from webapp.core.web import Portal
from webapp.launcher.services import Postgres
from webapp.settings import Settings

ROOT = Path(__file__).parents[2]
KEY = "backup-test-key-0123456789-abcdefghijklmnop"


@dataclass
class Site:
    """One installation: `flask …` is run as a person would, in a process of its own."""

    settings: Settings
    postgres: Postgres

    @property
    def folder(self) -> Path:
        return self.settings.backup_dir

    @property
    def data(self) -> Path:
        return self.settings.data_dir

    def flask(self, *argv: str, **more: str) -> subprocess.CompletedProcess[str]:
        s = self.settings
        environ = {
            "PATH": os.environ["PATH"],
            "OUTPOST_ENV": "test",
            "BASE_URL": s.base_url,
            "DATABASE_URL": s.database_url,
            "REDIS_URL": s.redis_url,
            "SECRET_KEY": s.secret_key,
            "CODE_PEPPER": s.code_pepper,
            "DATA_DIR": str(s.data_dir),
            "BACKUP_DIR": str(s.backup_dir),
            "BACKUP_KEY": KEY,
            "POSTGRES_BIN": str(self.postgres.bin),
            "LOG_FORMAT": "json",
            **more,
        }
        command = [sys.executable, "-m", "flask", "--app", "wsgi", *argv]
        return subprocess.run(
            command, env=environ, cwd=ROOT, capture_output=True, text=True, check=False
        )

    def make(self) -> Path:
        done = self.flask("backup", "create")
        assert done.returncode == 0, done.stderr
        return Path(done.stdout.splitlines()[-1].split("  ")[0])

    def connect(self, name: str | None = None) -> psycopg.Connection[tuple[object, ...]]:
        url = make_url(self.settings.database_url).set(drivername="postgresql")
        url = url.set(database=name) if name else url
        return psycopg.connect(url.render_as_string(hide_password=False), autocommit=True)

    def checksums(self, name: str | None = None) -> dict[str, str]:
        """Table → digest of all its rows."""
        with self.connect(name) as connection:
            tables = connection.execute(
                "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
            ).fetchall()
            return {str(t): self._checksum(connection, str(t)) for (t,) in tables}

    @staticmethod
    def _checksum(connection: psycopg.Connection[tuple[object, ...]], table: str) -> str:
        rows = connection.execute(
            sql.SQL("SELECT t::text FROM {} t ORDER BY 1").format(sql.Identifier(table))
        ).fetchall()
        return hashlib.sha256(repr(rows).encode()).hexdigest()

    def databases(self) -> set[str]:
        with self.connect("postgres") as connection:
            return {str(n) for (n,) in connection.execute("SELECT datname FROM pg_database")}


@pytest.fixture
def site(
    settings: Settings, postgres: Postgres, tmp_path: Path, worker_name: str
) -> Iterator[Site]:
    """Acme and Globex in a database of their own, with a file that belongs into a backup and one that doesn't."""
    url = postgres.create_database(worker_name)
    own = replace(
        settings,
        database_url=url,
        data_dir=tmp_path / "data",
        backup_dir=tmp_path / "backups",
        backup_key=KEY,
        postgres_bin=postgres.bin,
    )
    app = create_app(own)
    with app.app_context():
        db.create_all()
    World.create(app)
    dispose_engines(app)
    with app.app_context():
        db.engine.dispose()
    for name, text in {"audit-heads/1.json": "{}", "secrets/secret_key": "never"}.items():
        (own.data_dir / name).parent.mkdir(parents=True)
        (own.data_dir / name).write_text(text)
    found = Site(own, postgres)
    yield found
    for name in found.databases():
        if name.startswith(worker_name):
            postgres.drop_database(name)


@pytest.fixture
def worker_name() -> str:
    """A name that nobody else of this server uses."""
    return f"site_{os.getpid()}"


@pytest.fixture
def backing_up(
    portal: Portal, postgres: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """The shared portal of the tests, able to back itself up; the directory of its backups."""
    settings = portal.extensions["settings"]
    able: Settings = replace(
        settings,
        data_dir=tmp_path / "data",
        backup_dir=tmp_path / "backups",
        backup_key=KEY,
        backup_keep=3,
        postgres_bin=postgres.bin,
    )
    monkeypatch.setitem(portal.extensions, "settings", able)
    return able.backup_dir
