"""Restoring: everything is read and authenticated first; the old database stays until the new one is whole.

An empty database is filled in one transaction. Another is not touched: with `replace` the backup goes into a new
database beside it, and both change their names in one transaction. Whoever dies before that leaves all as it was.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any

import structlog
from alembic.config import Config
from alembic.script import ScriptDirectory
from flask import current_app

from webapp.backups import making, postgres
from webapp.backups.parts import read_parts
from webapp.backups.sealing import Unreadable, chunks
from webapp.core.crashpoints import crash_point
from webapp.core.db import db, dispose_engines, rollback
from webapp.core.errors import Refusal

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Contents:
    """What a backup holds, once all of it was read and found genuine."""

    manifest: dict[str, Any]
    database_bytes: int
    files: list[str]


@dataclass(frozen=True)
class Restored:
    contents: Contents
    old_database: str | None
    """The new name of the database that was replaced."""
    set_aside: list[Path]
    needs_upgrade: bool


def verify(path: Path) -> Contents:
    """Read the whole file. Raises `Unreadable` with what is wrong, `Refusal` without a key or file."""
    manifest: dict[str, Any] = {}
    database_bytes, begins_well, files = 0, False, []
    for name, blocks in _parts(path):
        if name == "manifest":
            manifest = json.loads(b"".join(blocks))
        elif name == "database":
            for block in blocks:
                begins_well = begins_well or block.startswith(b"PGDMP")
                database_bytes += len(block)
        else:
            files.append(_safe(name))
    if not manifest or not begins_well:
        raise Unreadable("The backup holds no database.")
    return Contents(manifest, database_bytes, files)


def restore(path: Path, *, replace: bool, now: datetime) -> Restored:
    """Put the backup in the place of the portal's database and files; see the module for the order."""
    contents = verify(path)
    behind = _is_behind(contents.manifest.get("revision", ""))
    empty = postgres.is_empty()
    if not empty and not replace:
        raise Refusal(
            f"The database {postgres.database()} is not empty. With --replace the backup takes its place, "
            "and it is kept under another name."
        )
    staged = _stage_files(path, now)
    try:
        with making.only_one():
            old = _fill(path, empty=empty, now=now)
        set_aside = _put_files(staged, now)
    finally:
        shutil.rmtree(staged, ignore_errors=True)
    return Restored(contents, old, set_aside, behind)


def _fill(path: Path, *, empty: bool, now: datetime) -> str | None:
    if empty:
        postgres.load(postgres.database(), _database(path))
        postgres.forget_unfinished(postgres.database())
        return None
    scratch = postgres.make_scratch(now)
    try:
        postgres.load(scratch, _database(path))
        postgres.forget_unfinished(scratch)
        crash_point("restore.before_swap")
        _let_go()
        return postgres.swap(scratch, now)
    except BaseException:
        postgres.drop(scratch)
        raise


def _let_go() -> None:
    """Our own idle connections would keep the old database's name."""
    rollback()
    db.session.remove()
    db.engine.dispose()
    dispose_engines(current_app._get_current_object())  # type: ignore[attr-defined]


def _parts(path: Path) -> Iterator[tuple[str, Iterator[bytes]]]:
    try:
        file = path.open("rb")
    except OSError as error:
        raise Refusal(f"{path} can't be read: {error.strerror}.") from error
    with file:
        yield from read_parts(chunks(file, making.key()))


def _database(path: Path) -> Iterator[bytes]:
    for name, blocks in _parts(path):
        if name == "database":
            yield from blocks


def _stage_files(path: Path, now: datetime) -> Path:
    """The files in a directory of their own, on the same disk as where they go."""
    staged = making.settings().data_dir / f"restoring-{now:%Y%m%d%H%M%S}"
    staged.mkdir(parents=True, mode=0o700)
    for name, blocks in _parts(path):
        if not name.startswith("file:"):
            continue
        target = staged / _safe(name)
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("wb") as file:
            for block in blocks:
                file.write(block)
    return staged


def _put_files(staged: Path, now: datetime) -> list[Path]:
    """Each folder takes the place of the one there, which is kept beside it."""
    set_aside = []
    for folder in making.FOLDERS:
        present = making.settings().data_dir / folder
        if present.exists():
            aside = present.with_name(f"{folder}.before-{now:%Y%m%d%H%M%S}")
            present.rename(aside)
            set_aside.append(aside)
        if (staged / folder).exists():
            (staged / folder).rename(present)
    return set_aside


def _safe(name: str) -> str:
    """A path below one of the folders that we keep, never above."""
    path = PurePosixPath(name.removeprefix("file:"))
    if (
        path.is_absolute()
        or ".." in path.parts
        or path.parts[:1] not in {(f,) for f in making.FOLDERS}
    ):
        raise Unreadable(f"The backup names a file where none belongs: {path}")
    return str(path)


def _is_behind(revision: str) -> bool:
    """Whether migrations are to follow. Raises `Refusal` for a schema that this program doesn't know."""
    if not revision:
        return False
    config = Config()
    config.set_main_option(
        "script_location", str(Path(current_app.root_path).parent / "migrations")
    )
    script = ScriptDirectory.from_config(config)
    if revision not in {one.revision for one in script.walk_revisions()}:
        raise Refusal(
            f"The backup was made by another version of Outpost: its schema {revision} is unknown here. "
            "Install that version, or a newer one."
        )
    return revision not in script.get_heads()
