"""What a person does with an import; the long work is in `checking`, `committing` and `undoing`."""

from __future__ import annotations

from datetime import datetime
from typing import IO, Any

from flask_babel import gettext as _
from sqlalchemy import delete, select

from webapp.core.activities import Activity, ask_to_cancel
from webapp.core.db import db, new_public_id
from webapp.core.errors import Refusal
from webapp.core.files import File
from webapp.core.large_files import begin as begin_file
from webapp.core.principal import Actor, acting
from webapp.imports import jobs
from webapp.imports.columns import check_mapping, recognised
from webapp.imports.events import ImportEvent
from webapp.imports.models import Import, ImportState
from webapp.imports.queries import file_of
from webapp.imports.reading import (
    CONVERTED,
    Converted,
    find_delimiter,
    find_encoding,
    heading,
    keep,
    keep_table,
)
from webapp.imports.states import MAPPABLE, REMOVABLE, conflict, move
from webapp.imports.subjects import Subject


def keep_upload(
    stream: IO[bytes],
    file_name: str,
    subject: Subject,
    *,
    organisation_id: int,
    encoding: str = "",
    converted: Converted | None = None,
    parameters: dict[str, Any] | None = None,
    now: datetime,
) -> Import:
    """Take a file in, sealed, and recognise its columns. `Refusal` says what is wrong with it.

    `converted`: the same file as a table, where its format is another than CSV.
    """
    found = "utf-8" if converted else find_encoding(stream, encoding)
    by = acting()
    file = begin_file(
        kind="import",
        name=file_name,
        media_type="text/csv",
        organisation_id=organisation_id,
        created_by=by.label,
        now=now,
        expires_at=now + jobs.STAGED_FOR,
        keeper=subject.keeper,
    )
    if converted is None:
        kept = keep(stream, file, encoding=found)
        delimiter = find_delimiter(kept.head)
        header = heading(kept.head, delimiter)
    else:
        kept = keep_table(converted.lines, file)
        delimiter, header = CONVERTED, converted.header
    subject.look_at_heading(header)
    row = Import(
        public_id=new_public_id(),
        organisation_id=organisation_id,
        subject=subject.name,
        state=ImportState.UPLOADED,
        file_id=file.id,
        file_name=file_name,
        encoding=found,
        delimiter=delimiter,
        header=header,
        has_heading=converted is None,
        parameters=parameters or {},
        lines=kept.lines,
        mapping=recognised(header, subject),
        created_by=by.label,
        user_id=by.id if by.kind == Actor.USER else None,
        created_at=now,
    )
    db.session.add(row)
    db.session.flush()
    jobs.note(ImportEvent.UPLOADED, row, {"lines": kept.lines - row.has_heading})
    return row


def begin_check(
    row: Import, subject: Subject, mapping: dict[str, dict[str, Any]], *, version: str
) -> None:
    """Take the mapping and check every line anew."""
    refuse_version(row, version)
    if row.state not in MAPPABLE:
        raise conflict()
    check_mapping(subject, mapping, columns=len(row.header))
    file_of(row)
    row.state = ImportState.MAPPED
    row.mapping, row.problem, row.without_faulty = mapping, None, False
    row.made = row.kept = 0
    row.committed_at = row.undo_until = None
    _ours(row)
    jobs.begin(row, jobs.CHECK, _("Check %(file)s", file=row.file_name))


def begin_commit(row: Import, *, without_faulty: bool, version: str) -> None:
    """Make what can be made: all of it, or without the faulty lines where the person said so."""
    if row.state in (ImportState.COMMITTING, ImportState.COMMITTED):
        return  # sent twice: it is done once
    refuse_version(row, version)
    if row.faulty and not without_faulty:
        words = _("Some lines are faulty. Mend the file, or import without these lines.")
        raise Refusal(words, status=409)
    if not row.good:
        raise Refusal(_("No line is left to import."), status=409)
    move(row, ImportState.COMMITTING)
    row.without_faulty = without_faulty
    _ours(row)
    jobs.begin(row, jobs.COMMIT, _("Import %(file)s", file=row.file_name))


def begin_undo(row: Import, *, now: datetime) -> None:
    """Take it all back, unless something of it is in use; also once more where that failed."""
    if row.state == ImportState.UNDOING and not is_running(row):
        jobs.begin(row, jobs.UNDO, _("Take back %(file)s", file=row.file_name))
        return
    if row.undo_until is None or row.undo_until <= now:
        raise Refusal(_("This can't be undone any more: its time has passed."), status=409)
    move(row, ImportState.UNDOING)
    row.problem = None
    _ours(row)
    jobs.begin(row, jobs.UNDO, _("Undo %(file)s", file=row.file_name))


def ask_cancel(row: Import, *, now: datetime) -> None:
    """A check ends; a commit takes back what it made, unless all lines are in already."""
    work = _work(row)
    if work is None or not work.is_open or row.state == ImportState.UNDOING:
        raise conflict()
    ask_to_cancel(work, now=now)


def remove(row: Import) -> None:
    """Forget a file that nothing was made of, staged lines and all."""
    if row.state not in REMOVABLE:
        raise conflict()
    jobs.note(ImportEvent.REMOVED, row, {})
    file_id = row.file_id
    db.session.delete(row)
    db.session.flush()
    db.session.execute(
        delete(File).where(File.id == file_id), execution_options={"synchronize_session": False}
    )


def refuse_version(row: Import, version: str) -> None:
    if version != str(row.version):
        raise conflict()


def is_running(row: Import) -> bool:
    work = _work(row)
    return work is not None and work.is_open


def _work(row: Import) -> Activity | None:
    return db.session.scalar(select(Activity).where(Activity.id == row.activity_id))


def _ours(row: Import) -> None:
    """Whoever goes on with it answers for it: their permissions count from now on."""
    by = acting()
    row.user_id = by.id if by.kind == Actor.USER else None
