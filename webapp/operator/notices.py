"""Status notices: planned work, troubles, and that they are over; what the status page shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from flask_babel import gettext as _
from sqlalchemy import or_, select

from webapp.audit.log import record
from webapp.core.announcements import Announcement
from webapp.core.clock import utcnow
from webapp.core.db import db
from webapp.core.errors import Refusal
from webapp.core.localized import LocalizedText
from webapp.core.preferences import language
from webapp.operator.events import OperatorEvent
from webapp.operator.models import Notice, NoticeState
from webapp.orgs.models import Organisation

SHOWN_AFTER = timedelta(days=7)
"""How long the status page still tells of what is over."""
MOST_SHOWN = 20


@dataclass(frozen=True)
class NoticeValues:
    component: str | None
    title: LocalizedText
    body: LocalizedText
    state: NoticeState
    begins_at: datetime
    ends_at: datetime | None


def create_notice(values: NoticeValues, *, of: Organisation) -> Notice:
    row = Notice()
    _set(row, values)
    db.session.add(row)
    db.session.flush()
    _record(OperatorEvent.NOTICE_CREATED, row, of)
    return row


def change_notice(row: Notice, values: NoticeValues, *, of: Organisation) -> None:
    before = {name: getattr(row, name) for name in vars(values)}
    changed = [name for name, value in vars(values).items() if before[name] != value]
    _set(row, values)
    if changed:
        db.session.flush()
        _record(OperatorEvent.NOTICE_CHANGED, row, of, changed=changed)


def resolve_notice(row: Notice, *, of: Organisation, now: datetime) -> None:
    """It is over now; planned work that has not begun can only be deleted."""
    state = row.state_at(now)
    if state is NoticeState.PLANNED:
        raise Refusal(_("This has not begun yet. Change its time, or delete it."))
    if state is NoticeState.RESOLVED:
        return
    row.state, row.ends_at = NoticeState.RESOLVED, max(now, row.begins_at)
    db.session.flush()
    _record(OperatorEvent.NOTICE_RESOLVED, row, of)


def delete_notice(row: Notice, *, of: Organisation) -> None:
    _record(OperatorEvent.NOTICE_DELETED, row, of)
    db.session.delete(row)
    db.session.flush()


def status_notices(_nobody: object) -> list[Announcement]:
    """What is open or planned, and what was resolved in the last seven days; the present first."""
    now = utcnow()
    rows = db.session.scalars(
        select(Notice)
        .where(or_(Notice.ends_at.is_(None), Notice.ends_at > now - SHOWN_AFTER))
        .order_by(Notice.begins_at.desc(), Notice.id.desc())
        .limit(MOST_SHOWN)
    ).all()
    order, reader = (NoticeState.OPEN, NoticeState.PLANNED, NoticeState.RESOLVED), language()
    return [
        Announcement(
            row.public_id,
            row.title.in_language(reader),
            row.body.in_language(reader),
            row.begins_at,
            row.ends_at,
            row.state_at(now),
            row.component,
        )
        for row in sorted(rows, key=lambda row: order.index(row.state_at(now)))
    ]


def _set(row: Notice, values: NoticeValues) -> None:
    if values.ends_at is not None and values.ends_at < values.begins_at:
        raise Refusal(_("The end lies before the beginning."), field="ends_at")
    if values.state is NoticeState.RESOLVED and values.ends_at is None:
        raise Refusal(_("Enter when it ended."), field="ends_at")
    for name, value in vars(values).items():
        setattr(row, name, value)


def _record(event: OperatorEvent, row: Notice, of: Organisation, **detail: object) -> None:
    record(
        event,
        organisation_id=of.id,
        kind="notice",
        id=row.public_id,
        label=row.title.in_language(of.language),
        detail={"component": row.component, **detail},
    )
