"""What somebody ticked: some rows, or all that the filter shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from flask_babel import gettext as _
from sqlalchemy import Select
from werkzeug.datastructures import MultiDict

from webapp.core.errors import Refusal
from webapp.core.listing.narrowing import narrowed, resolved_filters
from webapp.core.listing.query import ListQuery, parse

if TYPE_CHECKING:
    from webapp.core.listing.declaration import Listing

MOST_TICKED = 200


@dataclass(frozen=True)
class Selection:
    """The ticked rows of a list. `action` names what to do with them."""

    listing: Listing
    action: str
    names: Sequence[str]
    everything: bool
    query: ListQuery
    is_outdated: bool = False
    """The form's filters don't mean any more what they meant: an option is gone meanwhile."""

    @classmethod
    def from_form(cls, listing: Listing, form: MultiDict[str, str]) -> Selection:
        """Read the bulk form: `row` repeated, or `everything=1` with the list's own URL parameters in `list`."""
        shown = parse_qsl(form.get("list", "")[:8000])
        query = parse(listing, resolved_filters(listing), MultiDict(shown))
        known = {bulk.name for bulk in listing.bulk}
        action = form.get("action", "")
        return cls(
            listing=listing,
            action=action if action in known else "",
            names=[n for n in form.getlist("row") if "\x00" not in n][:MOST_TICKED],
            everything=form.get("everything") == "1",
            query=query,
            is_outdated=sorted(shown) != sorted(query.first_page().pairs(listing)),
        )

    def check(self) -> Selection:
        """Refuse what can't be meant: no act, nothing ticked, or more rows than the person saw."""
        if not self.action:
            raise Refusal(_("Choose what to do with the ticked rows."))
        if self.is_empty:
            raise Refusal(_("Tick at least one row first."))
        if self.everything and self.is_outdated:
            words = _("The list has changed meanwhile. Look at it again, then repeat.")
            raise Refusal(words, status=409)
        return self

    @property
    def is_empty(self) -> bool:
        """Nothing was ticked: say so instead of doing nothing silently."""
        return not self.everything and not self.names

    def of(self, statement: Select[Any]) -> Select[Any]:
        """The statement, narrowed to the selection. The tenancy scope holds as ever."""
        if self.everything:
            return narrowed(statement, self.listing, resolved_filters(self.listing), self.query)
        return statement.where(self.listing.tick_column.in_(self.names))
