"""The text of net-snmp's `snmpwalk -On`: `.1.3.6.1.2.1.1.3.0 = Timeticks: (123) 0:00:01.23`."""

import re
import struct

from simulators.printer.oids import Oid, parse_oid
from simulators.printer.values import NULL, BadValueError, Type, Value, parse_value, string

_START = re.compile(rb"^(\.?(?:iso|\d+)(?:\.\d+)+) = (.*)$", re.DOTALL)
_TYPED = re.compile(rb"^([A-Za-z][A-Za-z0-9 -]*): ?(.*)$", re.DOTALL)
_NUMBER = re.compile(rb"-?\d+")
_ESCAPE = re.compile(rb'\\(["\\])')
_NOTHING = (b"No Such ", b"No more variables")

_NUMBERS = {
    b"INTEGER": Type.INTEGER,
    b"Integer32": Type.INTEGER,
    b"Counter32": Type.COUNTER32,
    b"Gauge32": Type.GAUGE32,
    b"Unsigned32": Type.GAUGE32,
    b"Counter64": Type.COUNTER64,
    b"Timeticks": Type.TIMETICKS,
}


def parse_snmpwalk(text: bytes) -> dict[Oid, Value]:
    objects: dict[Oid, Value] = {}
    for number, oid, rest in _entries(text):
        if rest.startswith(_NOTHING):
            continue
        try:
            objects.setdefault(parse_oid(oid.decode()), _value(rest))
        except ValueError as error:
            raise BadValueError(f"line {number}: {error}") from None
    return objects


def _entries(text: bytes) -> list[tuple[int, bytes, bytes]]:
    """Line number, OID and the rest; lines that start no entry continue the one before."""
    entries: list[tuple[int, bytes, bytes]] = []
    for number, line in enumerate(text.removesuffix(b"\n").replace(b"\r\n", b"\n").split(b"\n"), 1):
        if start := _START.match(line):
            entries.append((number, start[1], start[2]))
        elif entries:
            first, oid, rest = entries[-1]
            entries[-1] = (first, oid, rest + b"\n" + line)
        elif line.strip():
            raise BadValueError(
                f"line {number}: is not `OID = TYPE: value` as snmpwalk -On prints it"
            )
    return entries


def _value(rest: bytes) -> Value:
    rest = re.sub(rb"^Wrong Type \(should be [^)]*\): ", b"", rest)
    if rest.startswith(b'"'):
        return string(_unquoted(rest))
    if rest.strip() == b"NULL":
        return NULL
    typed = _TYPED.match(rest)
    if not typed:
        raise BadValueError(f"{rest[:60]!r} has no type")
    return _of_kind(typed[1], typed[2])


def _of_kind(kind: bytes, text: bytes) -> Value:
    if kind in _NUMBERS:
        return _number(_NUMBERS[kind], text)
    if kind in (b"Hex-STRING", b"BITS", b"OPAQUE"):
        return Value(Type.OPAQUE if kind == b"OPAQUE" else Type.STRING, _hex(text))
    if kind == b"STRING":
        return string(_unquoted(text))
    if kind == b"OID":
        return parse_value(Type.OID, text)
    if kind == b"IpAddress":
        return parse_value(Type.IP, text)
    if kind == b"Network Address":
        return Value(Type.IP, bytes.fromhex(text.decode("ascii").replace(":", "")))
    if kind == b"Opaque":
        return _opaque(text)
    raise BadValueError(f"type {kind.decode()!r} is not known")


def _number(kind: Type, text: bytes) -> Value:
    """`(4280423) 11:53:24.23`, `up(1)`, `5 seconds` and `5` all hold one number that counts."""
    in_brackets = re.search(rb"\((-?\d+)\)", text)
    plain = in_brackets[1] if in_brackets else (_NUMBER.search(text) or [b""])[0]
    return parse_value(kind, plain)


def _hex(text: bytes) -> bytes:
    """Pairs of hex digits; with BITS, numbers and names of bits follow them, with -OT a text in brackets."""
    pairs = []
    for word in re.sub(rb"\[.*?\]\s*$", b"", text, flags=re.DOTALL).split():
        if not re.fullmatch(rb"[0-9A-Fa-f]{2}", word):
            break
        pairs.append(int(word, 16))
    return bytes(pairs)


def _opaque(text: bytes) -> Value:
    """Floats wrapped in Opaque as net-snmp does it: tag 0x9f78, length, IEEE 754."""
    kind, _, number = text.partition(b":")
    if kind.strip() != b"Float":
        raise BadValueError(f"Opaque {kind.decode('latin-1')!r} is not known")
    return Value(Type.OPAQUE, b"\x9f\x78\x04" + struct.pack(">f", float(number)))


def _unquoted(text: bytes) -> bytes:
    if not (text.startswith(b'"') and text.rstrip().endswith(b'"') and len(text.rstrip()) > 1):
        return text
    return _ESCAPE.sub(rb"\1", text.rstrip()[1:-1])
