"""SNMPv3 messages (RFC 3412 6.) with the security parameters of USM (RFC 3414 2.4)."""

from dataclasses import dataclass, replace

from simulators.printer import ber
from simulators.printer.messages import Pdu, PduType, decode_pdu, encode_pdu
from simulators.printer.values import Type

VERSION = 3
USM = 3
AUTH, PRIVACY, REPORTABLE = 1, 2, 4


@dataclass(frozen=True, slots=True)
class Security:
    """The authoritative engine's id and clock, the user, digest and salt."""

    engine_id: bytes = b""
    boots: int = 0
    seconds: int = 0
    user: bytes = b""
    digest: bytes = b""
    salt: bytes = b""

    def encoded(self) -> bytes:
        return ber.sequence(
            ber.tlv(Type.STRING, self.engine_id),
            ber.integer(self.boots),
            ber.integer(self.seconds),
            *(ber.tlv(Type.STRING, text) for text in (self.user, self.digest, self.salt)),
        )


@dataclass(frozen=True, slots=True)
class Scoped:
    """A PDU and the context it is about."""

    engine_id: bytes
    context: bytes
    pdu: Pdu

    def encoded(self) -> bytes:
        return ber.sequence(
            ber.tlv(Type.STRING, self.engine_id),
            ber.tlv(Type.STRING, self.context),
            encode_pdu(self.pdu),
        )


@dataclass(frozen=True, slots=True)
class Envelope:
    """A message around its data, which is a scoped PDU, or an octet string where it is encrypted."""

    message_id: int
    max_octets: int
    flags: int
    model: int
    security: Security
    data: bytes
    digest_at: int = 0

    @property
    def is_reportable(self) -> bool:
        return bool(self.flags & REPORTABLE)

    def encoded(self) -> bytes:
        head = ber.sequence(
            ber.integer(self.message_id),
            ber.integer(self.max_octets),
            ber.tlv(Type.STRING, bytes((self.flags,))),
            ber.integer(self.model),
        )
        security = ber.tlv(Type.STRING, self.security.encoded())
        return ber.sequence(ber.integer(VERSION), head, security, self.data)

    def with_digest(self, digest: bytes) -> "Envelope":
        return replace(self, security=replace(self.security, digest=digest))


def decode_envelope(packet: bytes) -> Envelope:
    """Raises BerError."""
    at = _within(ber.SEQUENCE, packet, 0)
    _, at = ber.expect(Type.INTEGER, packet, at)
    head, at = ber.expect(ber.SEQUENCE, packet, at)
    message_id, inner = ber.expect(Type.INTEGER, head)
    max_octets, inner = ber.expect(Type.INTEGER, head, inner)
    flags, inner = ber.expect(Type.STRING, head, inner)
    model, _ = ber.expect(Type.INTEGER, head, inner)
    if len(flags) != 1:
        raise ber.BerError("flags that are no single octet")
    security, digest_at, at = _security(packet, at)
    end = ber.read(packet, at)[2]
    return Envelope(
        message_id=ber.signed(message_id),
        max_octets=ber.signed(max_octets),
        flags=flags[0],
        model=ber.signed(model),
        security=security,
        data=packet[at:end],
        digest_at=digest_at,
    )


def decode_scoped(data: bytes) -> Scoped:
    """Raises BerError. Octets behind the sequence are the padding of some ciphers."""
    body, _ = ber.expect(ber.SEQUENCE, data)
    engine_id, at = ber.expect(Type.STRING, body)
    context, at = ber.expect(Type.STRING, body, at)
    tag, content, _ = ber.read(body, at)
    try:
        return Scoped(engine_id, context, decode_pdu(PduType(tag), content))
    except ValueError as error:
        raise ber.BerError(f"no scoped PDU: {error}") from None


def without_digest(packet: bytes, envelope: Envelope) -> bytes:
    """The octets a digest is made over."""
    size, at = len(envelope.security.digest), envelope.digest_at
    return packet[:at] + bytes(size) + packet[at + size :]


def _security(packet: bytes, at: int) -> tuple[Security, int, int]:
    """With the place of the digest's first octet, and that behind all."""
    octets, end = ber.expect(Type.STRING, packet, at)
    at = _within(ber.SEQUENCE, packet, end - len(octets))
    engine_id, at = ber.expect(Type.STRING, packet, at)
    boots, at = ber.expect(Type.INTEGER, packet, at)
    seconds, at = ber.expect(Type.INTEGER, packet, at)
    user, at = ber.expect(Type.STRING, packet, at)
    digest, at = ber.expect(Type.STRING, packet, at)
    digest_at = at - len(digest)
    salt, at = ber.expect(Type.STRING, packet, at)
    if at > end:
        raise ber.BerError("security parameters beyond their end")
    said = Security(engine_id, ber.signed(boots), ber.signed(seconds), user, digest, salt)
    return said, digest_at, end


def _within(tag: int, packet: bytes, at: int) -> int:
    """Where the content of an element begins."""
    content, end = ber.expect(tag, packet, at)
    return end - len(content)
