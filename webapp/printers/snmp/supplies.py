"""Toner, ink, drums, waste boxes, staples: prtMarkerSuppliesTable of RFC 3805 as printers fill it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from webapp.printers.snmp.rows import Index, Rows

TABLE: Final = "1.3.6.1.2.1.43.11.1.1"
COLORANT_VALUE: Final = "1.3.6.1.2.1.43.12.1.1.4"
_COLORANT, _CLASS, _TYPE, _DESCRIPTION, _UNIT, _MAX, _LEVEL = (f"{TABLE}.{n}" for n in range(3, 10))
_COLUMNS: Final = (_DESCRIPTION, _TYPE, _UNIT, _MAX, _LEVEL)

LOW_PERCENT: Final = 10
MAX_SUPPLIES: Final = 100

# prtMarkerSuppliesLevel below zero: RFC 3805, and -100 as Ricoh sends it.
NO_LIMIT, UNKNOWN, SOME_LEFT, RICOH_EMPTY = -1, -2, -3, -100
_RECEPTACLE: Final = 4
_PERCENT: Final = 19
_UNKNOWN_CAPACITY: Final = (0, -2)

# PrtMarkerSuppliesTypeTC (RFC 3805) → what people call it.
_KINDS: Final = {
    3: "toner", 21: "toner", 4: "waste", 8: "waste", 14: "waste", 24: "waste", 26: "waste",
    5: "ink", 6: "ink", 7: "ink", 9: "drum", 10: "developer", 11: "fuser", 15: "fuser",
    17: "fuser", 19: "fuser", 22: "fuser", 12: "wax", 13: "wax", 16: "drum", 18: "cleaner",
    20: "transfer", 27: "binding", 28: "binding", 29: "staples", 32: "staples",
}  # fmt: skip
_KIND_WORDS: Final = (
    ("waste", r"waste|rest(toner|tinte)|alttoner|résiduel|récup|zużyt|廢|废"),
    ("drum", r"drum|trommel|tambour|bęben|imaging unit|photoconductor|opc"),
    ("toner", r"toner|碳粉|^tk-"),
    ("ink", r"\bink\b|tinte|encre|atrament"),
    ("fuser", r"fuser|fixier|four|fixing"),
    ("transfer", r"transfer"),
    ("staples", r"staple|heft|agraf"),
    ("developer", r"develop|entwickler"),
    ("cleaner", r"clean"),
)
_COLOUR_WORDS: Final = (
    ("cyan", r"cyan|zyan|青|\bcyjan"),
    ("magenta", r"magenta|洋紅|洋红"),
    ("yellow", r"yellow|gelb|jaune|żółt|黃|黄"),
    ("black", r"black|schwarz|noir|czarn|svart|nero|黑"),
)
_CODE_COLOUR: Final = re.compile(r"[A-Z]{1,3}-?\d{2,5}([CMYK])\b")
_CODE_COLOURS: Final = {"C": "cyan", "M": "magenta", "Y": "yellow", "K": "black"}
_SERIAL_NOISE: Final = re.compile(r"(?:;\s*SN\S*|[;,\s]+S/N\b.*)$")


@dataclass(frozen=True)
class Supply:
    """`percent` is what is left; for a receptacle, the room left. `level` and `capacity` are as
    answered, in `unit` (PrtMarkerSuppliesSupplyUnitTC), so that a doubt can be looked into."""

    index: str
    description: str
    kind: str
    colour: str
    is_receptacle: bool
    percent: int | None
    state: str  # ok, low, empty, unknown, some
    level: int | None
    capacity: int | None
    unit: int | None


def read_supplies(rows: Rows) -> tuple[Supply, ...]:
    indices = sorted({index for column in _COLUMNS for index in rows.column(column) if index})
    supplies = (_supply(rows, index) for index in indices[:MAX_SUPPLIES])
    return tuple(supply for supply in supplies if supply is not None)


def doubts(supplies: tuple[Supply, ...]) -> Iterator[str]:
    for supply in supplies:
        if supply.level is not None and supply.capacity and 0 < supply.capacity < supply.level:
            yield f"supply_above_capacity:{supply.index}"


def _supply(rows: Rows, index: Index) -> Supply | None:
    tail = ".".join(map(str, index))
    type_, unit = rows.number(f"{_TYPE}.{tail}"), rows.number(f"{_UNIT}.{tail}")
    level, capacity = rows.number(f"{_LEVEL}.{tail}"), rows.number(f"{_MAX}.{tail}")
    text = rows.label(rows.reading.get(f"{_DESCRIPTION}.{tail}"))
    if not text and level is None and capacity is None:
        return None
    percent, state = _left(level, capacity, unit)
    is_receptacle = rows.number(f"{_CLASS}.{tail}") == _RECEPTACLE
    if is_receptacle and percent is not None and level != RICOH_EMPTY:
        percent = 100 - percent
        state = _state(percent)
    kind = _kind(type_, text)
    return Supply(
        index=tail,
        description=_SERIAL_NOISE.sub("", text)[:200],
        kind=kind,
        colour=_colour(rows, index, text),
        is_receptacle=is_receptacle or kind == "waste",
        percent=percent,
        state=state,
        level=level,
        capacity=capacity,
        unit=unit,
    )


def _left(level: int | None, capacity: int | None, unit: int | None) -> tuple[int | None, str]:
    """Percent and state of a consumable, straight from the level."""
    if level == RICOH_EMPTY:
        return 0, "empty"
    if level == NO_LIMIT:
        return None, "ok"
    if level == SOME_LEFT:
        return None, "some"
    if level is None or level < 0:
        return None, "unknown"
    percent = _percent(level, capacity, unit)
    if percent is not None:
        return percent, _state(percent)
    return None, "some" if level > 0 else "empty"


def _percent(level: int, capacity: int | None, unit: int | None) -> int | None:
    """Where the capacity is 0 or unknown (-2) the level is itself a percentage, unless a unit says
    that it is something else."""
    if capacity is not None and capacity > 0:
        share = level * 100 / capacity
        return min(100, max(1, round(share)) if level else 0)
    percent_by_unit = unit == _PERCENT or (unit is None and capacity in _UNKNOWN_CAPACITY)
    return level if (percent_by_unit or capacity == 0) and level <= 100 else None


def _state(percent: int) -> str:
    if percent <= 0:
        return "empty"
    return "low" if percent <= LOW_PERCENT else "ok"


def _kind(type_: int | None, text: str) -> str:
    if type_ in _KINDS:
        return _KINDS[type_]
    return next(
        (kind for kind, words in _KIND_WORDS if re.search(words, text, re.IGNORECASE)), "other"
    )


def _colour(rows: Rows, index: Index, text: str) -> str:
    """By the colorant row the supply points to, by the words, by the last letter of a code."""
    colorant = rows.number(f"{_COLORANT}.{'.'.join(map(str, index))}")
    if colorant:
        device = (*index[:-1], colorant)
        raw = rows.reading.get(f"{COLORANT_VALUE}.{'.'.join(map(str, device))}")
        if named := rows.label(raw).casefold():
            text = f"{named} {text}"
    for colour, words in _COLOUR_WORDS:
        if re.search(words, text, re.IGNORECASE):
            return colour
    found = _CODE_COLOUR.search(text)
    return _CODE_COLOURS[found[1]] if found else ""
