"""Recorded walks in snmpsim's `.snmprec` form: a line is `OID|tag|value`, for tests and the CLI.

The tag is the number of the ASN.1 type; `x` behind it says that the value is hex, `e` that it is a
quoted Python-like literal (not read here).
"""

from pathlib import Path
from typing import Final

from webapp.printers.snmp.raw import MAX_ENTRIES, BadReading, RawValue, make_value, parse_oid

_KINDS: Final = {
    2: "integer",
    4: "string",
    6: "oid",
    64: "ip",
    65: "counter32",
    66: "gauge32",
    67: "timeticks",
    68: "opaque",
    70: "counter64",
}
_NOTHING: Final = frozenset({5, 128, 129, 130})  # Null, noSuchObject, noSuchInstance, endOfMibView


def load(path: Path) -> dict[str, RawValue]:
    """The reading in a file. Raises BadReading naming file and line."""
    try:
        return parse_snmprec(path.read_text(encoding="utf-8", errors="surrogateescape"))
    except BadReading as problem:
        raise BadReading(f"{path.name}, {problem}") from None


def parse_snmprec(text: str) -> dict[str, RawValue]:
    reading: dict[str, RawValue] = {}
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        try:
            _add(reading, line.rstrip("\r"))
        except BadReading as problem:
            raise BadReading(f"line {number}: {problem}") from None
    if len(reading) > MAX_ENTRIES:
        raise BadReading(f"a reading has at most {MAX_ENTRIES} entries, this one {len(reading)}.")
    return reading


def _add(reading: dict[str, RawValue], line: str) -> None:
    oid, tag, value = (*line.split("|", 2), "", "")[:3]
    is_hex = tag.endswith("x")
    digits = tag.removesuffix("x")
    if not digits.isascii() or not digits.isdigit():
        raise BadReading(f"{tag!r} is not the number of a type.")
    if int(digits) in _NOTHING:
        return
    reading[parse_oid(oid)] = _value(int(digits), value, is_hex=is_hex)


def _value(tag: int, value: str, *, is_hex: bool) -> RawValue:
    kind = _KINDS.get(tag)
    if kind is None:
        raise BadReading(f"type {tag} is not known.")
    if kind in ("string", "opaque") and not is_hex:
        value = value.encode("utf-8", errors="surrogateescape").hex()
    if kind == "ip" and is_hex:
        value = ".".join(str(octet) for octet in make_value("string", value).octets)
    elif is_hex and kind not in ("string", "opaque"):
        raise BadReading(f"{kind} is not written in hex.")
    return make_value(kind, value.strip())
