"""Making a backup: one row an attempt, one file a success, old files away.

An advisory lock is held meanwhile: where a row says "running" and the lock is free, its process has died.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import structlog
from flask import current_app
from sqlalchemy import select, text

from webapp.backups import postgres
from webapp.backups.models import Backup, BackupState
from webapp.backups.parts import PartWriter
from webapp.backups.sealing import CHUNK, SealedWriter
from webapp.core.clock import utcnow
from webapp.core.crashpoints import crash_point
from webapp.core.db import commit, db, rollback
from webapp.core.errors import Refusal
from webapp.settings import Settings

log = structlog.get_logger(__name__)

LOCK = 0x6261636B7570  # «backup»
NAME = re.compile(r"outpost-\d{8}T\d{6}Z-[0-9a-f]{4}\.backup")
FOLDERS = ("audit-heads", "audit-archive", "files", "exports")
"""What of DATA_DIR goes along. Never: secrets, logs, sockets, the database's own files, other backups."""


class Busy(Refusal):
    def __init__(self) -> None:
        super().__init__("Another backup or restore is running.", status=409)


@contextmanager
def only_one() -> Iterator[None]:
    """One backup or restore at a time over all machines; raises `Busy`."""
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if not connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": LOCK}):
            raise Busy
        try:
            yield
        finally:
            connection.invalidate()  # ends the session and with it the lock


def make(row: Backup, *, folder: Path | None = None) -> Backup:
    """Make the backup that the row stands for; what goes wrong stands in it. Call it inside `only_one`."""
    target = folder or settings().backup_dir
    now = utcnow()
    row.state, row.began_at, row.revision = BackupState.RUNNING, now, revision()
    db.session.add(row)
    commit()
    try:
        path = _write(target, row.revision, now)
    except (Refusal, postgres.ProgramFailed, OSError) as error:
        return _failed(row, str(error))
    except BaseException as error:
        rollback()
        _failed(row, f"{type(error).__name__}: {error}")
        raise
    row.state, row.place, row.ended_at = BackupState.DONE, str(path), utcnow()
    row.size_bytes = path.stat().st_size
    commit()
    log.info("backup_made", place=row.place, size_bytes=row.size_bytes)
    if folder is None:
        prune(target)
    return row


def _failed(row: Backup, words: str) -> Backup:
    row.state, row.error, row.ended_at = BackupState.FAILED, words[:500], utcnow()
    commit()
    log.error("backup_failed", words=row.error)
    return row


def bury_the_dead() -> list[Backup]:
    """Rows that say "running" although nobody holds the lock. Call it inside `only_one`."""
    dead = db.session.scalars(select(Backup).where(Backup.state == BackupState.RUNNING)).all()
    for row in dead:
        row.state, row.ended_at = BackupState.FAILED, utcnow()
        row.error = "The process that made it has ended before it was done."
    commit()
    return list(dead)


def _write(folder: Path, schema: str, now: datetime) -> Path:
    secret = key()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for left_over in folder.glob("outpost-*.backup.partial"):
        left_over.unlink()
    path = folder / f"outpost-{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}.backup"
    draft = path.with_name(f"{path.name}.partial")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            header = {
                "made_at": now.isoformat(),
                "revision": schema,
                "server": socket.gethostname(),
            }
            sealed = SealedWriter(file, secret, header)
            _fill(PartWriter(sealed), header)
            sealed.close()
            file.flush()
            os.fsync(file.fileno())
        draft.rename(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    _sync(folder)
    return path


def _fill(parts: PartWriter, header: dict[str, str]) -> None:
    parts.begin("manifest")
    manifest = {**header, "postgres": postgres.server_version(), "database": postgres.database()}
    parts.write(json.dumps(manifest).encode())
    parts.end()
    parts.begin("database")
    postgres.dump(parts.write)
    parts.end()
    crash_point("backup.after_dump")
    for path in files_of(settings().data_dir):
        _add_file(parts, path)
    parts.close()


def _add_file(parts: PartWriter, path: Path) -> None:
    """One that went away meanwhile (a sweep) is no fault."""
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return
    with file:
        parts.begin(f"file:{path.relative_to(settings().data_dir).as_posix()}")
        while block := file.read(CHUNK):
            parts.write(block)
        parts.end()


def files_of(data_dir: Path) -> Iterator[Path]:
    """Plain files of the folders that matter, no links."""
    for folder in FOLDERS:
        for path in sorted((data_dir / folder).rglob("*")):
            if path.is_file() and not path.is_symlink():
                yield path


def prune(folder: Path) -> None:
    """Keep the newest `BACKUP_KEEP`; only files with the very names that we give."""
    ours = sorted(p for p in folder.iterdir() if NAME.fullmatch(p.name))
    for path in ours[: -settings().backup_keep]:
        path.unlink(missing_ok=True)
        log.info("backup_removed", place=str(path))


def key() -> str:
    found = settings().backup_key
    if found is None:
        raise Refusal(
            "BACKUP_KEY is not set. Make one (python3 -c 'import secrets; print(secrets.token_urlsafe(48))'), "
            "and keep a copy away from this server: without it no backup can be read."
        )
    return found


def revision() -> str:
    """The schema's revision, from the database itself; empty where there are no migrations (tests)."""
    if db.session.scalar(text("SELECT to_regclass('alembic_version')")) is None:
        return ""
    return db.session.scalar(text("SELECT version_num FROM alembic_version")) or ""


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def settings() -> Settings:
    found: Settings = current_app.extensions["settings"]
    return found
