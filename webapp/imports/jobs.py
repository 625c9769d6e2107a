"""What the long work of imports shares, and how its ends are taken."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from flask_babel import gettext as _
from sqlalchemy import select

from webapp.accounts.models import User
from webapp.audit import log as audit
from webapp.core.activities import Activity, start, when_ended
from webapp.core.clock import utcnow
from webapp.core.db import db
from webapp.core.errors import Refusal
from webapp.core.jobs import JobState
from webapp.core.tenancy import unscoped
from webapp.imports.events import ImportEvent
from webapp.imports.models import Import, ImportState
from webapp.imports.queries import find_by_id
from webapp.imports.subjects import Subject, subject_of
from webapp.orgs.access import permissions_in
from webapp.orgs.models import Membership, Organisation

STAGED_FOR: Final = timedelta(days=30)
CHECK: Final = "import_check"
COMMIT: Final = "import_commit"
UNDO: Final = "import_undo"
_KINDS: Final = (CHECK, COMMIT, UNDO)


def hold(work: Activity) -> Import:
    """The import that this work is about, as it stands now; `Refusal` when it is gone or not ours any more."""
    row = find_by_id(work.parameters["import"], lock=True)
    if row is None or row.activity_id != work.id:
        raise Refusal(_("This import was discarded meanwhile."))
    return row


def still_may(row: Import) -> Subject:
    """The subject; `Refusal` when the person who asked has lost the permission meanwhile."""
    subject = subject_of(row.subject)
    if row.user_id is not None and not _has(row, subject):
        name = _("Operator area") if subject.for_operator else subject.permission.label
        words = _("You need the permission “%(name)s” for this.", name=name)
        raise Refusal(words, status=403)
    return subject


def _has(row: Import, subject: Subject) -> bool:
    with unscoped("may the person who asked for an import still do it"):
        if subject.for_operator:
            return _is_operator(row.user_id)
        organisation = db.session.scalars(
            select(Organisation).where(Organisation.id == row.organisation_id)
        ).one()
        memberships = db.session.scalars(
            select(Membership)
            .join(Membership.organisation)
            .where(Membership.user_id == row.user_id, Organisation.closed_at.is_(None))
        ).all()
        return subject.permission in permissions_in(organisation, memberships)


def _is_operator(user_id: int | None) -> bool:
    found = select(User.id).where(
        User.id == user_id, User.is_operator, User.deactivated_at.is_(None)
    )
    return db.session.scalar(found) is not None


def begin(row: Import, kind: str, title: str, *, cursor: dict[str, int] | None = None) -> None:
    """Start long work on an import; it alone works on it from now on."""
    work = start(
        kind,
        title=title,
        organisation_id=row.organisation_id,
        now=utcnow(),
        total={CHECK: row.lines, COMMIT: row.good, UNDO: row.made}[kind],
        parameters={"import": row.id},
    )
    work.cursor = cursor
    db.session.flush()
    row.activity_id = work.id


@when_ended
def take_end(work: Activity) -> None:
    """In the transaction that ends the work: an import never stays between two states."""
    if work.kind not in _KINDS or work.state == JobState.DONE:
        return
    row = find_by_id(work.parameters["import"], lock=True)
    if row is None or row.activity_id != work.id:
        return
    words = (work.last_error or "").strip() or _("Cancelled.")
    if work.kind == CHECK:
        row.state, row.problem = ImportState.UPLOADED, words
    elif work.kind == COMMIT:
        _commit_ended(row, work, words)
    else:
        _undo_ended(row, work, words)


def _commit_ended(row: Import, work: Activity, words: str) -> None:
    """Before all lines are in: what was made is taken back. Afterwards: the rest is still to be done."""
    if (work.cursor or {}).get("finish") is None:
        row.problem, row.state = words, ImportState.UNDOING
        begin(row, UNDO, _("Take back %(file)s", file=row.file_name))
    elif work.state == JobState.CANCELLED:
        begin(row, COMMIT, work.title, cursor=work.cursor)
    else:
        row.state, row.problem = ImportState.COMMITTED, words
        row.committed_at = row.committed_at or utcnow()


def _undo_ended(row: Import, work: Activity, words: str) -> None:
    """A person's undoing that found something in use leaves all as it was; a taking-back goes on."""
    if (work.cursor or {}).get("take") is None and row.committed_at is not None:
        row.state, row.problem = ImportState.COMMITTED, words
    elif work.state == JobState.CANCELLED:
        begin(row, UNDO, work.title, cursor=work.cursor)
    else:
        row.problem = words


def note(event: ImportEvent, row: Import, detail: dict[str, object]) -> None:
    audit.record(
        event,
        organisation_id=row.organisation_id,
        kind="import",
        id=row.public_id,
        label=row.file_name,
        detail={"subject": row.subject, **detail},
    )
