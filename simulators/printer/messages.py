"""SNMP messages with a community: v1 (RFC 1157) and v2c (RFC 1901), PDUs as of RFC 3416.

Version 3 (`v3_messages`) opens into the same `Pdu`, only the envelope differs.
"""

from dataclasses import dataclass, replace
from enum import IntEnum

from simulators.printer import ber
from simulators.printer.oids import Oid
from simulators.printer.values import NULL, Type, Value

VarBind = tuple[Oid, Value]


class Version(IntEnum):
    V1 = 0
    V2C = 1


class PduType(IntEnum):
    GET = 0xA0
    GETNEXT = 0xA1
    RESPONSE = 0xA2
    SET = 0xA3
    GETBULK = 0xA5
    REPORT = 0xA8


class Status(IntEnum):
    NO_ERROR = 0
    TOO_BIG = 1
    NO_SUCH_NAME = 2
    GEN_ERR = 5
    AUTHORIZATION_ERROR = 16
    NOT_WRITABLE = 17


@dataclass(frozen=True, slots=True)
class Pdu:
    """`status` and `index` are non-repeaters and max-repetitions in a GETBULK."""

    type: PduType
    request_id: int
    status: int
    index: int
    varbinds: tuple[VarBind, ...]

    def answer(self, *varbinds: VarBind) -> "Pdu":
        return Pdu(PduType.RESPONSE, self.request_id, Status.NO_ERROR, 0, varbinds)

    def refusal(self, status: Status, index: int = 0) -> "Pdu":
        """An error repeats the variables as they were asked."""
        return replace(self, type=PduType.RESPONSE, status=status, index=index)


@dataclass(frozen=True, slots=True)
class Message:
    version: Version
    community: bytes
    pdu: Pdu

    def encoded(self) -> bytes:
        return ber.sequence(
            ber.integer(self.version),
            ber.tlv(Type.STRING, self.community),
            encode_pdu(self.pdu),
        )


def version_of(packet: bytes) -> int:
    """The number in the envelope: 0 is v1, 1 is v2c, 3 is v3."""
    body, _ = ber.expect(ber.SEQUENCE, packet)
    return ber.signed(ber.expect(Type.INTEGER, body)[0])


def decode_message(packet: bytes) -> Message:
    """Raises BerError where the packet is no message of v1 or v2c."""
    body, _ = ber.expect(ber.SEQUENCE, packet)
    number, at = ber.expect(Type.INTEGER, body)
    community, at = ber.expect(Type.STRING, body, at)
    tag, content, _ = ber.read(body, at)
    try:
        return Message(Version(ber.signed(number)), community, decode_pdu(PduType(tag), content))
    except ValueError as error:
        raise ber.BerError(f"no message of v1 or v2c: {error}") from None


def decode_pdu(kind: PduType, content: bytes) -> Pdu:
    request_id, at = ber.expect(Type.INTEGER, content)
    status, at = ber.expect(Type.INTEGER, content, at)
    index, at = ber.expect(Type.INTEGER, content, at)
    listed, _ = ber.expect(ber.SEQUENCE, content, at)
    varbinds = tuple(_decode_varbind(tag, item) for tag, item in ber.elements(listed))
    return Pdu(kind, ber.signed(request_id), ber.signed(status), ber.signed(index), varbinds)


def encode_pdu(pdu: Pdu) -> bytes:
    return ber.sequence(
        ber.integer(pdu.request_id),
        ber.integer(pdu.status),
        ber.integer(pdu.index),
        ber.sequence(*map(encode_varbind, pdu.varbinds)),
        tag=pdu.type,
    )


def encode_varbind(varbind: VarBind) -> bytes:
    oid, value = varbind
    return ber.sequence(ber.tlv(Type.OID, ber.oid_content(oid)), value.encoded())


def request(kind: PduType, request_id: int, *oids: Oid, status: int = 0, index: int = 0) -> Pdu:
    return Pdu(kind, request_id, status, index, tuple((oid, NULL) for oid in oids))


def _decode_varbind(tag: int, item: bytes) -> VarBind:
    if tag != ber.SEQUENCE:
        raise ber.BerError("a variable that is no sequence")
    name, at = ber.expect(Type.OID, item)
    kind, octets, _ = ber.read(item, at)
    try:
        return ber.oid_from(name), Value(Type(kind), octets)
    except ValueError as error:
        raise ber.BerError(str(error)) from None
