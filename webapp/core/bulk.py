"""Many new rows in one go: PostgreSQL's COPY, inside the transaction that is open.

It goes past the ORM, and so past the scope's checks: the caller says whose the rows are, in a column.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import ARRAY, ColumnElement, Text, cast, func, literal, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import DeclarativeBase, InstrumentedAttribute
from sqlalchemy.types import TypeEngine

from webapp.core.db import db


def copy_into(
    model: type[DeclarativeBase],
    columns: Sequence[InstrumentedAttribute[Any]],
    rows: Iterable[Sequence[Any]],
) -> None:
    """Append rows to the model's table; what is not named takes the database's default.

    Raises SQLAlchemy's `IntegrityError` as an INSERT would.
    """
    db.session.flush()
    table = sql.Identifier(str(model.__tablename__))
    names = sql.SQL(", ").join(sql.Identifier(column.key) for column in columns)
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(table, names)
    connection: Any = db.session.connection().connection
    try:
        with connection.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(row)
    except psycopg.IntegrityError as error:
        raise IntegrityError(f"COPY {model.__tablename__}", None, error) from error


def one_of(column: Any, values: Iterable[Any], kind: type[TypeEngine[Any]]) -> ColumnElement[bool]:
    """`column` is one of thousands: one parameter, as PostgreSQL writes arrays (psycopg's own writer takes far longer).

    `kind` is Text, BigInteger or LargeBinary. Unnested, so that the array is read once and not for each row.
    """
    condition: ColumnElement[bool] = column.in_(select(func.unnest(array_of(values, kind))))
    return condition


def array_of(values: Iterable[Any], kind: type[TypeEngine[Any]]) -> ColumnElement[Any]:
    return cast(literal("{" + ",".join(map(element, values)) + "}", Text), ARRAY(kind))


def element(value: object) -> str:
    """Of an array in PostgreSQL's text form."""
    if value is None:
        return "NULL"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, bytes):
        return f'"\\\\x{value.hex()}"'
    text = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'


def new_ids(model: type[DeclarativeBase], number: int) -> list[int]:
    """Numbers that nobody else gets, for rows whose children are written along with them."""
    sequence = func.pg_get_serial_sequence(model.__tablename__, "id")
    drawn = select(func.nextval(sequence)).select_from(func.generate_series(1, number).alias())
    return list(db.session.scalars(drawn))
