"""Counters and supplies of a printer over a period: one reading for each slot, picked by the database."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Integer, cast, func, literal, select

from webapp.core.db import db
from webapp.printers.models import Printer, PrinterReading

COUNTERS: Final = ("total", "black", "colour", "large")
BRIDGED: Final = timedelta(hours=26)
"""Readings no further apart are joined; a longer silence is a gap."""
MOST_SUPPLIES: Final = 12


@dataclass(frozen=True)
class Period:
    name: str
    span: timedelta
    slot: timedelta

    @property
    def slots(self) -> int:
        return self.span // self.slot


PERIODS: Final = {
    "7d": Period("7d", timedelta(days=7), timedelta(hours=3)),
    "30d": Period("30d", timedelta(days=30), timedelta(hours=12)),
    "1y": Period("1y", timedelta(days=365), timedelta(days=5)),
}
USUAL: Final = "30d"


@dataclass(frozen=True)
class Point:
    """The last reading of a slot; `doubtful` when any reading of the slot is."""

    slot: int
    at: datetime
    counters: dict[str, int | None]
    supplies: dict[str, int]
    doubtful: bool


@dataclass(frozen=True)
class Curve:
    """`values` has one number a slot, or None in a gap; `marks` are the slots of doubtful readings."""

    name: str
    values: Sequence[float | None]
    marks: Sequence[int] = ()

    @property
    def known(self) -> list[float]:
        return [value for value in self.values if value is not None]

    @property
    def first(self) -> float:
        return self.known[0]

    @property
    def last(self) -> float:
        return self.known[-1]

    @property
    def growth(self) -> float:
        return self.last - self.first


@dataclass(frozen=True)
class Curves:
    period: Period
    begins_at: datetime
    ends_at: datetime
    points: Sequence[Point]
    counters: Sequence[Curve] = field(default_factory=list)
    supplies: Sequence[Curve] = field(default_factory=list)

    @property
    def doubtful(self) -> int:
        return sum(1 for point in self.points if point.doubtful)


def curves_of(printer: Printer, period: Period, *, now: datetime) -> Curves:
    begins_at = now - period.span
    points = [_point(row) for row in db.session.execute(_picked(printer, period, begins_at, now))]
    counters = [_counter(name, points, period) for name in COUNTERS]
    return Curves(
        period,
        begins_at,
        now,
        points,
        [curve for curve in counters if curve.known],
        [_supply(name, points, period) for name in _supplies_of(points)],
    )


def _picked(printer: Printer, period: Period, begins_at: datetime, ends_at: datetime) -> Any:
    """One row a slot: the latest reading that told a total, else the latest."""
    seconds = func.extract("epoch", PrinterReading.at - literal(begins_at))
    slot = cast(func.floor(seconds / period.slot.total_seconds()), Integer)
    doubtful = func.bool_or(func.cardinality(PrinterReading.doubtful) > 0).over(partition_by=slot)
    chosen = (
        select(
            slot.label("slot"),
            PrinterReading.at,
            *(getattr(PrinterReading, f"pages_{name}") for name in COUNTERS),
            PrinterReading.decoded["supplies"].label("supplies"),
            doubtful.label("doubtful"),
            func.row_number()
            .over(
                partition_by=slot,
                order_by=(PrinterReading.pages_total.is_(None), PrinterReading.at.desc()),
            )
            .label("place"),
        )
        .where(
            PrinterReading.printer_id == printer.id,
            PrinterReading.at >= begins_at,
            PrinterReading.at < ends_at,
        )
        .subquery()
    )
    return select(chosen).where(chosen.c.place == 1).order_by(chosen.c.slot)


def _point(row: Any) -> Point:
    counters = {name: getattr(row, f"pages_{name}") for name in COUNTERS}
    return Point(row.slot, row.at, counters, dict(_levels(row.supplies)), bool(row.doubtful))


def _levels(supplies: Any) -> Iterator[tuple[str, int]]:
    for supply in supplies or []:
        if supply.get("level_percent") is not None:
            yield supply["name"], supply["level_percent"]


def _supplies_of(points: Sequence[Point]) -> list[str]:
    """In the order in which the printer names them."""
    names = dict.fromkeys(name for point in reversed(points) for name in point.supplies)
    return list(names)[:MOST_SUPPLIES]


def _counter(name: str, points: Sequence[Point], period: Period) -> Curve:
    told = [(p, float(n)) for p in points if (n := p.counters[name]) is not None]
    return Curve(name, _joined(told, period), [p.slot for p, _value in told if p.doubtful])


def _supply(name: str, points: Sequence[Point], period: Period) -> Curve:
    told = [(p, float(p.supplies[name])) for p in points if name in p.supplies]
    return Curve(name, _joined(told, period))


def _joined(told: Sequence[tuple[Point, float]], period: Period) -> list[float | None]:
    """Slots between two readings that are near enough get what lies between; the others stay empty."""
    values: list[float | None] = [None] * period.slots
    before: tuple[Point, float] | None = None
    for point, value in told:
        slot = min(point.slot, period.slots - 1)
        values[slot] = value
        if before is not None and point.at - before[0].at <= BRIDGED:
            for between in range(before[0].slot + 1, slot):
                share = (between - before[0].slot) / (slot - before[0].slot)
                values[between] = before[1] + (value - before[1]) * share
        before = (point, value)
    return values
