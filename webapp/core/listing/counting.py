"""How many: exact up to 10,000, the planner's estimate beyond, and the numbers beside the tick boxes.

Each question is bounded: it looks at 10,001 rows at most, and gives up after half a second.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from psycopg.errors import QueryCanceled
from sqlalchemy import (
    CTE,
    CompoundSelect,
    Engine,
    Select,
    Text,
    cast,
    event,
    func,
    literal,
    select,
    union_all,
)
from sqlalchemy.exc import OperationalError

from webapp.core.db import db
from webapp.core.listing.filters import Choice
from webapp.core.listing.paging import Statement, Wanted

EXACT_TO = 10_000
COUNT_TIMEOUT_MS = 500


class TookTooLong(Exception):
    """PostgreSQL cancelled a statement of the list; the transaction goes on."""


@contextmanager
def bounded(milliseconds: int) -> Iterator[None]:
    """Statements of the block are cancelled after this time; a savepoint keeps the transaction usable.

    Not `begin_nested`: that takes five round trips where two do, and the block only reads. Each statement is planned
    for its values: a plan made for any search reads the whole table, since no index serves an unknown LIKE pattern.
    """
    connection = db.session.connection()
    connection.exec_driver_sql(
        f"SAVEPOINT list; SET LOCAL statement_timeout = {int(milliseconds)};"
        " SET LOCAL plan_cache_mode = force_custom_plan"
    )
    try:
        yield
    except OperationalError as error:
        connection.exec_driver_sql("ROLLBACK TO SAVEPOINT list; RELEASE SAVEPOINT list")
        if isinstance(error.orig, QueryCanceled):
            raise TookTooLong from error
        raise
    connection.exec_driver_sql("SET LOCAL statement_timeout = 0; RELEASE SAVEPOINT list")


@dataclass(frozen=True)
class Total:
    """The number of rows; `number` None: not even an estimate was to be had."""

    number: int | None = None
    is_exact: bool = False


def total(statement: Statement, key: Any, limit_ms: int = COUNT_TIMEOUT_MS) -> Total:
    """Count up to 10,000; beyond that, or when counting takes too long, ask the planner."""
    keys = _keys(statement, key)
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
    """The rows in which the options of some filters are counted; `wanted` asks for a page of them, too."""

    statement: Statement
    filters: Sequence[Choice]
    wanted: Wanted | None = None


@dataclass(frozen=True)
class Answer:
    """The total, filter → option → rows, and the keys of the wanted page; beyond 10,000 only the total."""

    total: Total
    counts: dict[str, dict[str, int]] = field(default_factory=dict)
    keys: list[int] | None = None


def survey(question: Question, key: Any, limit_ms: int = COUNT_TIMEOUT_MS) -> Answer:
    """Everything about few matches in one pass.

    Few of many rows are found by the filters' indexes and sorted afterwards. Asked for one page only, the
    planner may walk the sort's index past a million rows to find fifty.
    """
    try:
        with bounded(limit_ms):
            rows = db.session.execute(_pass(question, key)).all()
    except TookTooLong:
        return Answer(Total(_estimate(_keys(question.statement, key))))
    number = next(n for name, _value, n in rows if name == _TOTAL)
    if number > EXACT_TO:
        return Answer(Total(max(_estimate(_keys(question.statement, key)), EXACT_TO + 1)))
    return Answer(
        Total(number, is_exact=True),
        {filter_.name: _by_option(filter_, rows) for filter_ in question.filters},
        [n for name, _value, n in rows if name == _KEY] if question.wanted is not None else None,
    )


_TOTAL, _KEY = ":total", ":key"


def _pass(question: Question, key: Any) -> CompoundSelect[Any]:
    """(filter, option as text, number of rows), with the total and the page's keys under names of their own.

    Groups and keys wait for a small total.
    """
    groups = [(f, *grouping) for f in question.filters if (grouping := f.counted()) is not None]
    columns = [column.label(f"c{n}") for n, (_f, column, _text) in enumerate(groups)]
    if question.wanted is not None:
        columns.append(question.wanted.order.column.label("list_sort"))
    some = _keys(question.statement, key, *columns).limit(EXACT_TO + 1).cte("some")
    number = select(func.count()).select_from(some).scalar_subquery()
    parts: list[Select[Any]] = [select(literal(_TOTAL), cast(None, Text), number)]
    for n, (filter_, _column, text_of) in enumerate(groups):
        value = text_of(some.c[f"c{n}"]).label("value")
        found = select(value).where(number <= EXACT_TO).subquery()
        grouped = select(literal(filter_.name), found.c.value, func.count())
        parts.append(grouped.group_by(found.c.value))
    if question.wanted is not None:
        found = _page_of(some, question.wanted).where(number <= EXACT_TO).subquery()
        parts.append(select(literal(_KEY), cast(None, Text), found.c.list_key))
    return union_all(*parts)


def _page_of(some: CTE, wanted: Wanted) -> Select[Any]:
    column, key = some.c.list_sort, some.c.list_key
    page = select(key).where(wanted.beside(column, key))
    return page.order_by(*wanted.sorted(column, key)).limit(wanted.limit)


def _keys(statement: Statement, key: Any, *more: Any) -> Statement:
    columns = (key.label("list_key"), *more)
    return statement.with_only_columns(*columns, maintain_column_froms=True).order_by(None)


def _by_option(filter_: Choice, rows: Sequence[Any]) -> dict[str, int]:
    values = filter_.values_by_text()
    counted = {values.get(value): n for name, value, n in rows if name == filter_.name}
    return {option.value: counted.get(option.value, 0) for option in filter_.ticks}
