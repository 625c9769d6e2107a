"""Filters: drop-downs with tick boxes, periods, switches. Each owns its parameters in the URL.

A filter reads what it understands and drops the rest; `chosen` maps parameter → accepted values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from flask_babel import format_date, get_timezone
from flask_babel import gettext as _
from sqlalchemy import ColumnElement, Text, and_, cast, false, func, or_
from werkzeug.datastructures import MultiDict

Chosen = Mapping[str, tuple[str, ...]]
MOST_VALUES = 200
EARLIEST, LATEST = date(1970, 1, 1), date(2999, 12, 31)


@dataclass(frozen=True)
class Option:
    """One tick box. `value` stands in the URL, `match` in the column (None: the column is null)."""

    value: str
    label: object
    match: Any
    colour: int | None = None


Options = Iterable[Option | tuple[Any, object]]


@dataclass(frozen=True)
class Chip:
    """An active filter value; removing it is a link without this value."""

    parameter: str
    value: str
    label: str
    text: str


@dataclass(frozen=True)
class Filter:
    """Base of the filters."""

    name: str
    label: object
    kind: ClassVar[str] = ""

    @property
    def parameters(self) -> tuple[str, ...]:
        return (self.name,)

    def resolved(self) -> Filter:
        """Itself with its options asked for: once a page."""
        return self

    def read(self, args: MultiDict[str, str]) -> dict[str, tuple[str, ...]]:
        """What of the URL it understands."""
        raise NotImplementedError

    def condition(self, chosen: Chosen) -> ColumnElement[bool] | None:
        raise NotImplementedError

    def chips(self, chosen: Chosen) -> list[Chip]:
        raise NotImplementedError

    def counted(self) -> tuple[Any, Callable[[Any], Any]] | None:
        """The column to count by, and what to group of it as text; None: nothing to count."""
        return None

    def is_active(self, chosen: Chosen) -> bool:
        return any(chosen.get(parameter) for parameter in self.parameters)


@dataclass(frozen=True)
class Choice(Filter):
    """Any of the ticked values of one column."""

    column: Any = None
    options: Options | Callable[[], Options] = ()
    kind: ClassVar[str] = "choice"

    def resolved(self) -> Choice:
        given = self.options() if callable(self.options) else self.options
        return replace(self, options=tuple(_option(o) for o in given))

    def read(self, args: MultiDict[str, str]) -> dict[str, tuple[str, ...]]:
        known = {option.value for option in self.ticks}
        asked = dict.fromkeys(args.getlist(self.name)[:MOST_VALUES])
        return {self.name: tuple(value for value in asked if value in known)}

    @property
    def ticks(self) -> tuple[Option, ...]:
        """The options of a resolved filter."""
        return self.options  # type: ignore[return-value]

    def condition(self, chosen: Chosen) -> ColumnElement[bool] | None:
        matches = [o.match for o in self.ticks if o.value in chosen.get(self.name, ())]
        if not matches:
            return None
        values = [match for match in matches if match is not None]
        conditions = [self.any_of(values)] if values else []
        if None in matches:
            conditions.append(self.column.is_(None))
        return or_(*conditions)

    def any_of(self, values: list[Any]) -> ColumnElement[bool]:
        condition: ColumnElement[bool] = (
            self.column == values[0] if len(values) == 1 else self.column.in_(values)
        )
        return condition

    def chips(self, chosen: Chosen) -> list[Chip]:
        ticked = chosen.get(self.name, ())
        return [
            Chip(self.name, option.value, str(self.label), str(option.label))
            for option in self.ticks
            if option.value in ticked
        ]

    def counted(self) -> tuple[Any, Callable[[Any], Any]] | None:
        return self.column, lambda column: cast(column, Text)

    def values_by_text(self) -> dict[str | None, str]:
        """A counted text → the option that it stands for."""
        return {_text_of(option.match): option.value for option in reversed(self.ticks)}


@dataclass(frozen=True)
class Labels(Choice):
    """Rows that bear any of the ticked labels; the column is `smallint[]` with a GIN index."""

    kind: ClassVar[str] = "labels"

    def any_of(self, values: list[Any]) -> ColumnElement[bool]:
        condition: ColumnElement[bool] = self.column.overlap(values)
        return condition

    def counted(self) -> tuple[Any, Callable[[Any], Any]] | None:
        return self.column, lambda column: cast(func.unnest(column), Text)


def _option(given: Option | tuple[Any, object]) -> Option:
    if isinstance(given, Option):
        return given
    value, label = given
    return Option(str(value), label, value)


def _text_of(match: Any) -> str | None:
    """As PostgreSQL writes the value as text."""
    if match is None:
        return None
    return str(match).lower() if isinstance(match, bool) else str(match)


@dataclass(frozen=True)
class Period(Filter):
    """From one day to another, both included, in the zone's civil days; `zone` gives its IANA name."""

    column: Any = None
    zone: Callable[[], str] = lambda: str(get_timezone())
    kind: ClassVar[str] = "period"

    @property
    def parameters(self) -> tuple[str, ...]:
        return (f"{self.name}-from", f"{self.name}-to")

    def read(self, args: MultiDict[str, str]) -> dict[str, tuple[str, ...]]:
        return {
            parameter: (day.isoformat(),)
            for parameter in self.parameters
            if (day := _day(args.get(parameter, ""))) is not None
        }

    def condition(self, chosen: Chosen) -> ColumnElement[bool] | None:
        first, last = self._days(chosen)
        conditions: list[ColumnElement[bool]] = []
        if first is not None:
            conditions.append(self.column >= self._start_of(first))
        if last is not None:
            conditions.append(self.column < self._start_of(last + timedelta(days=1)))
        return and_(*conditions) if conditions else None

    def chips(self, chosen: Chosen) -> list[Chip]:
        words = (_("from %(day)s"), _("until %(day)s"))
        return [
            Chip(parameter, day.isoformat(), str(self.label), word % {"day": format_date(day)})
            for parameter, day, word in zip(self.parameters, self._days(chosen), words, strict=True)
            if day is not None
        ]

    def _days(self, chosen: Chosen) -> tuple[date | None, date | None]:
        first, last = (_day((chosen.get(p) or ("",))[0]) for p in self.parameters)
        return first, last

    def _start_of(self, day: date) -> datetime:
        return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(self.zone()))


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if EARLIEST <= day <= LATEST else None


@dataclass(frozen=True)
class Flag(Filter):
    """One tick box that narrows the list by a condition."""

    where: ColumnElement[bool] | Callable[[], ColumnElement[bool]] | None = None
    kind: ClassVar[str] = "flag"

    def read(self, args: MultiDict[str, str]) -> dict[str, tuple[str, ...]]:
        return {self.name: ("1",)} if args.get(self.name) == "1" else {}

    def condition(self, chosen: Chosen) -> ColumnElement[bool] | None:
        if not self.is_active(chosen):
            return None
        if self.where is None:
            return false()
        return self.where() if callable(self.where) else self.where

    def chips(self, chosen: Chosen) -> list[Chip]:
        return [Chip(self.name, "1", "", str(self.label))] if self.is_active(chosen) else []


@dataclass(frozen=True)
class Below(Flag):
    """Also the rows of the organisations below: it widens the scope instead of narrowing the list."""

    kind: ClassVar[str] = "below"

    def condition(self, chosen: Chosen) -> ColumnElement[bool] | None:
        return None
