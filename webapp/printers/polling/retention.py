"""Readings: all of ninety days, then one a day for three years (docs/data-model/printers.md)."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, update

from webapp.core.clock import utcnow
from webapp.core.db import commit, db
from webapp.core.jobs import sweep
from webapp.printers.models import PrinterReading

ALL_KEPT = timedelta(days=90)
DAILY_KEPT = timedelta(days=3 * 365 + 1)
BATCH = 5_000


@sweep("printer readings", every_seconds=6 * 3600)
def thin_readings() -> None:
    now = utcnow()
    while thin(now=now) + forget(now=now) > 0:
        commit()
    commit()


def thin(*, now: datetime) -> int:
    """Of each day that is long past one reading stays: the last whole one, else the last. How many rows it settled."""
    day = func.date_trunc("day", func.timezone("UTC", PrinterReading.at))
    ranked = (
        select(
            PrinterReading.id,
            func.row_number()
            .over(
                partition_by=(PrinterReading.printer_id, day),
                order_by=(
                    PrinterReading.complete.desc(),
                    PrinterReading.at.desc(),
                    PrinterReading.id.desc(),
                ),
            )
            .label("place"),
        )
        .where(PrinterReading.at < _midnight(now - ALL_KEPT), PrinterReading.daily.is_(False))
        .subquery()
    )
    spare = select(ranked.c.id).where(ranked.c.place > 1).limit(BATCH)
    gone = _count(delete(PrinterReading).where(PrinterReading.id.in_(spare)))
    if gone == BATCH:
        return gone
    kept = select(ranked.c.id).where(ranked.c.place == 1).limit(BATCH)
    mark = update(PrinterReading).where(PrinterReading.id.in_(kept)).values(daily=True)
    return gone + _count(mark)


def forget(*, now: datetime) -> int:
    old = select(PrinterReading.id).where(PrinterReading.at < now - DAILY_KEPT).limit(BATCH)
    return _count(delete(PrinterReading).where(PrinterReading.id.in_(old)))


def _midnight(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def _count(statement: object) -> int:
    options = {"synchronize_session": False}
    result = db.session.execute(statement, execution_options=options)  # type: ignore[call-overload]
    return int(result.rowcount)
