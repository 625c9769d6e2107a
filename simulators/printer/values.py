"""Typed values. A value is its BER tag and its octets as sent, so no type is lost and no text guessed."""

from dataclasses import dataclass
from enum import IntEnum
from ipaddress import AddressValueError, IPv4Address

from simulators.printer import ber
from simulators.printer.oids import Oid, OidError, format_oid, parse_oid


class BadValueError(ValueError):
    """A text that is no value of its type; the message says why."""


class Type(IntEnum):
    """BER tags of the SMI types (RFC 2578) and of the three exceptions (RFC 3416)."""

    INTEGER = 0x02
    STRING = 0x04
    NULL = 0x05
    OID = 0x06
    IP = 0x40
    COUNTER32 = 0x41
    GAUGE32 = 0x42
    TIMETICKS = 0x43
    OPAQUE = 0x44
    COUNTER64 = 0x46
    NO_SUCH_OBJECT = 0x80
    NO_SUCH_INSTANCE = 0x81
    END_OF_MIB_VIEW = 0x82


_UNSIGNED = {
    Type.COUNTER32: 2**32,
    Type.GAUGE32: 2**32,
    Type.TIMETICKS: 2**32,
    Type.COUNTER64: 2**64,
}


@dataclass(frozen=True, slots=True)
class Value:
    type: Type
    octets: bytes

    def encoded(self) -> bytes:
        return ber.tlv(self.type, self.octets)

    def as_json(self) -> tuple[str, int | str]:
        """`[type, value]` as docs/protocols/printers.md words it."""
        name = self.type.name.lower()
        if self.type is Type.INTEGER:
            return name, ber.signed(self.octets)
        if self.type in _UNSIGNED:
            return name, ber.unsigned(self.octets) % _UNSIGNED[self.type]
        if self.type is Type.OID:
            return name, format_oid(ber.oid_from(self.octets))
        if self.type is Type.IP:
            return name, ".".join(map(str, self.octets))
        return name, self.octets.hex()


NULL = Value(Type.NULL, b"")
NO_SUCH_OBJECT = Value(Type.NO_SUCH_OBJECT, b"")
NO_SUCH_INSTANCE = Value(Type.NO_SUCH_INSTANCE, b"")
END_OF_MIB_VIEW = Value(Type.END_OF_MIB_VIEW, b"")


def integer(number: int) -> Value:
    if not -(2**31) <= number < 2**31:
        raise BadValueError(f"{number} does not fit an INTEGER of 32 bits")
    return Value(Type.INTEGER, ber.integer_content(number))


def string(text: str | bytes) -> Value:
    return Value(Type.STRING, text.encode() if isinstance(text, str) else text)


def oid(identifier: Oid | str) -> Value:
    numbers = parse_oid(identifier) if isinstance(identifier, str) else identifier
    return Value(Type.OID, ber.oid_content(numbers))


def ip(address: str) -> Value:
    return Value(Type.IP, IPv4Address(address).packed)


def counter32(number: int) -> Value:
    """Wraps at 2**32, as counters do."""
    return _unsigned(Type.COUNTER32, number % 2**32)


def gauge32(number: int) -> Value:
    return _unsigned(Type.GAUGE32, number)


def timeticks(hundredths: int) -> Value:
    return _unsigned(Type.TIMETICKS, hundredths % 2**32)


def parse_value(kind: Type, text: bytes) -> Value:
    """The value that a text means in a recording; octet strings are taken as they stand."""
    if kind in (Type.STRING, Type.OPAQUE):
        return Value(kind, text)
    if kind is Type.NULL:
        return NULL
    word = text.decode("ascii", "replace").strip()
    try:
        if kind is Type.OID:
            return oid(word)
        if kind is Type.IP:
            return ip(word)
        return integer(int(word)) if kind is Type.INTEGER else _unsigned(kind, int(word))
    except (OidError, AddressValueError, ValueError) as error:
        raise BadValueError(f"{word!r} is no {kind.name}: {error}") from None


def _unsigned(kind: Type, number: int) -> Value:
    if not 0 <= number < _UNSIGNED[kind]:
        raise BadValueError(f"{number} does not fit {kind.name}")
    return Value(kind, ber.integer_content(number))
