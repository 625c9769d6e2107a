"""The check, as long work: each line of the file is staged with its verdict, in batches with bounded memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from webapp.core.activities import Activity, activity
from webapp.core.clock import utcnow
from webapp.core.crashpoints import crash_point
from webapp.core.errors import Refusal
from webapp.core.files import MIB, File
from webapp.imports import staging
from webapp.imports.columns import Reading, reader, sources
from webapp.imports.jobs import CHECK, hold, still_may
from webapp.imports.models import Import, ImportState
from webapp.imports.queries import file_of
from webapp.imports.reading import Record, records, table
from webapp.imports.states import move
from webapp.imports.subjects import BATCH, Fault, Row, Subject

MOST_BYTES_A_BATCH: Final = 8 * MIB


@activity(CHECK)
def check_step(work: Activity) -> bool:
    """Clear away, then batch after batch, then what needs all lines: those that are the same."""
    row = hold(work)
    subject = still_may(row)
    cursor = work.cursor
    if cursor is None:
        staging.clear(row)
        work.cursor, work.total = {"offset": 0, "line": 1}, row.lines
        return False
    if "offset" in cursor:
        crash_point("imports.check")
        _check_batch(work, row, subject)
        return False
    staging.mark_same(row, subject)
    crash_point("imports.same")
    move(row, ImportState.CHECKED)
    row.problem = None
    work.finished = work.total
    return True


def _check_batch(work: Activity, row: Import, subject: Subject) -> None:
    assert work.cursor is not None  # noqa: S101 - asked by the caller
    try:
        found, cursor = _next_batch(file_of(row), row, work.cursor["offset"], work.cursor["line"])
    except Refusal as refusal:
        staging.clear(row)
        raise Refusal(refusal.message) from refusal
    read = reader(sources(subject, row.mapping))
    readings = [read(record.line, record.cells) for record in found]
    staging.stage(row, subject, readings, _faults(row, subject, readings))
    work.cursor = cursor
    work.finished = min(cursor.get("line", work.total), work.total)


def _next_batch(
    file: File, row: Import, offset: int, line: int
) -> tuple[list[Record], dict[str, int]]:
    """Up to 5,000 lines or 8 MiB, and where to go on; no offset once the end is reached."""
    found: list[Record] = []
    for record in _from(file, row, offset, line):
        found.append(record)
        if len(found) == BATCH or record.offset - offset >= MOST_BYTES_A_BATCH:
            return found, {"offset": record.offset, "line": record.next_line}
    return found, {"same": 1}


def _from(file: File, row: Import, offset: int, line: int) -> Iterator[Record]:
    if offset:
        yield from records(file, row.delimiter, offset=offset, line=line)
        return
    if not row.has_heading:
        yield from records(file, row.delimiter)
        return
    below = table(file, row.delimiter)
    next(below, None)
    yield from below


def _faults(row: Import, subject: Subject, readings: Sequence[Reading]) -> Iterator[Fault]:
    """Those of the cells; lines without one are shown to the subject."""
    for reading in readings:
        yield from reading.faults
    rows = [Row(r.line, r.values) for r in readings if not r.faults]
    if rows:
        yield from subject.check(rows, staging.context_of(row, utcnow()))
