"""Readings on their way, on disk: what was read while the portal was away is sent when it is back.

SQLite in WAL mode: what `put` returned from survives a killed process. Beyond the bound the oldest go, and are counted.
"""

from __future__ import annotations

import json
import logging
import sqlite3
import threading
import uuid
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from webapp.printers.agent.clock import utcnow

log = logging.getLogger(__name__)

TABLES = """
CREATE TABLE IF NOT EXISTS readings (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, body BLOB NOT NULL, size INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS counts (name TEXT PRIMARY KEY, number INTEGER NOT NULL);
"""


@dataclass(frozen=True)
class Waiting:
    """A reading as it is sent."""

    id: str
    message: dict[str, Any]
    size: int


class Spool:
    """Used by several threads."""

    def __init__(self, path: Path, *, most_bytes: int) -> None:
        self._path, self._most = path, most_bytes
        self._guard = threading.Lock()
        self._lost_in_memory = 0
        self._db = self._open()
        self._bytes = int(self._one("SELECT coalesce(sum(size), 0) FROM readings"))

    def put(self, message: dict[str, Any]) -> None:
        """Keeps it; where the disk is full it is lost and counted. `message` gets its id."""
        reading_id = str(uuid.uuid4())
        body = zlib.compress(json.dumps({**message, "reading_id": reading_id}).encode(), 6)
        with self._guard:
            try:
                self._insert(reading_id, body)
            except sqlite3.Error as error:
                self._db.rollback()
                self._lost_in_memory += 1
                log.error("a reading is lost, the queue can't be written: %s", error)

    def oldest(self, *, most: int, most_bytes: int) -> list[Waiting]:
        """The first of the queue; at least one, if there is one."""
        with self._guard:
            rows = self._db.execute(
                "SELECT id, body, size FROM readings ORDER BY seq LIMIT ?", (most,)
            ).fetchall()
        found: list[Waiting] = []
        total = 0
        for reading_id, body, size in rows:
            total += size
            if found and total > most_bytes:
                break
            found.append(Waiting(reading_id, json.loads(zlib.decompress(body)), size))
        return found

    def forget(self, ids: list[str]) -> None:
        """They are with the portal, or of no use to it."""
        with self._guard:
            for reading_id in ids:
                self._delete("id = ?", (reading_id,))
            self._db.commit()

    @property
    def count(self) -> int:
        with self._guard:
            return int(self._one("SELECT count(*) FROM readings"))

    @property
    def dropped(self) -> int:
        """How many were lost to the bound, or to a full disk, since the agent was set up."""
        with self._guard:
            on_disk = self._one(
                "SELECT coalesce(sum(number), 0) FROM counts WHERE name = 'dropped'"
            )
            return int(on_disk) + self._lost_in_memory

    def close(self) -> None:
        with self._guard:
            self._db.close()

    def _insert(self, reading_id: str, body: bytes) -> None:
        insert = "INSERT INTO readings (id, body, size) VALUES (?, ?, ?)"
        self._db.execute(insert, (reading_id, body, len(body)))
        self._bytes += len(body)
        while self._bytes > self._most:
            first = "seq = (SELECT min(seq) FROM readings)"
            if not self._delete(first, ()):
                break
            self._db.execute(
                "INSERT INTO counts VALUES ('dropped', 1) "
                "ON CONFLICT (name) DO UPDATE SET number = number + 1"
            )
        self._db.commit()

    def _delete(self, where: str, values: tuple[str, ...]) -> int:
        sql = f"DELETE FROM readings WHERE {where} RETURNING size"  # noqa: S608 - two constants
        sizes = [row[0] for row in self._db.execute(sql, values).fetchall()]
        self._bytes -= sum(sizes)
        return len(sizes)

    def _one(self, sql: str) -> Any:
        return self._db.execute(sql).fetchone()[0]

    def _open(self) -> sqlite3.Connection:
        """A file that is no database any more is put aside, and a new one begun."""
        try:
            return self._connect()
        except sqlite3.DatabaseError as error:
            aside = self._path.with_name(f"{self._path.name}.broken-{int(utcnow().timestamp())}")
            log.error("the queue is damaged (%s); it is put aside as %s", error, aside.name)
            self._path.rename(aside)
            for suffix in ("-wal", "-shm"):
                self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)
            return self._connect()

    def _connect(self) -> sqlite3.Connection:
        self._path.touch(mode=0o600)
        db = sqlite3.connect(self._path, check_same_thread=False, timeout=30)
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        db.executescript(TABLES)
        db.execute("SELECT count(*), sum(length(body)) FROM readings").fetchone()
        return db
