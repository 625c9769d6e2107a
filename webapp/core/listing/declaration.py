"""What a list is: columns, sorts, search, filters, what can be done with its rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from flask import request
from markupsafe import Markup
from sqlalchemy import Select, Text, type_coerce
from sqlalchemy.types import NullType
from werkzeug.datastructures import MultiDict

from webapp.core.listing.cursors import KINDS
from webapp.core.listing.filters import Filter
from webapp.core.listing.paging import Order
from webapp.core.listing.searches import Search

if TYPE_CHECKING:
    from webapp.core.listing.page import Page
    from webapp.core.listing.selection import Selection

Kind = Literal["text", "number", "code", "time", "date", "state", "labels", "yes_no"]
RESERVED = {"q", "sort", "after", "before", "size", "focus", "format"}


class BadListing(Exception):
    """A declaration contradicts itself: the module can't be imported."""


@dataclass(frozen=True)
class Column:
    """A column of the table and of the CSV file.

    `value` defaults to the row's attribute of the column's name. `cell` renders it: a callable (row → text or
    Markup) or a macro `"printers/cells.html#state"` taking the row; else `kind` says how. `sort` must never be
    null and have the index `(organisation_id, column, id)`. `main` marks what stays visible on a phone beside
    the first column; `csv` gives another value to the file, False keeps the column out of it.
    """

    name: str
    label: object
    kind: Kind = "text"
    value: Callable[[Any], Any] | None = None
    cell: Callable[[Any], object] | str | None = None
    link: Callable[[Any], str] | None = None
    sort: Any = None
    first_descending: bool = False
    main: bool = False
    csv: Callable[[Any], Any] | bool = True

    def value_of(self, row: Any) -> Any:
        return self.value(row) if self.value is not None else getattr(row, self.name)

    @property
    def is_state(self) -> bool:
        return self.main or self.kind == "state"

    @property
    def is_plain(self) -> bool:
        """What the cell shows needs no further rendering."""
        return self.cell is not None or self.kind == "text"

    @property
    def opening(self) -> Markup:
        """The cell's tag. Below 640 px all but name and state fold under the row, behind their label."""
        if self.is_state:
            return Markup('<td class="col-state">')
        number = Markup(' class="num"') if self.kind == "number" else ""
        return Markup('<td{} data-label="{}">').format(number, str(self.label))


@dataclass(frozen=True)
class Bulk:
    """Something to do with the ticked rows; the form posts `action=<name>` to the page's `bulk_url`."""

    name: str
    label: object
    icon: str | None = None
    danger: bool = False
    confirm: object = None


@dataclass(frozen=True, kw_only=True)
class Listing:
    """One list of the portal. `name` is its id in the page; `total(number, shown)` says "12 meters"."""

    name: str
    model: type[Any]
    columns: Sequence[Column]
    default_sort: str
    total: Callable[[int, str], str]
    search: Sequence[Search] = ()
    search_hint: object = ""
    filters: Sequence[Filter] = ()
    bulk: Sequence[Bulk] = ()
    menu: Callable[[Any], Sequence[Mapping[str, Any] | None]] | None = None
    row_name: Callable[[Any], str] | None = None
    ticked_by: Any = None
    key: Any = None
    sizes: tuple[int, ...] = (25, 50, 100, 200)
    size: int = 50

    def __post_init__(self) -> None:
        _check(self)

    @cached_property
    def sorts(self) -> dict[str, Any]:
        """Sort name → column or expression."""
        return {c.name: _typed(c.sort) for c in self.columns if c.sort is not None}

    @cached_property
    def key_column(self) -> Any:
        return self.model.id if self.key is None else self.key

    @cached_property
    def tick_column(self) -> Any:
        return self.model.public_id if self.ticked_by is None else self.ticked_by

    def order(self, sort: str) -> Order:
        name = sort.removeprefix("-")
        return Order(name, self.sorts[name], self.key_column, sort.startswith("-"))

    def page(
        self,
        statement: Select[Any],
        args: MultiDict[str, str] | None = None,
        *,
        path: str | None = None,
        organisation: Any = None,
        bulk_url: str | None = None,
        timeout_ms: int | None = None,
    ) -> Page:
        """The page that `args` (the request's, by default) ask for.

        `organisation` (with `id` and `path`) is needed by a `Below` filter; without `bulk_url` nothing can be
        ticked. Takes a bounded number of statements, each with a time-out.
        """
        from webapp.core.listing.loading import open_page

        return open_page(
            self,
            statement,
            request.args if args is None else args,
            path=request.path if path is None else path,
            organisation=organisation,
            bulk_url=bulk_url,
            timeout_ms=timeout_ms,
        )

    def selection(self, form: MultiDict[str, str] | None = None) -> Selection:
        """What was ticked in a list of this kind and sent with its bulk form."""
        from webapp.core.listing.selection import Selection

        return Selection.from_form(self, request.form if form is None else form)


def _typed(column: Any) -> Any:
    """`func.lower(…)` doesn't know that it is a text; said without a CAST, so that its index still fits."""
    return type_coerce(column, Text) if isinstance(column.type, NullType) else column


def _check(listing: Listing) -> None:
    names = [column.name for column in listing.columns]
    parameters = [p for f in listing.filters for p in f.parameters]
    if len(set(names)) != len(names) or len(set(parameters)) != len(parameters):
        raise BadListing(f"{listing.name}: two columns or two filters have the same name")
    if taken := RESERVED.intersection(parameters):
        raise BadListing(f"{listing.name}: {', '.join(sorted(taken))} is a parameter of every list")
    if listing.default_sort.removeprefix("-") not in listing.sorts:
        raise BadListing(f"{listing.name}: the default sort {listing.default_sort} is not declared")
    if listing.size not in listing.sizes:
        raise BadListing(f"{listing.name}: the size {listing.size} is not among the sizes")
    for name, column in listing.sorts.items():
        _check_sort(listing.name, name, column)


def _check_sort(listing: str, name: str, column: Any) -> None:
    """A null has no place in a keyset, and only some types can stand in a cursor."""
    element = column.__clause_element__() if hasattr(column, "__clause_element__") else column
    if getattr(element, "nullable", False):
        raise BadListing(
            f"{listing}: the sort {name} may be null; sort by func.coalesce(column, '') and give "
            "the table an index on (organisation_id, coalesce(column, ''), id)"
        )
    if element.type.python_type not in KINDS:
        raise BadListing(f"{listing}: the sort {name} is of a type that can't stand in a URL")
