"""News by trade and language: write, end, delete; what an organisation's first page shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

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
from webapp.operator.models import News
from webapp.orgs.models import Organisation

MOST_SHOWN = 5


@dataclass(frozen=True)
class NewsValues:
    trade: str | None
    title: LocalizedText
    body: LocalizedText
    from_at: datetime
    to_at: datetime | None


def create_news(values: NewsValues, *, of: Organisation) -> News:
    row = News()
    _set(row, values)
    db.session.add(row)
    db.session.flush()
    _record(OperatorEvent.NEWS_CREATED, row, of)
    return row


def change_news(row: News, values: NewsValues, *, of: Organisation) -> None:
    before = {name: getattr(row, name) for name in vars(values)}
    changed = [name for name, value in vars(values).items() if before[name] != value]
    _set(row, values)
    if changed:
        db.session.flush()
        _record(OperatorEvent.NEWS_CHANGED, row, of, changed=changed)


def end_news(row: News, *, of: Organisation, now: datetime) -> None:
    """No longer shown from now on; what was never shown can only be deleted."""
    state = row.state_at(now)
    if state == "planned":
        raise Refusal(_("This news has not begun yet. Change its time, or delete it."))
    if state == "over":
        return
    row.to_at = now
    db.session.flush()
    _record(OperatorEvent.NEWS_ENDED, row, of)


def delete_news(row: News, *, of: Organisation) -> None:
    _record(OperatorEvent.NEWS_DELETED, row, of)
    db.session.delete(row)
    db.session.flush()


def home_news(organisation: Organisation) -> list[Announcement]:
    """Those shown now to an organisation with these trades, the newest first."""
    now = utcnow()
    statement = (
        select(News)
        .where(News.from_at <= now, or_(News.to_at.is_(None), News.to_at > now))
        .order_by(News.from_at.desc(), News.id.desc())
        .limit(MOST_SHOWN)
    )
    if organisation.is_personal:
        statement = statement.where(News.trade.is_(None))
    elif organisation.trades:
        statement = statement.where(or_(News.trade.is_(None), News.trade.in_(organisation.trades)))
    reader = language()
    return [
        Announcement(
            row.public_id,
            row.title.in_language(reader),
            row.body.in_language(reader),
            row.from_at,
            row.to_at,
        )
        for row in db.session.scalars(statement)
    ]


def _set(row: News, values: NewsValues) -> None:
    if values.to_at is not None and values.to_at <= values.from_at:
        raise Refusal(_("The end lies before the beginning."), field="to_at")
    for name, value in vars(values).items():
        setattr(row, name, value)


def _record(event: OperatorEvent, row: News, of: Organisation, **detail: object) -> None:
    record(
        event,
        organisation_id=of.id,
        kind="news",
        id=row.public_id,
        label=row.title.in_language(of.language),
        detail={"trade": row.trade, **detail},
    )
