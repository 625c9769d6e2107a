"""Dates and times of EN 13757-3: types F (four bytes), G (two), I (six), J (three)."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Final

from webapp.meters.telegrams.quantities import Quantity

QUANTITIES: Final = frozenset({Quantity.DATE, Quantity.DATETIME})


def decode(raw: bytes) -> date | datetime | str | None:
    """By length, in the meter's own time without a zone; None where it is marked invalid or is no date."""
    try:
        match len(raw):
            case 2:
                return _date(raw)
            case 3:
                return _time(raw).isoformat()
            case 4:
                return _minute(raw)
            case 6:
                return _second(raw)
    except ValueError:
        pass
    return None


def _date(raw: bytes) -> date:
    return date(2000 + _year(raw[0], raw[1]), raw[1] & 0x0F, raw[0] & 0x1F)


def _time(raw: bytes) -> time:
    return time(raw[2] & 0x1F, raw[1] & 0x3F, raw[0] & 0x3F)


def _minute(raw: bytes) -> datetime | None:
    if raw[0] & 0x80:
        return None
    year, hundreds = _year(raw[2], raw[3]), raw[1] >> 5 & 3
    century = 1900 + 100 * hundreds if hundreds or year > 80 else 2000
    day, month = raw[2] & 0x1F, raw[3] & 0x0F
    return datetime(century + year, month, day, raw[1] & 0x1F, raw[0] & 0x3F)  # noqa: DTZ001


def _second(raw: bytes) -> datetime | None:
    if raw[1] & 0x80:
        return None
    year, month, day = 2000 + _year(raw[3], raw[4]), raw[4] & 0x0F, raw[3] & 0x1F
    return datetime(year, month, day, raw[2] & 0x1F, raw[1] & 0x3F, raw[0] & 0x3F)  # noqa: DTZ001


def _year(low: int, high: int) -> int:
    """Seven bits: three above the day, four above the month."""
    return low >> 5 | high >> 1 & 0x78
