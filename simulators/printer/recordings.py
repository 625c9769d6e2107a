"""Recorded printers: `.snmprec` files of snmpsim, and the text that `snmpwalk -On` prints."""

from pathlib import Path

from simulators.printer.oids import Oid, OidError, parse_oid
from simulators.printer.snmpwalk import parse_snmpwalk
from simulators.printer.values import BadValueError, Type, Value, parse_value

Objects = dict[Oid, Value]


class RecordingError(ValueError):
    """A recording that can't be served; the message names file, line and what is wrong there."""


def load_recording(path: Path) -> Objects:
    """All objects of a recording; the kind is told by the first line, not by the file's name."""
    try:
        text = path.read_bytes()
    except OSError as error:
        raise RecordingError(f"{path}: {error.strerror}") from None
    first = next((line for line in text.splitlines() if line.strip()), b"")
    parse = parse_snmpwalk if b" = " in first.split(b"|")[0] else parse_snmprec
    try:
        objects = parse(text)
    except ValueError as error:
        raise RecordingError(f"{path}, {error}") from None
    if not objects:
        raise RecordingError(f"{path}: holds no object")
    return objects


def parse_snmprec(text: bytes) -> Objects:
    """Lines `OID|tag|value`; `x` after the tag: the value is in hex, `e`: with backslash escapes."""
    objects: Objects = {}
    for number, line in enumerate(text.split(b"\n"), start=1):
        line = line.rstrip(b"\r")
        if not line.strip() or line.startswith(b"#"):
            continue
        try:
            oid, value = _parse_line(line)
        except ValueError as error:
            raise RecordingError(f"line {number}: {error}") from None
        objects.setdefault(oid, value)
    return objects


def parse_override(text: str) -> tuple[Oid, Value]:
    """`OID=TYPE:VALUE` of the command line; TYPE is a name (`string`), a tag number, or `4x` for hex."""
    oid, equals, rest = text.partition("=")
    tag, colon, value = rest.partition(":")
    if not equals or not colon:
        raise OidError(f"{text!r} is not OID=TYPE:VALUE, for example 1.3.6.1.2.1.1.6.0=string:Hall")
    return parse_oid(oid), _parse_typed(tag.strip(), value.encode())


def _parse_line(line: bytes) -> tuple[Oid, Value]:
    parts = line.split(b"|", 2)
    if len(parts) != 3:
        raise RecordingError("is not OID|type|value")
    oid, tag, value = parts
    return parse_oid(oid.decode("ascii", "replace")), _parse_typed(tag.decode("latin-1"), value)


def _parse_typed(tag: str, text: bytes) -> Value:
    if ":" in tag:
        raise BadValueError(
            f"type {tag!r} asks for a variation module; only plain values are served"
        )
    kind = _kind(tag.rstrip("xe"))
    if tag.endswith("e"):
        text = text.decode("latin-1").encode("latin-1").decode("unicode_escape").encode("latin-1")
    if not tag.endswith("x"):
        return parse_value(kind, text)
    try:
        octets = bytes.fromhex(text.decode("ascii").replace(":", ""))
    except ValueError:
        raise BadValueError(f"{text[:40]!r} is no hex") from None
    return Value(kind, octets)


def _kind(tag: str) -> Type:
    try:
        kind = Type(int(tag)) if tag.isdigit() else Type[tag.upper()]
    except (ValueError, KeyError):
        raise BadValueError(f"{tag!r} is no type that SNMP knows") from None
    if kind >= Type.NO_SUCH_OBJECT:
        raise BadValueError(f"{kind.name} is no value")
    return kind
