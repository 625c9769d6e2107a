"""What goes into the export of everything an organisation holds: each package says it of its tables (Q-22).

Every tenant's table is declared: exported with named columns, or not, and then why. A rules test finds the
forgotten ones, and columns that must never leave: secrets, digests, sealed values.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement

from webapp.core.db import Base

Where = Callable[[int], ColumnElement[bool]]


@dataclass(frozen=True)
class Exported:
    """`columns` leave, in this order; `withheld` says of the others why they stay."""

    model: type[Base]
    columns: tuple[str, ...]
    about: str
    withheld: str = ""
    where: Where | None = None

    @property
    def name(self) -> str:
        return str(self.model.__tablename__)


_exported: dict[str, Exported] = {}
_kept_back: dict[str, str] = {}


def export(
    model: type[Any],
    columns: Sequence[str] | str,
    *,
    about: str,
    withheld: str = "",
    where: Where | None = None,
) -> None:
    """`columns` may be one text with spaces between. `about` stands in the file's README: plain English.

    `where` says which rows of a table without an owner are the organisation's (its id → the condition).
    """
    names = tuple(columns.split()) if isinstance(columns, str) else tuple(columns)
    unknown = set(names) - set(model.__table__.columns.keys())
    if unknown:
        raise ValueError(f"{model.__tablename__} has no columns {sorted(unknown)}")
    _exported[model.__tablename__] = Exported(model, names, about, withheld, where)


def keep_back(table: type[Any] | str, *, why: str) -> None:
    """The table, given by its class or name, does not leave the portal."""
    _kept_back[table if isinstance(table, str) else table.__tablename__] = why


def all_exported() -> list[Exported]:
    return [_exported[name] for name in sorted(_exported)]


def kept_back() -> dict[str, str]:
    return dict(_kept_back)
