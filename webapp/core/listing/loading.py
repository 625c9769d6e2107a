"""Loading a page: count first, for whether few or many rows match decides how they are best found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import current_app
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from webapp.core.listing import counting
from webapp.core.listing.counting import Question, TookTooLong
from webapp.core.listing.cursors import BadCursor, Cursor, decode
from webapp.core.listing.filters import Choice
from webapp.core.listing.narrowing import narrowed, resolved_filters
from webapp.core.listing.page import Page
from webapp.core.listing.paging import Order, Slice, Statement, fetch
from webapp.core.listing.query import parse

if TYPE_CHECKING:
    from webapp.core.listing.declaration import Listing


def open_page(
    listing: Listing,
    statement: Statement,
    args: MultiDict[str, str],
    *,
    path: str,
    organisation: Any,
    bulk_url: str | None,
    timeout_ms: int | None,
) -> Page:
    filters = resolved_filters(listing)
    query = parse(listing, filters, args)
    page = Page(
        listing=listing,
        query=query,
        filters=filters,
        statement=narrowed(statement, listing, filters, query),
        path=path,
        organisation=organisation,
        bulk_url=bulk_url,
        args=args,
    )
    if page.wants_csv:
        return page
    milliseconds = timeout_ms or current_app.extensions["settings"].list_timeout_ms
    with page.scope():
        _load(page, statement, milliseconds)
    return page


def _load(page: Page, whole: Statement, milliseconds: int) -> None:
    limit = min(milliseconds, counting.COUNT_TIMEOUT_MS)
    key = page.listing.key_column
    page.total = counting.total(page.statement, key, limit)
    if page.query.is_narrowed:
        page.total_of_all = counting.total(whole, key, limit)
    try:
        with counting.bounded(milliseconds):
            page.slice = _slice(page)
    except TookTooLong:
        page.has_failed = True
        return
    if page.total.is_exact:
        page.counts = counting.option_counts(_questions(page, whole), limit)


def _slice(page: Page) -> Slice:
    order, statement = page.order, page.statement
    after, before = _cursors(page, order)
    few = page.total.is_exact and statement.whereclause is not None
    return fetch(statement, order, page.query.size, after=after, before=before, few=few)


def _cursors(page: Page, order: Order) -> tuple[Cursor | None, Cursor | None]:
    query = page.query
    try:
        after, before = (
            decode(text, order.name, order.column.type) if text else None
            for text in (query.after, query.before)
        )
    except BadCursor:
        page.query = query.first_page()
        page.notice = _("That page of the list can't be found any more; this is the first one.")
        return None, None
    return after, before


def _questions(page: Page, whole: Statement) -> list[Question]:
    """Options of idle filters count in what is shown; those of an active one as if it were not set."""
    choices = [f for f in page.filters if isinstance(f, Choice)]
    idle = [f for f in choices if not page.is_active(f)]
    active = [f for f in choices if page.is_active(f)]
    return [
        Question(page.statement, idle),
        *(
            Question(
                narrowed(whole, page.listing, page.filters, page.query, without=filter_), [filter_]
            )
            for filter_ in active
        ),
    ]
