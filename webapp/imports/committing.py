"""The commit, as long work: make batch by batch, then finish batch by batch.

Each batch and the ids it made are one transaction, so that a worker's death doubles nothing. Until all lines are in,
whatever ends the work has all of it taken back; from the first finished batch on nothing does.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import delete

from webapp.core.activities import Activity, activity
from webapp.core.clock import utcnow
from webapp.core.crashpoints import crash_point
from webapp.core.db import db
from webapp.core.errors import Refusal
from webapp.core.files import File
from webapp.core.web import path_of
from webapp.imports import staging
from webapp.imports.events import ImportEvent
from webapp.imports.jobs import COMMIT, hold, note, still_may
from webapp.imports.models import Import, ImportState
from webapp.imports.queries import organisation_of
from webapp.imports.states import move
from webapp.imports.subjects import Fault, Row, Subject, subject_of


@activity(COMMIT)
def commit_step(work: Activity) -> bool:
    row = hold(work)
    cursor = work.cursor or {"make": 0}
    if "make" in cursor:
        work.cursor = _make_batch(work, row, still_may(row), cursor["make"])
        return False
    after = _finish_batch(row, still_may_finish(row), cursor["finish"])
    work.cursor = {"finish": after}
    if after is not None:
        return False
    _close(work, row)
    return True


def still_may_finish(row: Import) -> Subject:
    """All lines are in: that a permission was lost meanwhile stops nothing any more."""
    return subject_of(row.subject)


def _make_batch(work: Activity, row: Import, subject: Subject, after: int) -> dict[str, int]:
    rows = staging.good_rows(row, subject, after=after)
    if not rows:
        crash_point("imports.all_made")
        return {"finish": 0}
    context = staging.context_of(row, utcnow())
    faults = [fault for fault in subject.check(rows, context) if not fault.is_warning]
    good = _without(row, subject, rows, faults)
    if good:
        ids = subject.make(good, context)
        crash_point("imports.made")
        wipe = subject.has_secrets and not subject.finishes
        staging.mark_made(row, [r.line for r in good], list(ids), wipe=wipe)
    row.made += len(good)
    work.finished = row.made
    crash_point("imports.marked")
    return {"make": rows[-1].line}


def _without(row: Import, subject: Subject, rows: list[Row], faults: Sequence[Fault]) -> list[Row]:
    """What has become faulty since the check is left out, or ends it all, as the person chose."""
    if not faults:
        return rows
    first = min(faults, key=lambda fault: fault.line)
    if not row.without_faulty:
        words = _(
            "Line %(line)s has become faulty since the check: %(words)s",
            line=first.line,
            words=first.words,
        )
        raise Refusal(words)
    bad = {fault.line for fault in faults}
    staging.mark_faulty(row, sorted(bad))
    staging.keep_faults(row, subject, faults, {r.line: r.values for r in rows})
    return [r for r in rows if r.line not in bad]


def _finish_batch(row: Import, subject: Subject, after: int) -> int | None:
    """Where to go on; None when nothing is left."""
    if not subject.finishes:
        return None
    rows = staging.made_rows(row, subject, after=after, limit=subject.finish_batch)
    if not rows:
        return None
    subject.finish(rows, staging.context_of(row, utcnow()))
    if subject.has_secrets:
        staging.wipe_secrets(row, until=rows[-1].line)
    crash_point("imports.finished")
    return rows[-1].line


def _close(work: Activity, row: Import) -> None:
    now, subject = utcnow(), still_may_finish(row)
    move(row, ImportState.COMMITTED)
    row.committed_at, row.undo_until, row.problem = now, now + subject.undo_for, None
    if subject.has_secrets:
        staging.wipe_secrets(row, until=2**31 - 1)
        _drop_file(row)
    subject.committed(row, staging.context_of(row, now))
    work.result = _result(row, subject)
    note(ImportEvent.COMMITTED, row, {"made": row.made, "left_out": row.faulty})
    crash_point("imports.closed")


def _drop_file(row: Import) -> None:
    file_id, row.file_id = row.file_id, None
    db.session.flush()
    db.session.execute(
        delete(File).where(File.id == file_id), execution_options={"synchronize_session": False}
    )


def _result(row: Import, subject: Subject) -> dict[str, Any]:
    endpoint, values = subject.page(row)
    org = {} if subject.for_operator else {"org": organisation_of(row).public_id}
    url = path_of(endpoint, **org, **values)
    return {"made": row.made, "left_out": row.faulty, "url": url}
