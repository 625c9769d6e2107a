"""Sealed checkpoints: where a chain stood, every hour, and always before old rows go.

A checkpoint is a row, committed first, then a line in `DATA_DIR/audit-checkpoints/<year>.jsonl`, then the row says
so. Dying in between leaves a row that the next sweep writes out; a line that stands there twice says the same
twice. Rows go only after that. Mount the directory from elsewhere, or copy it elsewhere.

One JSON object a line: {"organisation", "seq", "kind", "hash", "seal", "at"}. `flask audit verify` holds the
files against the database, in both directions.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

from flask import current_app
from sqlalchemy import and_, func, select
from sqlalchemy.dialects.postgresql import insert

from webapp.audit import chain
from webapp.audit.models import AuditCheckpoint, AuditHead, CheckpointKind
from webapp.audit.verification import Mark
from webapp.core.clock import utcnow
from webapp.core.crashpoints import crash_point
from webapp.core.crypto import derived_key
from webapp.core.db import commit, db
from webapp.core.drains import sweep
from webapp.core.tenancy import unscoped

BATCH = 500
SEAL = "audit-checkpoint"


class UnreadableCheckpoints(Exception):
    """A file of checkpoints can't be read; the message names file and line."""


@sweep("audit-checkpoints", every_seconds=3600)
def write_checkpoints() -> int:
    """A checkpoint for each chain that moved since its last; what has no line yet gets one."""
    now, made = utcnow(), 0
    while heads := _moved():
        for head in heads:
            add(head.organisation_id, head.seq, head.hash, kind=CheckpointKind.HOURLY, now=now)
        commit()
        made += len(heads)
        crash_point("audit.checkpoint_made")
        write_out()
    write_out()
    return made


def add(
    organisation_id: int, seq: int, head: bytes, *, kind: CheckpointKind, now: datetime
) -> None:
    """In the caller's transaction; one that is there already stays as it is."""
    values = {
        "organisation_id": organisation_id,
        "seq": seq,
        "kind": kind.value,
        "hash": head,
        "seal": chain.seal_checkpoint(derived_key(SEAL), organisation_id, seq, kind.value, head),
        "at": now,
    }
    db.session.execute(
        insert(AuditCheckpoint.__table__).values(values).on_conflict_do_nothing()  # type: ignore[arg-type]
    )


def write_out() -> int:
    """Append every checkpoint that has no line yet; safe when two processes do it at once."""
    written = 0
    with unscoped("checkpoints of all chains are written out"):
        while rows := _unwritten():
            path = _file_of(rows[0].at)
            _append(path, [_line(row) for row in rows])
            crash_point("audit.checkpoint_written")
            for row in rows:
                row.written_to = path.name
            commit()
            written += len(rows)
    return written


def directory() -> Path:
    found: Path = current_app.extensions["settings"].data_dir / "audit-checkpoints"
    found.mkdir(parents=True, exist_ok=True)
    return found


def files() -> list[Path]:
    return sorted(directory().glob("*.jsonl"))


def read(paths: Iterable[Path]) -> list[Mark]:
    """All lines of the files; raises `UnreadableCheckpoints`."""
    return [_mark(path, n, line) for path in paths for n, line in _lines(path)]


def _moved() -> Sequence[AuditHead]:
    """Heads beyond their last checkpoint of any kind."""
    with unscoped("the ends of all chains"):
        last = (
            select(func.max(AuditCheckpoint.seq))
            .where(AuditCheckpoint.organisation_id == AuditHead.organisation_id)
            .scalar_subquery()
        )
        moved = and_(AuditHead.seq > 0, AuditHead.seq > func.coalesce(last, 0))
        heads = select(AuditHead).where(moved).order_by(AuditHead.organisation_id).limit(BATCH)
        return db.session.scalars(heads.execution_options(populate_existing=True)).all()


def _unwritten() -> Sequence[AuditCheckpoint]:
    """Held until the commit; of one year, so that they go to one file."""
    rows = db.session.scalars(
        select(AuditCheckpoint)
        .where(AuditCheckpoint.written_to.is_(None))
        .order_by(AuditCheckpoint.id)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    ).all()
    return [row for row in rows if row.at.year == rows[0].at.year]


def _file_of(at: datetime) -> Path:
    return directory() / f"{at.year}.jsonl"


def _append(path: Path, lines: list[str]) -> None:
    """One write at the end of the file, on the disk before it returns; a torn last line is ended first."""
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o640)
    try:
        size = os.fstat(descriptor).st_size
        torn = size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"
        os.write(descriptor, (("\n" if torn else "") + "".join(lines)).encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _line(row: AuditCheckpoint) -> str:
    facts = {
        "organisation": row.organisation_id,
        "seq": row.seq,
        "kind": row.kind,
        "hash": row.hash.hex(),
        "seal": row.seal.hex(),
        "at": row.at.isoformat(),
    }
    return json.dumps(facts) + "\n"


def _lines(path: Path) -> list[tuple[int, str]]:
    try:
        text = path.read_text()
    except (OSError, ValueError) as error:
        raise UnreadableCheckpoints(f"{path} can't be read: {error}") from error
    return [(n, line) for n, line in enumerate(text.splitlines(), 1) if line.strip()]


def _mark(path: Path, number: int, line: str) -> Mark:
    try:
        entry = json.loads(line)
        return Mark(
            int(entry["organisation"]),
            int(entry["seq"]),
            str(entry["kind"]),
            bytes.fromhex(entry["hash"]),
            bytes.fromhex(entry["seal"]),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise UnreadableCheckpoints(f"{path}, line {number} can't be read: {error!r}") from error
