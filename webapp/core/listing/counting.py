"""How many: exact up to 10,000, the planner's estimate beyond, and the numbers beside the tick boxes.

Each question is bounded: it looks at 10,001 rows at most, and gives up after half a second.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from psycopg.errors import QueryCanceled
from sqlalchemy import Engine, Text, cast, event, func, literal, select, union_all
from sqlalchemy.exc import OperationalError

from webapp.core.db import db, statement_timeout
from webapp.core.listing.filters import Choice
from webapp.core.listing.paging import Statement

EXACT_TO = 10_000
COUNT_TIMEOUT_MS = 500
Counts = Mapping[str, Mapping[str, int]]


class TookTooLong(Exception):
    """PostgreSQL cancelled a statement of the list; the transaction goes on."""


@contextmanager
def bounded(milliseconds: int) -> Iterator[None]:
    """Statements of the block are cancelled after this time; a savepoint keeps the transaction usable."""
    try:
        with db.session.begin_nested(), statement_timeout(milliseconds):
            yield
    except OperationalError as error:
        if isinstance(error.orig, QueryCanceled):
            raise TookTooLong from error
        raise


@dataclass(frozen=True)
class Total:
    """The number of rows; `number` None: not even an estimate was to be had."""

    number: int | None = None
    is_exact: bool = False


def total(statement: Statement, key: Any, limit_ms: int = COUNT_TIMEOUT_MS) -> Total:
    """Count up to 10,000; beyond that, or when counting takes too long, ask the planner."""
    keys = statement.with_only_columns(key, maintain_column_froms=True).order_by(None)
    try:
        with bounded(limit_ms):
            some = keys.limit(EXACT_TO + 1).subquery()
            number = db.session.scalar(select(func.count()).select_from(some)) or 0
    except TookTooLong:
        return Total(_estimate(keys))
    if number <= EXACT_TO:
        return Total(number, is_exact=True)
    return Total(max(_estimate(keys), EXACT_TO + 1))


_EXPLAIN = "outpost_explain"


def _estimate(statement: Statement) -> int:
    """The rows the planner expects, of the very statement with the scope's criteria."""
    plan: Any = db.session.scalar(statement, execution_options={_EXPLAIN: True})
    found = re.search(r"rows=(\d+)", str(plan))
    return int(found.group(1)) if found else 0


@event.listens_for(Engine, "before_cursor_execute", retval=True)
def _explain_instead(
    _connection: Any, _cursor: Any, sql: str, parameters: Any, context: Any, _many: bool
) -> tuple[str, Any]:
    """A statement marked so is explained, not run: no other way sees what the session adds to it."""
    if context is not None and context.execution_options.get(_EXPLAIN):
        sql = "EXPLAIN " + sql
    return sql, parameters


@dataclass(frozen=True)
class Question:
    """The rows in which the options of some filters are counted."""

    statement: Statement
    filters: Sequence[Choice] = field(default_factory=tuple)


def option_counts(questions: Sequence[Question], limit_ms: int = COUNT_TIMEOUT_MS) -> Counts:
    """Filter → option → rows; a filter with more than 10,000 rows to count has no numbers."""
    found: dict[str, dict[str, int]] = {}
    for question in questions:
        try:
            with bounded(limit_ms):
                found.update(_counted(question))
        except TookTooLong:
            continue
    return found


def _counted(question: Question) -> dict[str, dict[str, int]]:
    """One statement for all filters that count in the same rows."""
    groups = [(f, *grouping) for f in question.filters if (grouping := f.counted()) is not None]
    if not groups:
        return {}
    columns = [column.label(f"c{n}") for n, (_f, column, _text) in enumerate(groups)]
    some = (
        question.statement.with_only_columns(*columns, maintain_column_froms=True)
        .order_by(None)
        .limit(EXACT_TO + 1)
        .cte("some")
    )
    parts = [
        select(
            literal("").label("name"), cast(None, Text).label("value"), func.count()
        ).select_from(some)
    ]
    for n, (filter_, _column, text_of) in enumerate(groups):
        value = text_of(some.c[f"c{n}"]).label("value")
        parts.append(
            select(literal(filter_.name).label("name"), value, func.count())
            .select_from(some)
            .group_by(value)
        )
    rows = db.session.execute(union_all(*parts)).all()
    if any(name == "" and number > EXACT_TO for name, _value, number in rows):
        return {}
    return {filter_.name: _by_option(filter_, rows) for filter_, *_rest in groups}


def _by_option(filter_: Choice, rows: Sequence[Any]) -> dict[str, int]:
    counted = {filter_.value_of(value): n for name, value, n in rows if name == filter_.name}
    return {option.value: counted.get(option.value, 0) for option in filter_.ticks}
