"""PostgreSQL's own programs, and the few statements about whole databases."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

import psycopg
from flask import current_app
from psycopg import sql
from sqlalchemy import make_url

from webapp.backups.sealing import CHUNK
from webapp.core.errors import Refusal
from webapp.settings import Settings

LONGEST_WORDS = 500
SWAP_TRIES = 20
SCRATCH, BEFORE = "_restoring_", "_before_"


class ProgramFailed(Exception):
    """pg_dump or pg_restore did not end well; the message is what it said."""


def dump(write: Callable[[bytes], object]) -> None:
    """pg_dump of the portal's database in its custom format, one snapshot, handed over in pieces."""
    argv = ["--format=custom", "--no-owner", "--no-privileges"]
    with tempfile.TemporaryFile() as said:
        child = _spawn("pg_dump", argv, database(), stdout=subprocess.PIPE, stderr=said)
        try:
            assert child.stdout is not None  # noqa: S101 - a pipe was asked for
            while block := child.stdout.read(CHUNK):
                write(block)
            _check(child, said)
        finally:
            _end(child)


def load(name: str, blocks: Iterable[bytes]) -> None:
    """pg_restore into a database, in one transaction: all of it or nothing."""
    argv = ["--exit-on-error", "--single-transaction", "--no-owner", "--no-privileges"]
    with tempfile.TemporaryFile() as said:
        child = _spawn("pg_restore", argv, name, stdin=subprocess.PIPE, stderr=said)
        try:
            assert child.stdin is not None  # noqa: S101 - a pipe was asked for
            try:
                for block in blocks:
                    child.stdin.write(block)
                child.stdin.close()
            except BrokenPipeError:
                pass  # it has ended, and said why
            _check(child, said)
        finally:
            _end(child)


def _spawn(program: str, argv: list[str], name: str, **pipes: Any) -> subprocess.Popen[bytes]:
    url = make_url(_settings().database_url)
    password = {"PGPASSWORD": str(url.password)} if url.password else {}
    plain = url.set(drivername="postgresql", password=None, database=name)
    return subprocess.Popen(
        [_program(program), *argv, "--dbname", plain.render_as_string()],
        env={**os.environ, **password, "LC_ALL": "C"},
        **pipes,
    )


def _program(name: str) -> str:
    folder = _settings().postgres_bin
    found = shutil.which(name, path=str(folder) if folder else None)
    if found is None:
        where = f"in {folder} (POSTGRES_BIN)" if folder else "on the PATH; POSTGRES_BIN can name it"
        raise Refusal(f"{name} was not found {where}.")
    return found


def _check(child: subprocess.Popen[bytes], said: Any) -> None:
    if child.wait() == 0:
        return
    said.seek(0)
    words = said.read(16 * LONGEST_WORDS).decode(errors="replace").strip()
    raise ProgramFailed(words[:LONGEST_WORDS] or f"it ended with {child.returncode}")


def _end(child: subprocess.Popen[bytes]) -> None:
    if child.poll() is None:
        child.kill()
        child.wait()
    for pipe in (child.stdin, child.stdout):
        if pipe is not None and not pipe.closed:
            try:
                pipe.close()
            except BrokenPipeError:
                continue


def database() -> str:
    """The name of the portal's database."""
    return make_url(_settings().database_url).database or ""


def is_empty() -> bool:
    """Whether the portal's database holds no table. Raises `Refusal` when it can't be opened."""
    with _connected(database()) as connection:
        found = connection.execute(
            "SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
            "WHERE n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema' LIMIT 1"
        ).fetchone()
    return found is None


def make_scratch(now: datetime) -> str:
    """An empty database with the locale of the portal's own; needs the right to make databases."""
    name = f"{database()}{SCRATCH}{now:%Y%m%d%H%M%S}"
    with _connected("postgres") as connection:
        _drop_left_over(connection)
        row = connection.execute(
            "SELECT row_to_json(d) FROM pg_database d WHERE datname = %s", [database()]
        ).fetchone()
        facts: dict[str, Any] = row[0] if row else {}
        try:
            connection.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8' {}").format(
                    sql.Identifier(name), _locale(facts)
                )
            )
        except psycopg.errors.InsufficientPrivilege as error:
            raise Refusal(
                "The database account may not make databases, which --replace needs. Give it the right "
                "(ALTER ROLE … CREATEDB), or make an empty database and point DATABASE_URL at it."
            ) from error
    return name


def _locale(facts: dict[str, Any]) -> sql.Composable:
    """As the portal's database has it. PostgreSQL 16 calls the column daticulocale, later ones datlocale."""
    parts: list[sql.Composable] = [
        sql.SQL("LC_COLLATE {} LC_CTYPE {}").format(facts["datcollate"], facts["datctype"]),
    ]
    provider = facts.get("datlocprovider")
    locale = facts.get("datlocale") or facts.get("daticulocale")
    if provider == "b":
        parts.append(sql.SQL("LOCALE_PROVIDER builtin BUILTIN_LOCALE {}").format(locale))
    elif provider == "i":
        parts.append(sql.SQL("LOCALE_PROVIDER icu ICU_LOCALE {}").format(locale))
    else:
        parts.append(sql.SQL("LOCALE_PROVIDER libc"))
    return sql.SQL(" ").join(parts)


def _drop_left_over(connection: psycopg.Connection[Any]) -> None:
    """Databases of restores that died; one that is being filled has a connection and stays."""
    rows = connection.execute(
        "SELECT d.datname FROM pg_database d WHERE starts_with(d.datname, %s) "
        "AND NOT EXISTS (SELECT 1 FROM pg_stat_activity a WHERE a.datname = d.datname)",
        [f"{database()}{SCRATCH}"],
    ).fetchall()
    for (name,) in rows:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name)))


def forget_unfinished(name: str) -> None:
    """A backup holds its own row as "running"; nobody works on that one any more."""
    with _connected(name) as connection:
        connection.execute("DELETE FROM backups WHERE state IN ('asked', 'running')")


def drop(name: str) -> None:
    with _connected("postgres") as connection:
        connection.execute(
            sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
        )


def swap(scratch: str, now: datetime) -> str:
    """Put the scratch database in the place of the portal's; the old one's new name.

    Both names change in one transaction: whoever dies in the middle leaves the old one where it was.
    """
    own, old = database(), f"{database()}{BEFORE}{now:%Y%m%d%H%M%S}"
    rename = sql.SQL("ALTER DATABASE {} RENAME TO {}")
    with _connected("postgres") as connection:
        for attempt in range(SWAP_TRIES):
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = ANY(%s) AND pid <> pg_backend_pid()",
                [[own, scratch]],
            )
            try:
                with connection.transaction():
                    for before, after in ((own, old), (scratch, own)):
                        names = sql.Identifier(before), sql.Identifier(after)
                        connection.execute(rename.format(*names))
                return old
            except psycopg.errors.ObjectInUse:
                time.sleep(0.1 * attempt)
    raise Refusal(
        "Others use the database without a pause. Stop web, worker and clock, then restore again; "
        "nothing was changed."
    )


def _connected(name: str) -> psycopg.Connection[Any]:
    url = make_url(_settings().database_url).set(drivername="postgresql", database=name)
    address = url.render_as_string(hide_password=False)
    try:
        return psycopg.connect(address, autocommit=True, connect_timeout=5)
    except psycopg.OperationalError as error:
        words = " ".join(str(error).split())[:LONGEST_WORDS]
        raise Refusal(f"The database {name} can't be opened: {words}") from error


def server_version() -> str:
    with _connected(database()) as connection:
        row = connection.execute("SHOW server_version").fetchone()
    return str(row[0]) if row else ""


def _settings() -> Settings:
    settings: Settings = current_app.extensions["settings"]
    return settings
