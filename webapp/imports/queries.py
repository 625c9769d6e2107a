"""Reads about imports. One that is not there is 404; one whose subject one may not import is 403."""

from __future__ import annotations

from typing import Final

from flask import abort
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import Select, select

from webapp.core.activities import Activity
from webapp.core.db import db
from webapp.core.errors import NotPermitted, Refusal
from webapp.core.files import File
from webapp.imports.models import Import, ImportFault, ImportRow
from webapp.imports.reading import table
from webapp.imports.subjects import Subject, all_subjects, find_subject, subject_of
from webapp.orgs.access import administrators_of, current_organisation, may
from webapp.orgs.models import Organisation
from webapp.orgs.permissions import Permission

LONGEST_SHOWN: Final = 60
SHORTEST_SECRET: Final = 13
"""In a file with secrets, cells from this length on are not shown: the shortest key has 16 digits."""


def allowed_subjects() -> list[Subject]:
    """What the signed-in person may import here."""
    return [s for s in all_subjects() if not s.for_operator and may(s.permission)]


def get_subject(name: str) -> Subject:
    subject = find_subject(name)
    if subject is None or subject.for_operator:
        abort(404)
    refuse_without(subject.permission)
    return subject


def get_import(public_id: str, *, lock: bool = False) -> tuple[Import, Subject]:
    """Of the organisation in scope, for who may import such things."""
    statement = select(Import).where(Import.public_id == public_id)
    if lock:
        statement = statement.with_for_update()
    row = db.session.scalar(statement)
    if row is None:
        abort(404)
    subject = subject_of(row.subject)
    if subject.for_operator:
        abort(404)
    refuse_without(subject.permission)
    return row, subject


def refuse_without(permission: Permission) -> None:
    if not may(permission):
        raise NotPermitted(permission, administrators_of(current_organisation()))


def imports_here() -> Select[Import]:
    names = [subject.name for subject in allowed_subjects()]
    return select(Import).where(Import.subject.in_(names))


def faults_of(row: Import) -> Select[ImportFault]:
    return select(ImportFault).where(ImportFault.import_id == row.id)


def sample_of(row: Import, *, limit: int) -> list[ImportRow]:
    """The first good lines."""
    statement = (
        select(ImportRow)
        .where(ImportRow.import_id == row.id, ImportRow.faulty.is_(False))
        .order_by(ImportRow.line)
        .limit(limit)
    )
    return list(db.session.scalars(statement))


def first_lines(row: Import, subject: Subject, *, limit: int) -> list[list[str]]:
    """The file's first lines, to choose columns by; cells that may be a secret by their length alone."""
    show = _shape if subject.has_secrets else _clipped
    found: list[list[str]] = []
    heading = int(row.has_heading)
    try:
        for record in table(file_of(row), row.delimiter):
            found.append([show(cell) for cell in record.cells[: len(row.header)]])
            if len(found) == limit + heading:
                break
    except Refusal:
        pass  # the check says where the file can't be read
    return found[heading:]


def _clipped(cell: str) -> str:
    text = " ".join(cell.split())
    return text if len(text) <= LONGEST_SHOWN else text[:LONGEST_SHOWN] + "…"


def _shape(cell: str) -> str:
    text = " ".join(cell.split())
    if len(text) < SHORTEST_SECRET:
        return text
    return str(ngettext("(%(num)s character)", "(%(num)s characters)", len(text)))


def find_by_id(import_id: int, *, lock: bool = False) -> Import | None:
    statement = select(Import).where(Import.id == import_id)
    if lock:
        statement = statement.with_for_update()
    options = {"populate_existing": True}
    return db.session.scalars(statement, execution_options=options).one_or_none()


def file_of(row: Import) -> File:
    """The uploaded text; `Refusal` once it was removed."""
    found = db.session.scalar(select(File).where(File.id == row.file_id))
    if found is None:
        raise Refusal(_("The file is kept no longer. Upload it again."), status=409)
    return found


def organisation_of(row: Import) -> Organisation:
    return db.session.scalars(
        select(Organisation).where(Organisation.id == row.organisation_id)
    ).one()


def work_of(row: Import) -> Activity | None:
    return db.session.scalar(select(Activity).where(Activity.id == row.activity_id))
