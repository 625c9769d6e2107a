"""The state of a list ⇄ its URL. What is default is absent; what isn't understood is dropped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from werkzeug.datastructures import MultiDict

from webapp.core.listing.filters import Chosen, Filter

if TYPE_CHECKING:
    from webapp.core.listing.declaration import Listing

LONGEST_SEARCH = 200


@dataclass(frozen=True)
class ListQuery:
    """What somebody looks at: search, chosen filters, sort, size, and where the page begins."""

    sort: str
    size: int
    q: str = ""
    chosen: Chosen = field(default_factory=dict)
    after: str | None = None
    before: str | None = None

    @property
    def sort_name(self) -> str:
        return self.sort.removeprefix("-")

    @property
    def is_descending(self) -> bool:
        return self.sort.startswith("-")

    @property
    def is_narrowed(self) -> bool:
        """A search or a filter is at work."""
        return bool(self.q) or any(self.chosen.values())

    def first_page(self, **changes: Any) -> ListQuery:
        """Another view of the list begins at its beginning."""
        return replace(self, **{"after": None, "before": None, **changes})

    def without(self, parameter: str, value: str) -> ListQuery:
        rest = tuple(v for v in self.chosen.get(parameter, ()) if v != value)
        return self.first_page(chosen={**self.chosen, parameter: rest})

    def cleared(self) -> ListQuery:
        return self.first_page(q="", chosen={})

    def pairs(self, listing: Listing) -> list[tuple[str, str]]:
        """The URL's parameters, defaults left out."""
        found: list[tuple[str, str]] = [("q", self.q)] if self.q else []
        found.extend((name, value) for name, values in self.chosen.items() for value in values)
        if self.sort != listing.default_sort:
            found.append(("sort", self.sort))
        if self.size != listing.size:
            found.append(("size", str(self.size)))
        found.extend((name, at) for name in ("after", "before") if (at := getattr(self, name)))
        return found

    def url(self, path: str, listing: Listing) -> str:
        pairs = self.pairs(listing)
        return f"{path}?{urlencode(pairs)}" if pairs else path


def parse(listing: Listing, filters: Sequence[Filter], args: MultiDict[str, str]) -> ListQuery:
    """Read any arguments whatever; never raises."""
    return ListQuery(
        q=_searched(args) if listing.search else "",
        chosen=_chosen(filters, args),
        sort=_sort(listing, args.get("sort", "")),
        size=_size(listing, args.get("size", "")),
        after=args.get("after") or None,
        before=None if args.get("after") else args.get("before") or None,
    )


def _searched(args: MultiDict[str, str]) -> str:
    """Without what PostgreSQL can't store and nobody types."""
    text = args.get("q", "").replace("\x00", "").encode(errors="ignore").decode()
    return " ".join(text.split())[:LONGEST_SEARCH].strip()


def _chosen(filters: Iterable[Filter], args: MultiDict[str, str]) -> Chosen:
    found: dict[str, tuple[str, ...]] = {}
    for filter_ in filters:
        found.update({name: values for name, values in filter_.read(args).items() if values})
    return found


def _sort(listing: Listing, asked: str) -> str:
    return asked if asked.removeprefix("-") in listing.sorts else listing.default_sort


def _size(listing: Listing, asked: str) -> int:
    sizes = {str(size): size for size in listing.sizes}
    return sizes.get(asked, listing.size)
