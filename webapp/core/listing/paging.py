"""Keyset pages: the index `(organisation, column, id)` serves both directions, wherever the page lies.

Rows that come or go meanwhile never make a row appear twice or be missed, as they do with OFFSET.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Select, literal, true, tuple_

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


@dataclass(frozen=True)
class Wanted:
    """Which rows make a page: so many from the cursor on, in one direction."""

    order: Order
    size: int
    after: Cursor | None = None
    before: Cursor | None = None

    @property
    def cursor(self) -> Cursor | None:
        return self.before or self.after

    @property
    def is_backwards(self) -> bool:
        return self.before is not None

    @property
    def is_descending(self) -> bool:
        """How the statement sorts: a page in front of a cursor is read backwards."""
        return self.order.descending != self.is_backwards

    @property
    def limit(self) -> int:
        """One more than is shown says whether there is more."""
        return self.size + 1

    def beside(self, column: Any, key: Any) -> ColumnElement[bool]:
        """On the wanted side of the cursor: a row comparison, which the index can serve."""
        if self.cursor is None:
            return true()
        edge = tuple_(literal(self.cursor.value, column.type), literal(self.cursor.key, key.type))
        row = tuple_(column, key)
        return row < edge if self.is_descending else row > edge

    def sorted(self, column: Any, key: Any) -> tuple[Any, Any]:
        if self.is_descending:
            return column.desc(), key.desc()
        return column.asc(), key.asc()


def fetch(statement: Statement, wanted: Wanted, keys: Sequence[int] | None = None) -> Slice:
    """The page, by its `keys` where they are known already. A page in front that isn't full is the first."""
    found = _rows(statement, wanted, keys)
    missed = len(found) < wanted.size if wanted.is_backwards else not found
    if missed and wanted.cursor is not None:
        return fetch(statement, Wanted(wanted.order, wanted.size))
    more, found = len(found) > wanted.size, found[: wanted.size]
    if wanted.is_backwards:
        found.reverse()
    has_previous = more if wanted.is_backwards else wanted.cursor is not None
    has_next = wanted.is_backwards or more
    name = wanted.order.name
    return Slice(
        rows=[_unwrapped(row) for row in found],
        previous=_cursor_of(found[0]).encode(name) if found and has_previous else None,
        next=_cursor_of(found[-1]).encode(name) if found and has_next else None,
    )


def sorted_by(statement: Statement, wanted: Wanted) -> Statement:
    order = wanted.order
    return statement.order_by(None).order_by(*wanted.sorted(order.column, order.key))


def _rows(statement: Statement, wanted: Wanted, keys: Sequence[int] | None) -> list[Any]:
    column, key = wanted.order.column, wanted.order.key
    if keys is not None:
        statement = statement.where(key.in_(keys))
    else:
        statement = statement.where(wanted.beside(column, key)).limit(wanted.limit)
    found = sorted_by(statement, wanted).add_columns(
        column.label("list_sort"), key.label("list_key")
    )
    return list(db.session.execute(found).all())


def _cursor_of(row: Any) -> Cursor:
    return Cursor(row.list_sort, row.list_key)


def _unwrapped(row: Any) -> Any:
    """A row of one entity is the entity itself."""
    return row[0] if len(row) == 3 else row
