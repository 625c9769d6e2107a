"""Month statements: pages of each printer in a month of the organisation's zone, A3 weighted where it is paid so.

A closed month never changes. What arrives late (a site agent that was cut off) counts in the next one, which begins
with the counters that the closed one ended with.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import distinct_on, insert

from webapp.audit import log as audit
from webapp.core.clock import utcnow
from webapp.core.db import commit, db, rollback
from webapp.core.jobs import sweep
from webapp.core.principal import CLOCK, acting_as
from webapp.core.tenancy import scope
from webapp.orgs.models import Organisation
from webapp.printers.events import PrinterEvent
from webapp.printers.history.models import PrinterStatement
from webapp.printers.models import Printer, PrinterReading

log = structlog.get_logger(__name__)

COUNTERS: Final = ("total", "black", "colour", "large")
GRACE: Final = timedelta(hours=6)
"""How long after midnight readings of the old month may still arrive."""
BATCH: Final = 500

Counts = dict[str, int | None]


@dataclass
class _Tally:
    """The counters of one printer through a month."""

    last: Counts
    first: Counts = field(default_factory=lambda: dict.fromkeys(COUNTERS))
    grown: Counts = field(default_factory=lambda: dict.fromkeys(COUNTERS))
    doubtful: bool = False

    def __post_init__(self) -> None:
        self.first = dict(self.last)

    def take(self, counts: Mapping[str, int | None], *, doubtful: bool) -> None:
        """A counter that falls adds nothing: from there on it counts anew."""
        self.doubtful = self.doubtful or doubtful
        for name in COUNTERS:
            value, before = counts[name], self.last[name]
            if value is None:
                continue
            if before is None:
                self.first[name], before = value, value
            self.doubtful = self.doubtful or value < before
            self.grown[name] = (self.grown[name] or 0) + max(value - before, 0)
            self.last[name] = value


@sweep("printer statements", every_seconds=3600)
def close_months() -> None:
    """Organisation by organisation; what fails in one stops no other."""
    now = utcnow()
    for organisation in list(db.session.scalars(select(Organisation).order_by(Organisation.id))):
        month = last_month(organisation, now - GRACE)
        try:
            with scope(organisation.id), acting_as(CLOCK):
                close_month(organisation, month, now=now)
                commit()
        except Exception:
            rollback()
            log.exception("statement_failed", organisation=organisation.id)


def last_month(organisation: Organisation, moment: datetime) -> date:
    """The first day of the month before, where the organisation is."""
    here = moment.astimezone(ZoneInfo(organisation.time_zone)).date()
    return (here.replace(day=1) - timedelta(days=1)).replace(day=1)


def close_month(organisation: Organisation, month: date, *, now: datetime) -> int:
    """How many statements were made; none where the month is closed already. In the organisation's scope."""
    if is_closed(month):
        return 0
    begins_at, ends_at = bounds(month, organisation.time_zone)
    made = 0
    for printers in _printers_read(begins_at, ends_at):
        rows = [
            _row(printer, tally, month, now)
            for printer, tally in _tallies(printers, month, begins_at, ends_at)
        ]
        db.session.execute(insert(PrinterStatement).on_conflict_do_nothing(), rows)
        made += len(rows)
    if made:
        _record(organisation, month, made)
    return made


def is_closed(month: date) -> bool:
    statement = select(PrinterStatement.id).where(PrinterStatement.month == month).limit(1)
    return db.session.scalar(statement) is not None


def bounds(month: date, time_zone: str) -> tuple[datetime, datetime]:
    """Midnight to midnight by the zone's clock, whatever it does in between."""
    zone = ZoneInfo(time_zone)
    following = (month.replace(day=28) + timedelta(days=4)).replace(day=1)
    begins = datetime(month.year, month.month, 1, tzinfo=zone)
    return begins, datetime(following.year, following.month, 1, tzinfo=zone)


def _printers_read(begins_at: datetime, ends_at: datetime) -> Iterator[list[Printer]]:
    """Those that said something in the month, some at a time."""
    read = (
        select(PrinterReading.id)
        .where(
            PrinterReading.printer_id == Printer.id,
            PrinterReading.at >= begins_at,
            PrinterReading.at < ends_at,
        )
        .exists()
    )
    last = 0
    while True:
        statement = select(Printer).where(read, Printer.id > last).order_by(Printer.id)
        found = list(db.session.scalars(statement.limit(BATCH)))
        if not found:
            return
        yield found
        last = found[-1].id


def _tallies(
    printers: Sequence[Printer], month: date, begins_at: datetime, ends_at: datetime
) -> Iterator[tuple[Printer, _Tally]]:
    ids = [printer.id for printer in printers]
    begun = {**_counts_before(ids, begins_at), **_counts_of_statements(ids, month)}
    tallies = {i: _Tally(begun.get(i, dict.fromkeys(COUNTERS))) for i in ids}
    rows = db.session.execute(
        select(
            PrinterReading.printer_id,
            PrinterReading.doubtful,
            *(getattr(PrinterReading, f"pages_{name}") for name in COUNTERS),
        )
        .where(
            PrinterReading.printer_id.in_(ids),
            PrinterReading.at >= begins_at,
            PrinterReading.at < ends_at,
        )
        .order_by(PrinterReading.printer_id, PrinterReading.at, PrinterReading.id)
    )
    for row in rows:
        counts = {name: getattr(row, f"pages_{name}") for name in COUNTERS}
        tallies[row.printer_id].take(counts, doubtful=bool(row.doubtful))
    return ((printer, tallies[printer.id]) for printer in printers)


def _counts_before(ids: Sequence[int], begins_at: datetime) -> dict[int, Counts]:
    """The last reading before the month."""
    place = func.row_number().over(
        partition_by=PrinterReading.printer_id, order_by=PrinterReading.at.desc()
    )
    ranked = (
        select(
            PrinterReading.printer_id,
            *(getattr(PrinterReading, f"pages_{name}") for name in COUNTERS),
            place.label("place"),
        )
        .where(
            PrinterReading.printer_id.in_(ids),
            PrinterReading.at < begins_at,
            PrinterReading.at >= begins_at - timedelta(days=62),
            PrinterReading.pages_total.is_not(None),
        )
        .subquery()
    )
    rows = db.session.execute(select(ranked).where(ranked.c.place == 1))
    return {r.printer_id: {n: getattr(r, f"pages_{n}") for n in COUNTERS} for r in rows}


def _counts_of_statements(ids: Sequence[int], month: date) -> dict[int, Counts]:
    """Where the last closed month ended."""
    rows = db.session.scalars(
        select(PrinterStatement)
        .where(PrinterStatement.printer_id.in_(ids), PrinterStatement.month < month)
        .order_by(PrinterStatement.printer_id, PrinterStatement.month.desc())
        .ext(distinct_on(PrinterStatement.printer_id))
    )
    return {r.printer_id: {n: getattr(r, f"last_{n}") for n in COUNTERS} for r in rows}


def _row(printer: Printer, tally: _Tally, month: date, now: datetime) -> dict[str, Any]:
    grown = tally.grown
    return {
        "organisation_id": printer.organisation_id,
        "month": month,
        "customer": printer.customer,
        "printer_id": printer.id,
        "printer_name": printer.name,
        "printer_serial": printer.serial or "",
        "first_total": tally.first["total"],
        **{f"last_{name}": tally.last[name] for name in COUNTERS},
        "pages": grown["total"],
        "black": grown["black"],
        "colour": grown["colour"],
        "large": grown["large"],
        "billed_pages": _billed(grown, double=printer.large_counts_double),
        "doubtful": tally.doubtful,
        "created_at": now,
    }


def _billed(grown: Counts, *, double: bool) -> int:
    """Without a total, black and colour together. Where A3 weighs double each of its pages counts once more."""
    total = grown["total"]
    pages = total if total is not None else (grown["black"] or 0) + (grown["colour"] or 0)
    return pages + (grown["large"] or 0 if double else 0)


def _record(organisation: Organisation, month: date, made: int) -> None:
    audit.record(
        PrinterEvent.MONTH_CLOSED,
        organisation_id=organisation.id,
        kind="printer_statement",
        id=month.strftime("%Y-%m"),
        label=month.strftime("%Y-%m"),
        detail={"printers": made},
    )
