"""Cursors: where a page begins, as text in the URL. Anybody may write anything there."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, SmallInteger
from sqlalchemy.types import TypeEngine

LONGEST = 2000
BIGGEST = 2**63 - 1


class BadCursor(ValueError):
    """Not one of ours, or of another sort: the list begins anew."""


@dataclass(frozen=True)
class Cursor:
    """The sort value and key of the row beside which a page begins."""

    value: Any
    key: int

    def encode(self, sort: str) -> str:
        body = json.dumps([sort, _plain(self.value), self.key], separators=(",", ":"))
        return base64.urlsafe_b64encode(body.encode()).decode().rstrip("=")


KINDS = (bool, int, str, datetime, date, Decimal)


def decode(text: str, sort: str, type_: TypeEngine[Any]) -> Cursor:
    """The cursor in `text`, made for `sort`, its value of the column's type; raises `BadCursor`."""
    if len(text) > LONGEST:
        raise BadCursor
    try:
        padded = text.encode("ascii") + b"=" * (-len(text) % 4)
        made_for, value, key = json.loads(base64.urlsafe_b64decode(padded))
        if made_for != sort:
            raise BadCursor
        return Cursor(_typed(value, type_), _whole(key, BIGGEST))
    except (ValueError, TypeError, ArithmeticError, RecursionError) as error:
        raise BadCursor from error


def _plain(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


def _typed(value: Any, type_: TypeEngine[Any]) -> Any:
    kind = type_.python_type
    if kind is bool and isinstance(value, bool):
        return value
    if kind is int:
        return _whole(value, _biggest(type_))
    if not isinstance(value, str):
        raise BadCursor
    if kind is datetime:
        return _aware(datetime.fromisoformat(value))
    if kind is date:
        return date.fromisoformat(value)
    if kind is Decimal:
        return _finite(Decimal(value))
    return _storable(value)


def _whole(value: Any, biggest: int) -> int:
    if type(value) is not int or abs(value) > biggest:
        raise BadCursor
    return value


def _biggest(type_: TypeEngine[Any]) -> int:
    """BigInteger and SmallInteger are both kinds of Integer."""
    if isinstance(type_, SmallInteger):
        return 2**15 - 1
    return BIGGEST if isinstance(type_, BigInteger) else 2**31 - 1


def _aware(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise BadCursor
    return value


def _finite(value: Decimal) -> Decimal:
    if not value.is_finite() or abs(value.adjusted()) > 100:
        raise BadCursor
    return value


def _storable(value: str) -> str:
    """NUL and lone surrogates never reached the database, so no cursor of ours holds them."""
    value.encode()
    if "\x00" in value:
        raise BadCursor
    return value
