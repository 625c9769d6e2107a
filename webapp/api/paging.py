"""Pages of the API: a list, and the address of the next page. Keyset paging, as in the portal's lists."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import urlencode

import msgspec
from flask import current_app, request
from sqlalchemy import Select

from webapp.core.errors import Problem
from webapp.core.listing.cursors import BadCursor, decode
from webapp.core.listing.paging import Order, Slice, Wanted, fetch

LARGEST_PAGE = 200


class Paged(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The parameters of every list of the API."""

    limit: Annotated[
        int, msgspec.Meta(ge=1, le=LARGEST_PAGE, description="How many entries a page has.")
    ] = 50
    after: Annotated[
        str,
        msgspec.Meta(
            max_length=2000,
            description="Where the page begins. Take it from the address in next of the page before.",
        ),
    ] = ""


def page_of(statement: Select[Any], order: Order, query: Paged) -> Slice:
    """The rows of one page; 422 for an `after` that isn't one of ours."""
    after = None
    if query.after:
        try:
            after = decode(query.after, order.name, order.column.type)
        except BadCursor:
            words = "is not from `next` of an earlier page"
            error = {"where": "after", "message": words}
            raise Problem(
                422, "invalid_message", f"The parameter after {words}.", errors=[error]
            ) from None
    return fetch(statement, Wanted(order, query.limit, after=after))


def next_url(found: Slice) -> str | None:
    """The present address with the next page's beginning, absolute."""
    if found.next is None:
        return None
    pairs = [(name, value) for name, value in request.args.items(multi=True) if name != "after"]
    base_url: str = current_app.extensions["settings"].base_url
    return f"{base_url}{request.path}?{urlencode([*pairs, ('after', found.next)])}"
