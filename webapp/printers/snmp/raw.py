"""A reading: what a printer answered, as type and value for each OID, nothing interpreted.

On the wire and in the database a reading is JSON, `{"1.3.6.1.2.1.1.1.0": ["string", "58657…"]}`:
octets as hex, numbers as JSON integers, OIDs and addresses dotted. Devices send it, so parsing is
strict and every refusal names the entry and what was expected.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

MAX_ENTRIES: Final = 4_000
MAX_VALUE_BYTES: Final = 65_535
MAX_ARCS: Final = 128  # RFC 2578 section 3.5
MAX_ARC: Final = 2**32 - 1

OCTETS: Final = frozenset({"string", "opaque"})
# Least and greatest value of each numeric type (RFC 2578 section 7.1).
NUMBERS: Final = {
    "integer": (-(2**31), 2**31 - 1),
    "counter32": (0, 2**32 - 1),
    "gauge32": (0, 2**32 - 1),
    "timeticks": (0, 2**32 - 1),
    "counter64": (0, 2**64 - 1),
}
TYPES: Final = (*NUMBERS, *sorted(OCTETS), "oid", "ip")

_OID = re.compile(r"\.?(?:0|[1-9][0-9]{0,9})(?:\.(?:0|[1-9][0-9]{0,9})){1,127}", re.ASCII)
_NUMBER = re.compile(r"-?[0-9]{1,20}", re.ASCII)
_HEX = re.compile(r"(?:[0-9A-Fa-f]{2}[ :]?)*", re.ASCII)
_SHOWN: Final = 60


class BadReading(ValueError):
    """The reading does not keep the wire form; the message says which entry and why."""


@dataclass(frozen=True, slots=True)
class RawValue:
    """One value as answered. `kind` is one of TYPES and says which Python type `value` has."""

    kind: str
    value: bytes | int | str

    @property
    def octets(self) -> bytes:
        """The octets of a string or opaque value; empty for any other type."""
        return self.value if isinstance(self.value, bytes) else b""

    @property
    def number(self) -> int | None:
        return self.value if isinstance(self.value, int) else None


Reading = Mapping[str, RawValue]


def parse(document: object) -> dict[str, RawValue]:
    """A reading from decoded JSON. Raises BadReading."""
    if not isinstance(document, Mapping):
        raise BadReading("A reading is an object that maps each OID to [type, value].")
    if len(document) > MAX_ENTRIES:
        raise BadReading(f"A reading has at most {MAX_ENTRIES} entries, this one {len(document)}.")
    return dict(_entries(document))


def to_wire(reading: Reading) -> dict[str, list[str | int]]:
    """The JSON form of a reading; `parse` gives the same reading back."""
    return {
        oid: [raw.kind, raw.value.hex() if isinstance(raw.value, bytes) else raw.value]
        for oid, raw in reading.items()
    }


def parse_oid(text: object) -> str:
    """A dotted OID without its leading dot. Raises BadReading."""
    if not isinstance(text, str) or not _OID.fullmatch(text):
        raise BadReading(f"{_shown(text)} is not an OID such as 1.3.6.1.2.1.1.1.0.")
    oid = text.removeprefix(".")
    arcs = [int(arc) for arc in oid.split(".")]
    if max(arcs) > MAX_ARC or arcs[0] > 2 or (arcs[0] < 2 and arcs[1] > 39):
        raise BadReading(f"{_shown(text)} has a number that no OID can have.")
    return oid


def make_value(kind: object, value: object) -> RawValue:
    """One typed value from its wire form. Raises BadReading."""
    if isinstance(kind, str) and kind in OCTETS:
        return RawValue(kind, _octets(value))
    if isinstance(kind, str) and kind in NUMBERS:
        return RawValue(kind, _number(kind, value))
    if kind == "oid":
        return RawValue("oid", parse_oid(value))
    if kind == "ip":
        return RawValue("ip", _address(value))
    raise BadReading(f"{_shown(kind)} is not a type; types are {', '.join(TYPES)}.")


def _entries(document: Mapping[Any, object]) -> Iterator[tuple[str, RawValue]]:
    seen: set[str] = set()
    for key, pair in document.items():
        oid = parse_oid(key)
        if oid in seen:
            raise BadReading(f"{oid} stands twice in the reading.")
        seen.add(oid)
        if not isinstance(pair, list | tuple) or len(pair) != 2:
            raise BadReading(f"{oid}: expected [type, value].")
        try:
            yield oid, make_value(pair[0], pair[1])
        except BadReading as problem:
            raise BadReading(f"{oid}: {problem}") from None


def _octets(value: object) -> bytes:
    if not isinstance(value, str):
        raise BadReading(f"octets are sent as hex text, not {_shown(value)}.")
    if len(value) > 3 * MAX_VALUE_BYTES:
        raise BadReading(f"the value is longer than {MAX_VALUE_BYTES} bytes.")
    if not _HEX.fullmatch(value):
        raise BadReading(f"{_shown(value)} is not hex: two digits a byte.")
    octets = bytes.fromhex(value.replace(":", " "))
    if len(octets) > MAX_VALUE_BYTES:
        raise BadReading(f"the value is longer than {MAX_VALUE_BYTES} bytes.")
    return octets


def _number(kind: str, value: object) -> int:
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        raise BadReading(f"{_shown(value)} is not a whole number.")
    least, greatest = NUMBERS[kind]
    if not least <= value <= greatest:
        raise BadReading(f"{_shown(value)} does not fit {kind} ({least} to {greatest}).")
    return value


def _address(value: object) -> str:
    parts = value.split(".") if isinstance(value, str) and len(value) <= 15 else []
    good = all(part.isascii() and part.isdigit() and int(part) <= 255 for part in parts)
    if len(parts) != 4 or not good:
        raise BadReading(f"{_shown(value)} is not an IPv4 address.")
    return ".".join(str(int(part)) for part in parts)


def _shown(value: object) -> str:
    """A hostile value, short enough to be printed in a message."""
    if isinstance(value, int) and abs(value) > 2**64:
        return "that number"
    text = (
        repr(value) if isinstance(value, str | int | float | type(None)) else type(value).__name__
    )
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
