"""Basic Encoding Rules, as much as SNMP needs (RFC 3417 section 8: definite lengths only)."""

from collections.abc import Iterator

from simulators.printer.oids import Oid

SEQUENCE = 0x30


class BerError(ValueError):
    """The octets are no BER, or none that SNMP allows."""


def tlv(tag: int, content: bytes) -> bytes:
    return bytes((tag,)) + _length(len(content)) + content


def sequence(*parts: bytes, tag: int = SEQUENCE) -> bytes:
    return tlv(tag, b"".join(parts))


def integer(number: int, tag: int = 0x02) -> bytes:
    return tlv(tag, integer_content(number))


def integer_content(number: int) -> bytes:
    """Two's complement in as few octets as hold it."""
    size = (number + (number < 0)).bit_length() // 8 + 1
    return number.to_bytes(size, "big", signed=True)


def unsigned(content: bytes) -> int:
    """A counter's number. Some agents leave out the leading zero octet: the sign is ignored."""
    return int.from_bytes(content, "big")


def signed(content: bytes) -> int:
    if not content:
        raise BerError("an integer without octets")
    return int.from_bytes(content, "big", signed=True)


def oid_content(oid: Oid) -> bytes:
    if len(oid) < 2:
        oid = (*oid, 0, 0)[:2]
    out = bytearray(_arc(oid[0] * 40 + oid[1]))
    for arc in oid[2:]:
        if arc < 0x80:
            out.append(arc)
        else:
            out += _arc(arc)
    return bytes(out)


def oid_from(content: bytes) -> Oid:
    if not content or content[-1] & 0x80:
        raise BerError("an object identifier that breaks off")
    arcs, arc = [], 0
    for octet in content:
        arc = arc << 7 | octet & 0x7F
        if arc > 0xFFFFFFFF + 80:
            raise BerError("an object identifier with a component above 2**32")
        if not octet & 0x80:
            arcs.append(arc)
            arc = 0
    if len(arcs) > 127:
        raise BerError("an object identifier with more than 128 components")
    first = min(arcs[0] // 40, 2)
    return (first, arcs[0] - first * 40, *arcs[1:])


def read(data: bytes, at: int = 0) -> tuple[int, bytes, int]:
    """Tag, content and the position behind the element that starts at `at`."""
    if at + 2 > len(data):
        raise BerError("the octets end within an element's head")
    tag, size, start = data[at], data[at + 1], at + 2
    if size & 0x80:
        width = size & 0x7F
        if not 1 <= width <= 4 or start + width > len(data):
            raise BerError("a length that SNMP does not use")
        size = int.from_bytes(data[start : start + width], "big")
        start += width
    if start + size > len(data):
        raise BerError("the octets end within an element")
    return tag, data[start : start + size], start + size


def expect(tag: int, data: bytes, at: int = 0) -> tuple[bytes, int]:
    found, content, end = read(data, at)
    if found != tag:
        raise BerError(f"tag {found:#04x} where {tag:#04x} belongs")
    return content, end


def elements(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at < len(data):
        tag, content, at = read(data, at)
        yield tag, content


def _length(size: int) -> bytes:
    if size < 0x80:
        return bytes((size,))
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((0x80 | len(octets),)) + octets


def _arc(arc: int) -> bytes:
    out = [arc & 0x7F]
    while arc := arc >> 7:
        out.append(arc & 0x7F | 0x80)
    return bytes(reversed(out))
