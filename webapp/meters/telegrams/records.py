"""Data records of EN 13757-3: data information block, value information block, value.

Decoded are the common quantities; what a maker put in its own form is passed over and said so in a note.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Final

from flask_babel import lazy_gettext as _l

from webapp.meters.sentences import Sentence
from webapp.meters.telegrams import times
from webapp.meters.telegrams.quantities import LABELS, Meaning, Quantity, meaning_of

MOST_RECORDS: Final = 256
MOST_EXTENSIONS: Final = 10
FILLER: Final = 0x2F
MAKERS_REST: Final = frozenset({0x0F, 0x1F})
SIZES: Final = {
    0: 0,
    1: 1,
    2: 2,
    3: 3,
    4: 4,
    5: 4,
    6: 6,
    7: 8,
    8: 0,
    9: 1,
    0xA: 2,
    0xB: 3,
    0xC: 4,
    0xE: 6,
}
BCD: Final = frozenset({9, 0xA, 0xB, 0xC, 0xE})
VARIABLE: Final = 0xD
PLAIN_TEXT_UNIT: Final = 0x7C

Value = Decimal | int | str | date | datetime | None


class Function(StrEnum):
    """What moment a value is of: bits 4 and 5 of the data information."""

    INSTANT = "instant"
    MAXIMUM = "maximum"
    MINIMUM = "minimum"
    ERROR = "error"


FUNCTION_LABELS: Final = {
    Function.INSTANT: _l("now"),
    Function.MAXIMUM: _l("maximum"),
    Function.MINIMUM: _l("minimum"),
    Function.ERROR: _l("while in error"),
}
FUNCTIONS: Final = tuple(Function)


@dataclass(frozen=True, slots=True)
class Record:
    """`value` None: the meter sent "no valid value", or the form isn't known. `storage` 0 is now, 1 and up the past."""

    quantity: Quantity
    value: Value
    unit: str = ""
    storage: int = 0
    tariff: int = 0
    subunit: int = 0
    function: Function = Function.INSTANT
    backward: bool = False

    @property
    def label(self) -> str:
        return str(LABELS[self.quantity])


@dataclass(frozen=True, slots=True)
class _Block:
    """Data information: form of the value, and which of several values it is."""

    form: int
    function: Function
    storage: int
    tariff: int
    subunit: int


class _Cut(Exception):
    """The data end within a record."""


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data, self.place = data, 0

    def left(self) -> bool:
        return self.place < len(self.data)

    def byte(self) -> int:
        return self.take(1)[0]

    def take(self, count: int) -> bytes:
        end = self.place + count
        if end > len(self.data):
            raise _Cut
        taken, self.place = self.data[self.place : end], end
        return taken


def decode(data: bytes) -> tuple[list[Record], list[Sentence]]:
    """The records, and what had to be passed over. Never raises."""
    reader, records = _Reader(data), list[Record]()
    notes: list[Sentence] = []
    try:
        while reader.left() and len(records) < MOST_RECORDS:
            first = reader.byte()
            if first == FILLER:
                continue
            if first in MAKERS_REST:
                notes.append(Sentence("records_makers"))
                break
            if record := _record(reader, first):
                records.append(record)
    except _Cut:
        notes.append(Sentence("records_cut"))
    return records, notes


def _record(reader: _Reader, first: int) -> Record | None:
    block = _block(reader, first)
    meaning = _meaning(reader)
    value = _value(reader, block.form, meaning)
    if meaning.quantity is Quantity.PROFILE:
        return None
    return Record(
        quantity=meaning.quantity,
        value=value,
        unit=meaning.unit,
        storage=block.storage,
        tariff=block.tariff,
        subunit=block.subunit,
        function=block.function,
        backward=meaning.backward,
    )


def _block(reader: _Reader, first: int) -> _Block:
    storage, tariff, subunit, byte = first >> 6 & 1, 0, 0, first
    for number in range(MOST_EXTENSIONS + 1):
        if not byte & 0x80:
            break
        byte = reader.byte()
        storage |= (byte & 0x0F) << (4 * number + 1)
        tariff |= (byte >> 4 & 3) << (2 * number)
        subunit |= (byte >> 6 & 1) << number
    return _Block(first & 0x0F, FUNCTIONS[first >> 4 & 3], storage, tariff, subunit)


def _meaning(reader: _Reader) -> Meaning:
    codes = [reader.byte()]
    while codes[-1] & 0x80 and len(codes) <= MOST_EXTENSIONS:
        codes.append(reader.byte())
    if codes[0] & 0x7F == PLAIN_TEXT_UNIT:
        unit = reader.take(reader.byte())[::-1].decode("latin-1")
        return Meaning(Quantity.OTHER, 0, "".join(c for c in unit if c.isprintable()))
    return meaning_of(codes)


def _value(reader: _Reader, form: int, meaning: Meaning) -> Value:
    if form == VARIABLE:
        return _variable(reader, meaning)
    if form not in SIZES:
        raise _Cut
    raw = reader.take(SIZES[form])
    if not raw:
        return None
    if meaning.quantity in times.QUANTITIES:
        return times.decode(raw)
    if form == 5:
        return _real(raw, meaning)
    return _number(raw, meaning, is_bcd=form in BCD)


def _variable(reader: _Reader, meaning: Meaning) -> Value:
    """Text up to BF, then positive and negative BCD, then binary numbers (EN 13757-3, variable length)."""
    length = reader.byte()
    if length <= 0xBF:
        text = reader.take(length)[::-1].decode("latin-1")
        return "".join(c if c.isprintable() else "\ufffd" for c in text)
    raw = reader.take(length & 0x0F)
    if length < 0xE0:
        value = _number(raw, meaning, is_bcd=True)
        return -value if length >= 0xD0 and isinstance(value, Decimal) else value
    return _number(raw, meaning, is_bcd=False)


def _number(raw: bytes, meaning: Meaning, *, is_bcd: bool) -> Value:
    if meaning.quantity in (Quantity.FABRICATION, Quantity.IDENTIFICATION) and is_bcd:
        return raw[::-1].hex().upper()
    if meaning.quantity in (Quantity.ERROR_FLAGS, Quantity.ACCESS_NUMBER, Quantity.VERSION):
        return int.from_bytes(raw, "little")
    number = _bcd(raw) if is_bcd else _integer(raw)
    return None if number is None else _scaled(Decimal(number), meaning)


def _real(raw: bytes, meaning: Meaning) -> Value:
    number = struct.unpack("<f", raw)[0]
    try:
        return _scaled(Decimal(f"{number:.7g}"), meaning)
    except InvalidOperation:
        return None


def _scaled(number: Decimal, meaning: Meaning) -> Decimal | None:
    if not number.is_finite():
        return None
    scaled = number.scaleb(meaning.exponent)
    return Decimal(int(scaled)) if scaled.as_tuple().exponent > 0 else scaled  # type: ignore[operator]


def _integer(raw: bytes) -> int | None:
    """Signed; the lowest number of each size means "no valid value"."""
    number = int.from_bytes(raw, "little", signed=True)
    return None if raw and number == -(1 << (8 * len(raw) - 1)) else number


def _bcd(raw: bytes) -> int | None:
    """Digits, low byte first; F in the top place is a minus sign, other letters mean "no valid value"."""
    digits = raw[::-1].hex()
    negative = digits[:1] == "f"
    digits = digits[1:] if negative else digits
    if not digits.isdecimal():
        return None
    return -int(digits) if negative else int(digits)
