"""What refers to rows: asked of every foreign key there is, so that a table of a later package isn't forgotten."""

from __future__ import annotations

from collections.abc import Container, Sequence

from sqlalchemy import BigInteger, Column, any_, literal, select, union_all
from sqlalchemy.dialects.postgresql import ARRAY

from webapp.core.db import Base, db


def referring(table: str, ids: Sequence[int], *, but: Container[str]) -> dict[int, str]:
    """Id → the name of a table that refers to it; those in `but` don't count. One statement."""
    columns = [column for column in _columns(table) if column.table.name not in but]
    if not ids or not columns:
        return {}
    these = any_(literal(list(ids), ARRAY(BigInteger)))  # one parameter, however many ids and keys
    asked = [
        select(column.label("id"), literal(column.table.name).label("by")).where(column == these)
        for column in columns
    ]
    return {found: by for found, by in db.session.execute(union_all(*asked))}  # noqa: C416


def _columns(table: str) -> list[Column[int]]:
    """The columns that refer to the table's id."""
    return [
        key.parent
        for other in Base.metadata.sorted_tables
        for key in other.foreign_keys
        if key.column.table.name == table
    ]
