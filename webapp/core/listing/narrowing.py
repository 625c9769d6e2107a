"""Search and filters as conditions of a statement."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, false, or_

from webapp.core.listing.filters import Chosen, Filter
from webapp.core.listing.paging import Statement
from webapp.core.listing.query import ListQuery

if TYPE_CHECKING:
    from webapp.core.listing.declaration import Listing


def resolved_filters(listing: Listing) -> list[Filter]:
    """The filters with their options asked for, once a page."""
    return [filter_.resolved() for filter_ in listing.filters]


def narrowed(
    statement: Statement,
    listing: Listing,
    filters: Sequence[Filter],
    query: ListQuery,
    *,
    without: Filter | None = None,
) -> Statement:
    """The rows that search and filters leave; `without` one filter to count its options."""
    if query.q:
        statement = statement.where(searched(listing, query.q))
    for condition in _conditions([f for f in filters if f is not without], query.chosen):
        statement = statement.where(condition)
    return statement


def searched(listing: Listing, typed: str) -> ColumnElement[bool]:
    found = [condition for search in listing.search if (condition := search(typed)) is not None]
    return or_(*found) if found else false()


def _conditions(filters: Sequence[Filter], chosen: Chosen) -> list[ColumnElement[bool]]:
    return [c for f in filters if (c := f.condition(chosen)) is not None]
