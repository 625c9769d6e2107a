"""One page of a list: what the template reads, what the route answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from flask import Response, current_app
from flask_babel import format_decimal
from flask_babel import gettext as _
from flask_login import current_user
from markupsafe import Markup
from werkzeug.datastructures import MultiDict

from webapp.core import tenancy, web
from webapp.core.listing.counting import Total
from webapp.core.listing.filters import Below, Chip, Filter, Option
from webapp.core.listing.paging import Order, Slice, Statement
from webapp.core.listing.query import ListQuery
from webapp.core.listing.rows import table_rows

if TYPE_CHECKING:
    from webapp.core.listing.csv_export import Reader
    from webapp.core.listing.declaration import Column, Listing


@dataclass
class Page:
    """One page of a list, with everything its template needs; the rows are loaded."""

    listing: Listing
    query: ListQuery
    filters: Sequence[Filter]
    statement: Statement
    path: str
    organisation: Any = None
    bulk_url: str | None = None
    args: MultiDict[str, str] = field(default_factory=MultiDict)
    slice: Slice = field(default_factory=Slice)
    total: Total = field(default_factory=Total)
    total_of_all: Total | None = None
    counts: dict[str, dict[str, int]] = field(default_factory=dict)
    has_failed: bool = False
    notice: str = ""
    _made: dict[tuple[Any, ...], Markup] = field(default_factory=dict)

    @property
    def rows(self) -> list[Any]:
        return self.slice.rows

    @property
    def id(self) -> str:
        """The id of the list's element, which htmx swaps."""
        return f"list-{self.listing.name}"

    @property
    def order(self) -> Order:
        return self.listing.order(self.query.sort)

    # URLs -------------------------------------------------------------------------------------------------

    def url(self, query: ListQuery | None = None) -> str:
        return (query or self.query).url(self.path, self.listing)

    def url_without(self, filter_: Filter) -> str:
        rest = {k: v for k, v in self.query.chosen.items() if k not in filter_.parameters}
        return self.url(self.query.first_page(chosen=rest))

    @property
    def hidden_pairs(self) -> list[tuple[str, str]]:
        """What the toolbar's form carries along: sort and size."""
        return ListQuery(self.query.sort, self.query.size).pairs(self.listing)

    @property
    def parameters(self) -> str:
        """The list's state without its place in the pages, for the bulk form."""
        return self.query.first_page().url("", self.listing).removeprefix("?")

    @property
    def cleared_url(self) -> str:
        return self.url(self.query.cleared())

    @property
    def previous_url(self) -> str | None:
        before = self.slice.previous
        return self.url(self.query.first_page(before=before)) if before else None

    @property
    def next_url(self) -> str | None:
        after = self.slice.next
        return self.url(self.query.first_page(after=after)) if after else None

    @property
    def csv_url(self) -> str:
        url = self.url(self.query.first_page())
        return f"{url}{'&' if '?' in url else '?'}format=csv"

    def sort_url(self, column: Column) -> str:
        """Sorting again by the same column turns it round."""
        is_sorted = self.query.sort_name == column.name
        descending = not self.query.is_descending if is_sorted else column.first_descending
        return self.url(self.query.first_page(sort=("-" if descending else "") + column.name))

    def size_url(self, size: int) -> str:
        return self.url(self.query.first_page(size=size))

    def aria_sort(self, column: Column) -> str | None:
        if column.sort is None or self.query.sort_name != column.name:
            return None
        return "descending" if self.query.is_descending else "ascending"

    # Filters ----------------------------------------------------------------------------------------------

    def is_active(self, filter_: Filter) -> bool:
        return filter_.is_active(self.query.chosen)

    def is_ticked(self, filter_: Filter, option: Option) -> bool:
        return option.value in self.query.chosen.get(filter_.name, ())

    def value_of(self, parameter: str) -> str:
        return (self.query.chosen.get(parameter) or ("",))[0]

    def ticked(self, filter_: Filter) -> int:
        """How many values of this filter are chosen."""
        return sum(len(self.query.chosen.get(p, ())) for p in filter_.parameters)

    def count_of(self, filter_: Filter, option: Option) -> int | None:
        return self.counts.get(filter_.name, {}).get(option.value)

    def chips(self) -> list[tuple[Chip, str]]:
        """Active filters, each with the URL that takes it away."""
        found = [
            (chip, self.url(self.query.without(chip.parameter, chip.value)))
            for filter_ in self.filters
            for chip in filter_.chips(self.query.chosen)
        ]
        if self.query.q:
            searched = Chip("q", self.query.q, _("Search"), self.query.q)
            found.insert(0, (searched, self.url(self.query.first_page(q=""))))
        return found

    @property
    def focus(self) -> str:
        """The filter whose drop-down was sent; its summary takes the focus again."""
        return self.args.get("focus", "") if self.is_fragment else ""

    @property
    def is_fragment(self) -> bool:
        return web.is_fragment()

    # Words ------------------------------------------------------------------------------------------------

    @property
    def total_text(self) -> str:
        """ "47 meters", "12 of 47 meters", "≈ 120,000 meters"."""
        if self.total.number is None or self.has_failed:
            return ""
        whole = self.total_of_all
        if whole is None or whole.number is None:
            return self._counted(self.total)
        of_all = _("%(some)s of %(all)s", some=_shown(self.total), all=self._counted(whole))
        return str(of_all)

    def _counted(self, total: Total) -> str:
        return self.listing.total(total.number or 0, _shown(total))

    @property
    def everything_text(self) -> str:
        return str(_("Select all %(all)s", all=self._counted(self.total)))

    @property
    def empty_kind(self) -> str | None:
        """None, or which of the three empty states to show."""
        if self.has_failed:
            return "failed"
        if self.rows:
            return None
        return "no_match" if self.query.is_narrowed else "nothing"

    # Cells ------------------------------------------------------------------------------------------------

    def cell(self, column: Column, row: Any) -> Any:
        """What a column's own `cell` renders of a row; a macro is named `template#macro`."""
        if isinstance(column.cell, str):
            template, _hash, macro = column.cell.partition("#")
            module = current_app.jinja_env.get_template(template).module
            return getattr(module, macro)(row)
        return column.cell(row) if column.cell is not None else column.value_of(row)

    @property
    def table_rows(self) -> Markup:
        return table_rows(self)

    def once(self, macro: Callable[..., Markup], *values: Any) -> Markup:
        """What a macro makes of the same values is made once a page."""
        key = (macro.name, *values)  # type: ignore[attr-defined]
        if key not in self._made:
            self._made[key] = macro(*values)
        return self._made[key]

    def number(self, value: Any) -> str:
        """With the language's separators; small whole numbers have none."""
        if isinstance(value, int) and abs(value) < 1000:
            return str(value)
        return str(format_decimal(value))

    def tick_value(self, row: Any) -> str:
        return str(getattr(row, self.listing.tick_column.key))

    def row_name(self, row: Any) -> str:
        """What a row is called in the names of its tick box and menu."""
        if self.listing.row_name is not None:
            return self.listing.row_name(row)
        return str(self.listing.columns[0].value_of(row))

    def row_id(self, row: Any) -> str:
        """A stable id of the row's element: focus finds it again after a swap."""
        return str(getattr(row, "public_id", ""))

    def menu(self, row: Any) -> list[Mapping[str, Any]]:
        """The items of the row's menu; what `None` stands for is left out."""
        items = self.listing.menu(row) if self.listing.menu is not None else ()
        return [item for item in items if item]

    @property
    def has_ticks(self) -> bool:
        return bool(self.bulk_url and self.listing.bulk)

    # Answers ----------------------------------------------------------------------------------------------

    def respond(self, template: str, **context: Any) -> Response:
        """The page, or for htmx its block `listing` with the clean URL for the address bar, or the CSV file."""
        if self.wants_csv:
            return self.csv_response(f"{self.listing.name}.csv", current_user)
        response = web.render(template, block="listing", page=self, **context)
        if self.is_fragment:
            response.headers["HX-Push-Url"] = self.url()
        return response

    @property
    def wants_csv(self) -> bool:
        return self.args.get("format") == "csv"

    def csv_response(self, filename: str, user: Reader) -> Response:
        """All rows of the filter as a file, in the user's delimiter, streamed."""
        from webapp.core.listing.csv_export import csv_response

        return csv_response(self, filename, user)

    def scope(self) -> AbstractContextManager[None]:
        """The scope of the page's statements: wider where "and below" is chosen."""
        below = any(isinstance(f, Below) and self.is_active(f) for f in self.filters)
        if not below or self.organisation is None:
            return nullcontext()
        return tenancy.scope(self.organisation.id, path=self.organisation.path)


def _shown(total: Total) -> str:
    number = total.number or 0
    if total.is_exact:
        return cast(str, format_decimal(number))
    return f"≈ {format_decimal(rounded(number))}"


def rounded(number: int) -> int:
    """Two significant figures: an estimate pretends no more."""
    step: int = 10 ** max(0, len(str(number)) - 2)
    return round(number / step) * step
