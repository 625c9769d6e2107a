"""Taking back what a commit made, as long work: look whether any of it is in use, then remove it batch by batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flask_babel import gettext as _
from flask_babel import ngettext

from webapp.core.activities import Activity, activity
from webapp.core.clock import utcnow
from webapp.core.crashpoints import crash_point
from webapp.core.errors import Refusal
from webapp.imports import staging
from webapp.imports.events import ImportEvent
from webapp.imports.jobs import UNDO, hold, note, still_may
from webapp.imports.models import Import, ImportState
from webapp.imports.states import move
from webapp.imports.subjects import MadeRow, Subject, subject_of

NAMED = 5


@activity(UNDO)
def undo_step(work: Activity) -> bool:
    """A commit that could not go through is taken back without looking: it was not there for anybody yet."""
    row = hold(work)
    cursor = work.cursor or ({"take": 0} if row.committed_at is None else {"look": 0})
    if "look" in cursor:
        work.cursor = _look(row, still_may(row), cursor["look"])
        return False
    after = _take(row, subject_of(row.subject), cursor["take"])
    work.finished = work.total - row.made
    work.cursor = {"take": after}
    if after is not None:
        return False
    _close(work, row)
    return True


def _look(row: Import, subject: Subject, after: int) -> dict[str, int]:
    rows = staging.made_rows_bare(row, after=after)
    if not rows:
        return {"take": 0}
    used = subject.used([r.made_id for r in rows], staging.context_of(row, utcnow()))
    if used:
        raise Refusal(_in_use(rows, used))
    return {"look": rows[-1].line}


def _in_use(rows: Sequence[MadeRow], used: Mapping[int, str]) -> str:
    named = [r for r in rows if r.made_id in used][:NAMED]
    lines = "; ".join(_("line %(line)s: %(why)s", line=r.line, why=used[r.made_id]) for r in named)
    words = ngettext(
        "This can't be undone, since %(num)s of what was imported is in use: %(lines)s",
        "This can't be undone, since %(num)s of what was imported are in use: %(lines)s",
        len(used),
        lines=lines,
    )
    return str(words)


def _take(row: Import, subject: Subject, after: int) -> int | None:
    rows = staging.made_rows_bare(row, after=after)
    if not rows:
        return None
    context = staging.context_of(row, utcnow())
    used = subject.used([r.made_id for r in rows], context)
    gone = [r for r in rows if r.made_id not in used]
    subject.unmake([r.made_id for r in gone], context)
    crash_point("imports.unmade")
    staging.mark_made(row, [r.line for r in gone], [None] * len(gone))
    row.made -= len(gone)
    row.kept += len(rows) - len(gone)
    return rows[-1].line


def _close(work: Activity, row: Import) -> None:
    subject_of(row.subject).taken_back(row, staging.context_of(row, utcnow()))
    if row.committed_at is None:
        move(row, ImportState.FAILED)
        note(ImportEvent.FAILED, row, {"why": row.problem or "", "kept": row.kept})
    else:
        move(row, ImportState.UNDONE)
        row.problem = None
        note(ImportEvent.UNDONE, row, {"kept": row.kept})
    row.undo_until = None
    work.finished = work.total
