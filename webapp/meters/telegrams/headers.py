"""Headers of a wireless M-Bus telegram, from the outside in.

Link layer (EN 13757-4): length, control, maker, address. Extended link layer (CI 8C to 8F): access number, and for 8D
and 8F session number and check sum, after which all may be encrypted. Authentication layer (CI 90, OMS 2, 6.2).
Transport layer (EN 13757-7): short header (access, status, configuration) or long (with the meter's own address, which
differs from the sender's where a radio adapter sends for a meter).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from webapp.meters.addresses import MeterAddress, maker_of
from webapp.meters.telegrams import frames
from webapp.meters.telegrams.proofs import TelegramError

AES_BLOCK: Final = 16
ELL_SIZES: Final = {0x8C: 2, 0x8D: 8, 0x8E: 10, 0x8F: 16}
ELL_SECURED: Final = frozenset({0x8D, 0x8F})
AFL: Final = 0x90
LONG: Final = frozenset({0x5B, 0x60, 0x64, 0x6F, 0x72, 0x73, 0x75, 0x7C, 0x7E, 0x80})
SHORT: Final = frozenset({0x5A, 0x61, 0x65, 0x6E, 0x74, 0x7A, 0x7B, 0x7D, 0x7F, 0x8A})
NO_HEADER: Final = frozenset({0x78, 0x79})
RECORDS: Final = frozenset({0x72, 0x78, 0x7A})
COMPACT: Final = frozenset({0x73, 0x79, 0x7B})
BYTES_ENCRYPTED: Final = frozenset({2, 3})
"""Modes whose configuration counts encrypted bytes; the others count blocks of 16."""


@dataclass(frozen=True, slots=True)
class Extended:
    """Extended link layer. `session` and `crc` only where it secures."""

    ci: int
    communication: int
    access_number: int
    session: bytes = b""

    @property
    def encryption(self) -> int:
        """Top three bits of the session number: 0 none, 1 AES-128 in counter mode."""
        return int.from_bytes(self.session, "little") >> 29 if self.session else 0


@dataclass(frozen=True, slots=True)
class Authentication:
    """Authentication and fragmentation layer."""

    fragment_control: int
    message_control: int | None
    key_information: bytes
    counter: bytes
    mac: bytes
    length: bytes

    @property
    def more_fragments(self) -> bool:
        return bool(self.fragment_control & 0x4000)


@dataclass(frozen=True, slots=True)
class Transport:
    """Transport header. `content` is what follows it; `whole` begins with its control information byte.

    `meter` is the long header's address in the order of the link layer: maker, number, version, medium.
    """

    ci: int
    meter: bytes
    access_number: int | None
    status: int | None
    configuration: int
    extension: int | None
    content: bytes
    whole: bytes

    @property
    def mode(self) -> int:
        return self.configuration >> 8 & 0x1F

    @property
    def encrypted_bytes(self) -> int:
        if self.mode in BYTES_ENCRYPTED:
            return self.configuration & 0xFF
        return (self.configuration >> 4 & 0xF) * AES_BLOCK if self.mode else 0


@dataclass(frozen=True, slots=True)
class WmbusTelegram:
    """`link` and `sender`: the radio's address; `meter` and `address`: the meter's, whose key it is."""

    format: frames.Format
    control: int
    link: bytes
    extended: Extended | None
    authentication: Authentication | None
    transport: Transport | None
    sealed: bytes = b""
    """What the extended link layer encrypted, with its check sum; then there is no transport yet."""

    @property
    def sender(self) -> MeterAddress:
        return _address(self.link)

    @property
    def meter(self) -> bytes:
        """Eight bytes: maker, number, version, medium."""
        return (self.transport.meter if self.transport else b"") or self.link

    @property
    def address(self) -> MeterAddress:
        return _address(self.meter)

    @property
    def access_number(self) -> int | None:
        if self.transport and self.transport.access_number is not None:
            return self.transport.access_number
        return self.extended.access_number if self.extended else None

    @property
    def status(self) -> int | None:
        """The meter's status byte, where it is not encrypted."""
        return self.transport.status if self.transport else None


def parse(raw: bytes) -> WmbusTelegram:
    """The telegram's headers; `TelegramError` otherwise."""
    frame = frames.unframe(raw)
    data = frame.data
    extended, rest = _extended(data[10:])
    sealed = b""
    if extended and extended.ci in ELL_SECURED:
        if extended.encryption:
            sealed, rest = rest, b""
        else:
            rest = _checked(rest)
    authentication, rest = _authentication(rest) if rest[:1] == bytes([AFL]) else (None, rest)
    return WmbusTelegram(
        format=frame.format,
        control=data[1],
        link=data[2:10],
        extended=extended,
        authentication=authentication,
        transport=None if sealed else transport(rest),
        sealed=sealed,
    )


def transport(data: bytes) -> Transport:
    """The transport header at the beginning of the data."""
    if not data:
        raise TelegramError("telegram_header")
    ci, rest = data[0], data[1:]
    meter = b""
    if ci in LONG:
        head = _need(rest, 8)
        meter, rest = head[4:6] + head[:4] + head[6:], rest[8:]
    if ci not in LONG | SHORT:
        return Transport(ci, meter, None, None, 0, None, rest, data)
    head, rest = _need(rest, 4), rest[4:]
    configuration = int.from_bytes(head[2:4], "little")
    extension = None
    if configuration >> 8 & 0x1F == 7:
        extension, rest = _need(rest, 1)[0], rest[1:]
    found = Transport(ci, meter, head[0], head[1], configuration, extension, rest, data)
    if found.encrypted_bytes > len(rest):
        raise TelegramError("blocks_missing", announced=found.encrypted_bytes, bytes=len(rest))
    return found


def _extended(data: bytes) -> tuple[Extended | None, bytes]:
    size = ELL_SIZES.get(data[0])
    if size is None:
        return None, data
    head = _need(data[1:], size if data[0] not in ELL_SECURED else size - 2)
    session = head[-4:] if data[0] in ELL_SECURED else b""
    return Extended(data[0], head[0], head[1], session), data[1 + len(head) :]


def _checked(data: bytes) -> bytes:
    """Unencrypted content of a securing link layer without its check sum."""
    if len(data) < 3:
        raise TelegramError("telegram_header")
    if frames.crc(data[2:]) != int.from_bytes(data[:2], "little"):
        raise TelegramError("telegram_ell_crc")
    return data[2:]


def _authentication(data: bytes) -> tuple[Authentication, bytes]:
    length = _need(data, 2)[1]
    fields = _need(data[2:], length)
    taker = _Taker(fields)
    control = int.from_bytes(taker.take(2), "little")
    message = taker.take(1)[0] if control & 0x2000 else None
    found = Authentication(
        fragment_control=control,
        message_control=message,
        key_information=taker.take(2) if control & 0x0200 else b"",
        counter=taker.take(4) if control & 0x0800 else b"",
        mac=taker.take(mac_bytes(message)) if control & 0x0400 else b"",
        length=taker.take(2) if control & 0x1000 else b"",
    )
    return found, data[2 + length :]


def mac_bytes(message_control: int | None) -> int:
    """Length of the signature by the authentication type (low four bits; OMS 2, table of AFL.MCL.AT)."""
    return {3: 2, 4: 4, 5: 8, 6: 12, 7: 16, 8: 12}.get((message_control or 0) & 0xF, 0)


class _Taker:
    """Takes bytes off the front; a telegram that ends too early is told."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def take(self, count: int) -> bytes:
        taken, self.data = _need(self.data, count), self.data[count:]
        return taken


def _need(data: bytes, count: int) -> bytes:
    if len(data) < count:
        raise TelegramError("telegram_header")
    return data[:count]


def _address(link: bytes) -> MeterAddress:
    maker = maker_of(int.from_bytes(link[:2], "little"))
    return MeterAddress(maker, link[5:1:-1].hex().upper(), link[6], link[7])
