"""Thousands of ids in one statement: as one array, since PostgreSQL takes at most 65,535 parameters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ARRAY, BigInteger, ColumnElement, any_, literal


def among(column: Any, ids: Sequence[int]) -> ColumnElement[bool]:
    """`column` is one of these."""
    condition: ColumnElement[bool] = column == any_(literal(list(ids), ARRAY(BigInteger)))
    return condition
