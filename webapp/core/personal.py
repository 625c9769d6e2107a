"""Personal data: which columns hold it, how a person gets theirs, and what becomes of it when they are erased (Q-22).

    personal(UserSession, "address user_agent", of=lambda who: UserSession.user_id == who.id, gives="…", erase=DELETE)

`erase` is DELETE (the rows go), KEEP("why"), or what each column becomes: a value, or a function of the person. A
rules test finds columns with a name, an address or a number of a person that nobody declared. Tables are worked off
in the order in which they were declared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, delete, select, update

from webapp.core.db import db


@dataclass(frozen=True)
class Subject:
    """The person whose data it is, as they were before anything was erased."""

    id: int
    public_id: str
    name: str
    username: str
    email: str

    @property
    def pseudonym(self) -> str:
        """What stands in the place of the name."""
        return f"Erased person {self.public_id[:6]}"

    @property
    def pseudonym_address(self) -> str:
        """`.invalid` never resolves (RFC 2606)."""
        return f"erased-{self.public_id}@erased.invalid"


DELETE = "delete"


@dataclass(frozen=True)
class KEEP:
    """The rows stay as they are, for a reason."""

    why: str


Erase = Mapping[str, Any] | KEEP | str
Whose = Callable[[Subject], ColumnElement[bool]]


@dataclass(frozen=True)
class Personal:
    """One way in which a table holds data of a person."""

    model: type[Any]
    columns: tuple[str, ...]
    of: Whose | None
    gives: tuple[str, ...]
    erase: Erase


@dataclass
class _Registry:
    rows: list[Personal] = field(default_factory=list)
    not_personal: dict[tuple[str, str], str] = field(default_factory=dict)


_registry = _Registry()


def personal(
    model: type[Any], columns: str, *, of: Whose | None, erase: Erase, gives: str = ""
) -> None:
    """`columns` hold personal data; `gives` are those in the person's own export (none: the same).

    Without `of` the rows can't be traced to an account: they go by their own rule, which `KEEP` says.
    """
    names = tuple(columns.split())
    unknown = set(names) | set(gives.split())
    unknown -= set(model.__table__.columns.keys())
    if unknown:
        raise ValueError(f"{model.__tablename__} has no columns {sorted(unknown)}")
    row = Personal(model, names, of, tuple(gives.split()) or names, erase)
    _registry.rows = [*(r for r in _registry.rows if not _is_same(r, row)), row]


def _is_same(one: Personal, other: Personal) -> bool:
    """Registered by another application of the same process."""
    return (one.model, one.columns, one.gives) == (other.model, other.columns, other.gives)


def not_personal(table: type[Any] | str, columns: str, *, why: str) -> None:
    """Columns whose names look like it, but hold no person's data. The table by its class or name."""
    for name in columns.split():
        _registry.not_personal[str(getattr(table, "__tablename__", table)), name] = why


def declared() -> list[Personal]:
    return list(_registry.rows)


def declared_columns() -> set[tuple[str, str]]:
    own = {(str(row.model.__tablename__), name) for row in _registry.rows for name in row.columns}
    return own | set(_registry.not_personal)


def tables_of(who: Subject) -> Iterator[tuple[str, tuple[str, ...], Iterator[Any]]]:
    """For the person's own export: table, columns, rows. In an unscoped block: people act for many organisations."""
    for row in _registry.rows:
        if row.of is not None:
            yield str(row.model.__tablename__), row.gives, _rows(row, who)


def _rows(row: Personal, who: Subject) -> Iterator[Any]:
    assert row.of is not None  # noqa: S101 - asked before
    columns = [getattr(row.model, name) for name in row.gives]
    statement = select(*columns).where(row.of(who)).execution_options(yield_per=500)
    yield from db.session.execute(statement)


def erase_all(who: Subject) -> dict[str, int]:
    """Table → rows touched, in the transaction that is open and an unscoped block."""
    touched: dict[str, int] = {}
    for row in _registry.rows:
        if row.of is None or isinstance(row.erase, KEEP):
            continue
        name = str(row.model.__tablename__)
        touched[name] = touched.get(name, 0) + _erase(row, row.of(who), who)
    return {name: count for name, count in touched.items() if count}


def _erase(row: Personal, condition: ColumnElement[bool], who: Subject) -> int:
    if isinstance(row.erase, Mapping):
        values = {k: v(who) if callable(v) else v for k, v in row.erase.items()}
        statement: Any = update(row.model).where(condition).values(**values)
    else:
        statement = delete(row.model).where(condition)
    options = {"synchronize_session": False}
    return int(db.session.execute(statement, execution_options=options).rowcount)  # type: ignore[attr-defined]
