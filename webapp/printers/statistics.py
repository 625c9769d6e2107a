"""How many requests by reason and by printer, week by week (B-9)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, literal_column, select
from sqlalchemy.orm import joinedload

from webapp.core.db import db
from webapp.core.preferences import language
from webapp.printers.models import PanicReason, PanicRequest, Printer

WEEKS = 12
MOST_PRINTERS = 20


@dataclass
class Line:
    """One reason or printer: requests a week, the oldest week first."""

    name: str
    detail: str = ""
    public_id: str = ""
    weeks: list[int] = field(default_factory=lambda: [0] * WEEKS)

    @property
    def total(self) -> int:
        return sum(self.weeks)


@dataclass(frozen=True)
class Statistics:
    """`weeks` are the Mondays, in the organisation's zone."""

    weeks: Sequence[date]
    requests: Line
    reasons: Sequence[Line]
    printers: Sequence[Line]


def statistics(time_zone: str, *, now: datetime) -> Statistics:
    """The last twelve weeks, the running one included. A request with two reasons counts under both."""
    zone = ZoneInfo(time_zone)
    monday = now.astimezone(zone).date() - timedelta(days=now.astimezone(zone).weekday())
    weeks = [monday - timedelta(weeks=n) for n in reversed(range(WEEKS))]
    first = datetime(weeks[0].year, weeks[0].month, weeks[0].day, tzinfo=zone)
    week = func.date_trunc("week", PanicRequest.created_at, time_zone)
    return Statistics(
        weeks,
        _whole(weeks, week, first, zone),
        _by_reason(weeks, week, first, zone),
        _by_printer(weeks, week, first, zone),
    )


def _whole(weeks: Sequence[date], week: Any, first: datetime, zone: ZoneInfo) -> Line:
    line = Line("")
    counted = (
        select(week.label("week"), func.count().label("number"))
        .where(PanicRequest.created_at >= first)
        .group_by(literal_column("1"))
    )
    for row in db.session.execute(counted):
        _put(line, weeks, row.week, zone, row.number)
    return line


def _by_reason(weeks: Sequence[date], week: Any, first: datetime, zone: ZoneInfo) -> list[Line]:
    ticked = (
        select(week.label("week"), func.unnest(PanicRequest.reason_ids).label("reason"))
        .where(PanicRequest.created_at >= first)
        .subquery()
    )
    rows = db.session.execute(
        select(ticked.c.week, ticked.c.reason.label("key"), func.count().label("number")).group_by(
            ticked.c.week, ticked.c.reason
        )
    ).all()
    reasons = db.session.scalars(
        select(PanicReason)
        .where(PanicReason.id.in_({row.key for row in rows}))
        .options(joinedload(PanicReason.button))
    ).all()
    lines = {
        r.id: Line(r.texts.in_language(language(), r.button.language), r.button.name, r.public_id)
        for r in reasons
    }
    return _filled(lines, rows, weeks, zone)


def _by_printer(weeks: Sequence[date], week: Any, first: datetime, zone: ZoneInfo) -> list[Line]:
    """The printers that were called for most."""
    most = (
        select(PanicRequest.printer_id)
        .where(PanicRequest.created_at >= first)
        .group_by(PanicRequest.printer_id)
        .order_by(func.count().desc(), PanicRequest.printer_id)
        .limit(MOST_PRINTERS)
    )
    rows = db.session.execute(
        select(
            week.label("week"),
            PanicRequest.printer_id.label("key"),
            func.count().label("number"),
        )
        .where(PanicRequest.created_at >= first, PanicRequest.printer_id.in_(most))
        .group_by(literal_column("1"), PanicRequest.printer_id)
    ).all()
    printers = db.session.scalars(select(Printer).where(Printer.id.in_({row.key for row in rows})))
    lines = {p.id: Line(p.name, p.location, p.public_id) for p in printers}
    return _filled(lines, rows, weeks, zone)


def _filled(
    lines: dict[int, Line], rows: Iterable[Any], weeks: Sequence[date], zone: ZoneInfo
) -> list[Line]:
    """The most frequent first."""
    for row in rows:
        if row.key in lines:
            _put(lines[row.key], weeks, row.week, zone, row.number)
    return sorted(lines.values(), key=lambda line: (-line.total, line.name))


def _put(line: Line, weeks: Sequence[date], week: datetime, zone: ZoneInfo, number: int) -> None:
    monday = week.astimezone(zone).date()
    if monday in weeks:
        line.weeks[weeks.index(monday)] += number
