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

    @property
    def kind(self) -> type[Any]:
        kind: type[Any] = self.column.type.python_type
        return kind


@dataclass(frozen=True)
class Slice:
    """The rows of one page and what lies beside it."""

    rows: list[Any] = field(default_factory=list)
    previous: str | None = None
    next: str | None = None


def fetch(
    statement: Statement, order: Order, size: int, *, after: Cursor | None, before: Cursor | None
) -> Slice:
    """One page: the rows behind `after`, or those in front of `before`, or the first ones."""
    cursor = after or before
    backwards = before is not None
    found = _rows(statement, order, size + 1, cursor, order.descending != backwards)
    if cursor is not None and len(found) <= size and (backwards or not found):
        return fetch(statement, order, size, after=None, before=None)
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


def _rows(
    statement: Statement, order: Order, limit: int, cursor: Cursor | None, descending: bool
) -> list[Any]:
    if cursor is not None:
        row = tuple_(order.column, order.key)
        edge = tuple_(literal(cursor.value, order.column.type), literal(cursor.key, order.key.type))
        statement = statement.where(row < edge if descending else row > edge)
    statement = sorted_by(statement, order, descending).limit(limit)
    statement = statement.add_columns(order.column.label("list_sort"), order.key.label("list_key"))
    return list(db.session.execute(statement).all())


def sorted_by(statement: Statement, order: Order, descending: bool) -> Statement:
    columns = (order.column, order.key)
    return statement.order_by(None).order_by(
        *(c.desc() if descending else c.asc() for c in columns)
    )


def fenced(statement: Statement, order: Order) -> Statement:
    """The same rows, found by the filters' indexes first and sorted afterwards.

    For few matches among many rows: left alone, the planner may walk the sort's index past a million rows to
    find fifty. OFFSET 0 is the fence it doesn't look through.
    """
    inner = statement.with_only_columns(
        order.key.label("list_key"), maintain_column_froms=True
    ).order_by(None)
    matches = inner.offset(0).subquery()
    return statement.where(order.key.in_(select(matches.c.list_key)))


def _cursor_of(row: Any) -> Cursor:
    return Cursor(row.list_sort, row.list_key)


def _unwrapped(row: Any) -> Any:
    """A row of one entity is the entity itself."""
    return row[0] if len(row) == 3 else row
