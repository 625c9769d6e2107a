"""What the search box promises: "starts or ends with" for serials and codes, word prefixes for names.

A search turns what was typed into a condition, or None where it can't match. The conditions of one list are
joined by OR; each is served by its own index, which PostgreSQL combines.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import ColumnElement, Index, String, func, literal_column, text

BIGGEST = 2**63 - 1
_SEPARATORS = "._-/@:+#,"
_SPACES = " " * len(_SEPARATORS)


class Search(Protocol):
    """`typed` is stripped and not empty."""

    def __call__(self, typed: str) -> ColumnElement[bool] | None: ...


def _begins(column: Any, beginning: str) -> ColumnElement[bool]:
    """LIKE with a plain prefix: in a database of collation C a btree on the column serves it."""
    pattern = re.sub(r"([\\%_])", r"\\\1", beginning) + "%"
    condition: ColumnElement[bool] = column.like(pattern)
    return condition


@dataclass(frozen=True)
class Starts:
    """The column begins with what was typed; `fold` is what was done to the stored value."""

    column: Any
    fold: Callable[[str], str] = str.upper

    def __call__(self, typed: str) -> ColumnElement[bool] | None:
        return _begins(self.column, self.fold(typed))


@dataclass(frozen=True)
class Ends:
    """The value ends with what was typed; `column` holds the value reversed (or is `func.reverse(…)`)."""

    column: Any
    fold: Callable[[str], str] = str.upper

    def __call__(self, typed: str) -> ColumnElement[bool] | None:
        return _begins(self.column, self.fold(typed)[::-1])


@dataclass(frozen=True)
class Number:
    """The whole number itself, with or without a leading `#`."""

    column: Any

    def __call__(self, typed: str) -> ColumnElement[bool] | None:
        digits = typed.removeprefix("#").strip()
        if not (digits.isascii() and digits.isdecimal() and int(digits) <= BIGGEST):
            return None
        condition: ColumnElement[bool] = self.column == int(digits)
        return condition


@dataclass(frozen=True)
class Exactly:
    """The stored form of what was typed (a digest, a normalised code); None from `stored` can't match."""

    column: Any
    stored: Callable[[str], Any]

    def __call__(self, typed: str) -> ColumnElement[bool] | None:
        value = self.stored(typed)
        if value is None:
            return None
        condition: ColumnElement[bool] = self.column == value
        return condition


@dataclass(frozen=True)
class Words:
    """Each word typed begins a word of the column (`whole`: is one). The table has `word_index(…)` over it."""

    column: Any
    fold: Callable[[str], str] = str.casefold
    whole: bool = False

    def __call__(self, typed: str) -> ColumnElement[bool] | None:
        words = re.findall(r"[^\W_]+", self.fold(typed))
        if not words:
            return None
        query = " & ".join(f"'{word}'" if self.whole else f"'{word}':*" for word in words)
        plain = func.translate(
            self.column, literal_column(f"'{_SEPARATORS}'"), literal_column(f"'{_SPACES}'")
        )
        vector = func.to_tsvector(literal_column("'simple'::regconfig"), plain)
        wanted = func.to_tsquery(literal_column("'simple'::regconfig"), query, type_=String)
        condition: ColumnElement[bool] = vector.bool_op("@@")(wanted)
        return condition


def word_index(name: str, column: str) -> Index:
    """The GIN index that serves `Words` on this column; stands in `__table_args__`."""
    plain = f"translate({column}, '{_SEPARATORS}', '{_SPACES}')"
    return Index(name, text(f"to_tsvector('simple'::regconfig, {plain})"), postgresql_using="gin")
