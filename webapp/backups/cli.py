"""`flask backup create | list | verify | restore`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import datetime
from functools import wraps
from pathlib import Path
from typing import Any

import click
from flask.cli import AppGroup

from webapp.backups import making, restoring
from webapp.backups.models import Backup, BackupState
from webapp.backups.postgres import ProgramFailed
from webapp.backups.sealing import Unreadable, read_header
from webapp.core.clock import utcnow
from webapp.core.errors import Refusal

backup = AppGroup("backup", help="Encrypted backups of database and files.")
FILE = click.argument("file", type=click.Path(path_type=Path, dir_okay=False))


def _plainly(command: Callable[..., None]) -> Callable[..., None]:
    """What a person can mend is one sentence and exit code 1."""

    @wraps(command)
    def told(*args: Any, **kwargs: Any) -> None:
        try:
            command(*args, **kwargs)
        except (Refusal, Unreadable, ProgramFailed, OSError) as error:
            click.echo(str(error), err=True)
            sys.exit(1)

    return told


@backup.command("create")
@click.option(
    "--to",
    type=click.Path(path_type=Path, file_okay=False),
    help="Another directory than BACKUP_DIR; nothing there is ever removed.",
)
@_plainly
def create(to: Path | None) -> None:
    """Make a backup now and print where it is."""
    making.key()
    with making.only_one():
        making.bury_the_dead()
        row = making.make(Backup(by="flask backup create"), folder=to)
    if row.state == BackupState.FAILED:
        raise Refusal(f"The backup failed: {row.error}")
    click.echo(f"{row.place}  {row.size_bytes} bytes")


@backup.command("list")
@_plainly
def list_() -> None:
    """The backups in BACKUP_DIR, the newest first."""
    folder = making.settings().backup_dir
    found = sorted(folder.glob("outpost-*.backup"), reverse=True) if folder.exists() else []
    for path in found:
        click.echo(f"{path}  {path.stat().st_size:>12} bytes  {_header_in_words(path)}")
    click.echo(f"{len(found)} backups in {folder}")


def _header_in_words(path: Path) -> str:
    try:
        with path.open("rb") as file:
            header, _line = read_header(file)
    except Unreadable as error:
        return str(error)
    made = datetime.fromisoformat(header["made_at"])
    return f"made {made:%Y-%m-%d %H:%M} UTC on {header.get('server', '?')}"


@backup.command("verify")
@FILE
@_plainly
def verify(file: Path) -> None:
    """Read a whole backup and check every byte of it; the database is not touched."""
    click.echo(_in_words(restoring.verify(file)))


@backup.command("restore")
@FILE
@click.option(
    "--replace",
    is_flag=True,
    help="Also where the database is not empty; it is kept under another name.",
)
@_plainly
def restore(file: Path, replace: bool) -> None:
    """Put a backup in the place of the portal's database and files. Stop web, worker and clock before."""
    done = restoring.restore(file, replace=replace, now=utcnow())
    click.echo(f"restored: {_in_words(done.contents)}")
    if done.old_database:
        click.echo(
            f"the database as it was is kept as {done.old_database}: dropdb {done.old_database}"
        )
    for path in done.set_aside:
        click.echo(f"files as they were: {path}")
    if done.needs_upgrade:
        click.echo("its schema is older than this program: run flask db upgrade")


def _in_words(contents: restoring.Contents) -> str:
    manifest = contents.manifest
    return (
        f"backup of {manifest.get('made_at')} from {manifest.get('server')}, schema "
        f"{manifest.get('revision') or 'without revision'}, {contents.database_bytes} bytes of database, "
        f"{len(contents.files)} files"
    )
