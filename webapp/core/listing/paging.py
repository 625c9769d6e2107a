"""Keyset pages: the index `(organisation, column, id)` serves both directions, wherever the page lies.

Rows that come or go meanwhile never make a row appear twice or be missed, as they do with OFFSET.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Select, literal, select, tuple_

from webapp.core.db import db
from webapp.core.listing.cursors import Cursor

Statement = Select[Any]


@dataclass(frozen=True)
class Order:
    """The sort of a page; `key` breaks ties and runs the same way, so that one index serves both ways."""

    name: str
    column: Any
    key: Any
    descending: bool


@dataclass(frozen=True)
class Slice:
    """The rows of one page and what lies beside it."""

    rows: list[Any] = field(default_factory=list)
    previous: str | None = None
    next: str | None = None


def fetch(
    statement: Statement,
    order: Order,
    size: int,
    *,
    after: Cursor | None = None,
    before: Cursor | None = None,
    few: bool = False,
) -> Slice:
    """One page: the rows behind `after`, or those in front of `before`, or the first ones.

    `few` says that few of many rows match. A page in front that isn't full is the first page.
    """
    backwards = before is not None
    cursor = before or after
    wanted = _Wanted(order, size + 1, cursor, order.descending != backwards)
    found = _rows(statement, wanted, few)
    if cursor is not None and len(found) <= size and (backwards or not found):
        return fetch(statement, order, size, few=few)
    more, found = len(found) > size, found[:size]
    if backwards:
        found.reverse()
    has_previous = more if backwards else cursor is not None
    has_next = backwards or more
    return Slice(
        rows=[_unwrapped(row) for row in found],
        previous=_cursor_of(found[0]).encode(order.name) if found and has_previous else None,
        next=_cursor_of(found[-1]).encode(order.name) if found and has_next else None,
    )


def sorted_by(statement: Statement, order: Order, descending: bool) -> Statement:
    columns = (order.column, order.key)
    return statement.order_by(None).order_by(*(_turned(c, descending) for c in columns))


@dataclass(frozen=True)
class _Wanted:
    order: Order
    limit: int
    cursor: Cursor | None
    descending: bool


def _rows(statement: Statement, wanted: _Wanted, few: bool) -> list[Any]:
    order, beside = wanted.order, _beside(statement, wanted)
    page = statement.where(order.key.in_(_keys(beside, wanted))) if few else beside
    found = sorted_by(page.limit(wanted.limit), order, wanted.descending).add_columns(
        order.column.label("list_sort"), order.key.label("list_key")
    )
    return list(db.session.execute(found).all())


def _beside(statement: Statement, wanted: _Wanted) -> Statement:
    """Only what lies on the wanted side of the cursor; a row comparison, which the index can serve."""
    order, cursor = wanted.order, wanted.cursor
    if cursor is None:
        return statement
    row = tuple_(order.column, order.key)
    edge = tuple_(literal(cursor.value, order.column.type), literal(cursor.key, order.key.type))
    return statement.where(row < edge if wanted.descending else row > edge)


def _keys(statement: Statement, wanted: _Wanted) -> Select[Any]:
    """The keys of the page, found by the filters' indexes first and sorted afterwards.

    Left alone, the planner may walk the sort's index past a million rows to find fifty. OFFSET 0 is the fence
    it doesn't look through.
    """
    order = wanted.order
    matches = (
        statement.with_only_columns(
            order.key.label("list_key"),
            order.column.label("list_sort"),
            maintain_column_froms=True,
        )
        .order_by(None)
        .offset(0)
        .subquery()
    )
    columns = (matches.c.list_sort, matches.c.list_key)
    return (
        select(matches.c.list_key)
        .order_by(*(_turned(c, wanted.descending) for c in columns))
        .limit(wanted.limit)
    )


def _turned(column: Any, descending: bool) -> Any:
    return column.desc() if descending else column.asc()


def _cursor_of(row: Any) -> Cursor:
    return Cursor(row.list_sort, row.list_key)


def _unwrapped(row: Any) -> Any:
    """A row of one entity is the entity itself."""
    return row[0] if len(row) == 3 else row
