"""Loading a page: count first, for whether few or many rows match decides how they are best found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import current_app
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from webapp.core.listing import counting
from webapp.core.listing.counting import Question, TookTooLong
from webapp.core.listing.cursors import BadCursor, decode
from webapp.core.listing.filters import Choice
from webapp.core.listing.narrowing import narrowed, resolved_filters
from webapp.core.listing.page import Page
from webapp.core.listing.paging import Statement, Wanted, fetch
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
    wanted = _wanted(page)
    keys = _count(page, whole, wanted, min(milliseconds, counting.COUNT_TIMEOUT_MS))
    try:
        with counting.bounded(milliseconds):
            page.slice = fetch(page.statement, wanted, keys)
    except TookTooLong:
        page.has_failed = True


def _count(page: Page, whole: Statement, wanted: Wanted, limit_ms: int) -> list[int] | None:
    """Totals, the numbers beside the options, and where few rows match also the keys of the page.

    Idle filters are counted in what is shown, active ones as if they were not set; the latter only in lists
    of up to 10,000 rows, for each such filter is one more search.
    """
    key = page.listing.key_column
    all_rows = counting.total(whole, key, limit_ms)
    if page.query.is_narrowed:
        page.total_of_all = all_rows
    elif not all_rows.is_exact:
        page.total = all_rows
        return None
    shown = counting.survey(_idle(page, wanted), key, limit_ms)
    page.total, page.counts = shown.total, dict(shown.counts)
    for question in _active(page, whole) if all_rows.is_exact else ():
        page.counts.update(counting.survey(question, key, limit_ms).counts)
    return shown.keys


def _wanted(page: Page) -> Wanted:
    """Where the page begins; a cursor that can't be read leads to the first page."""
    order, query = page.order, page.query
    try:
        after, before = (
            decode(text, order.name, order.column.type) if text else None
            for text in (query.after, query.before)
        )
    except BadCursor:
        page.query = query.first_page()
        page.notice = _("That page of the list can't be found any more; this is the first one.")
        return Wanted(order, query.size)
    return Wanted(order, query.size, after, before)


def _idle(page: Page, wanted: Wanted) -> Question:
    choices = [f for f in page.filters if isinstance(f, Choice) and not page.is_active(f)]
    return Question(page.statement, choices, wanted)


def _active(page: Page, whole: Statement) -> list[Question]:
    return [
        Question(narrowed(whole, page.listing, page.filters, page.query, without=f), [f])
        for f in page.filters
        if isinstance(f, Choice) and page.is_active(f)
    ]
