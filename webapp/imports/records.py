"""Imports: what leaves with the export, what is personal, how long it is kept."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import delete, func, select, tuple_

from webapp.core import retention
from webapp.core.db import db
from webapp.core.exports import export, keep_back
from webapp.core.personal import DELETE, Subject, not_personal, personal
from webapp.imports.jobs import STAGED_FOR
from webapp.imports.models import Import, ImportFault, ImportRow
from webapp.imports.states import REMOVABLE
from webapp.orgs.records import by_them

export(
    Import,
    "id public_id subject state file_id file_name encoding delimiter header lines mapping rows faulty warnings "
    "faults_kept made kept without_faulty problem created_by user_id created_at committed_at undo_until",
    about="Files that were imported. What they made stands in its own tables.",
    withheld="activity_id: the work that ran last",
)
keep_back(
    ImportRow, why="lines on their way, of at most 30 days; what was made of them is exported"
)
keep_back(ImportFault, why="what spoke against those lines")
not_personal(Import, "file_name", why="a file's")


def _email_is(column: Any) -> Any:
    return lambda who: func.lower(column) == who.email.lower()


def _lines_of(who: Subject) -> Any:
    """What speaks against the lines that hold the person's address."""
    email = func.lower(ImportRow.values["email"].astext)
    theirs = select(ImportRow.import_id, ImportRow.line).where(email == who.email.lower())
    return tuple_(ImportFault.import_id, ImportFault.line).in_(theirs)


personal(ImportFault, "name value words", gives="line name value words", of=_lines_of, erase=DELETE)
personal(
    ImportRow,
    "values",
    gives="line values",
    of=_email_is(ImportRow.values["email"].astext),
    erase=DELETE,
)
personal(
    Import,
    "created_by",
    gives="file_name created_at",
    of=lambda who: by_them(Import.created_by, who, Import.organisation_id),
    erase={"created_by": lambda who: who.pseudonym},
)


def remove_old(before: datetime) -> int:
    """Staged lines first, then what spoke against them, then imports that nothing was made of."""
    old = select(Import.id).where(Import.created_at < before)
    for table, key in (
        (ImportRow, (ImportRow.import_id, ImportRow.line)),
        (ImportFault, (ImportFault.import_id, ImportFault.line, ImportFault.id)),
    ):
        chosen = select(*key).where(key[0].in_(old)).limit(retention.BATCH)
        gone = _removed(delete(table).where(tuple_(*key).in_(chosen)))
        if gone:
            return gone
    never = [state.value for state in REMOVABLE]
    idle = select(Import.id).where(Import.created_at < before, Import.state.in_(never))
    return _removed(delete(Import).where(Import.id.in_(idle.limit(retention.BATCH))))


def _removed(statement: Any) -> int:
    done: Any = db.session.execute(statement, execution_options={"synchronize_session": False})
    return int(done.rowcount)


retention.register(
    retention.Retention("imports", _("Files for import"), remove_old, days=STAGED_FOR.days)
)
