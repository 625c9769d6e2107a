"""Frames of wireless M-Bus (EN 13757-4): format A and B with check sums, or stripped of them by the receiver.

A: the length byte does not count check sums; 10 bytes and then blocks of 16, each with a CRC.
B: it counts them; the first CRC stands after at most 126 bytes, the next after at most 126 more.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from webapp.meters.telegrams.proofs import TelegramError

LINK_HEADER: Final = 10
A_BLOCK: Final = 16
B_BLOCK: Final = 126
CRC_BYTES: Final = 2
SHORTEST: Final = 12
WIRED_START: Final = 0x68


class Format(StrEnum):
    A = "A"
    B = "B"
    STRIPPED = "stripped"


@dataclass(frozen=True, slots=True)
class Frame:
    """`data` begins with the length byte and holds no check sums."""

    format: Format
    data: bytes


def unframe(raw: bytes) -> Frame:
    """The frame without check sums, which are verified where there are any."""
    _refuse_wired(raw)
    if len(raw) < SHORTEST:
        raise TelegramError("telegram_short", bytes=len(raw))
    announced = raw[0] + 1
    if announced >= SHORTEST and len(raw) == _length_a(announced):
        return Frame(Format.A, _without_crcs_a(raw))
    if len(raw) < announced:
        raise TelegramError("telegram_cut", announced=announced, bytes=len(raw))
    if len(raw) > announced or announced < SHORTEST:
        raise TelegramError("telegram_over", announced=announced, bytes=len(raw))
    if (stripped := _without_crcs_b(raw)) is not None:
        return Frame(Format.B, stripped)
    return Frame(Format.STRIPPED, raw)


def is_framed(raw: bytes) -> bool:
    """Whether the first byte fits the length, with or without check sums."""
    return len(raw) >= SHORTEST and len(raw) in (raw[0] + 1, _length_a(raw[0] + 1))


def crc(data: bytes) -> int:
    """CRC-16 of EN 13757: polynomial 3D65, start 0, complemented."""
    value = 0
    for byte in data:
        value = (value << 8 & 0xFFFF) ^ _CRC_TABLE[value >> 8 ^ byte]
    return value ^ 0xFFFF


def _refuse_wired(raw: bytes) -> None:
    if len(raw) > 3 and raw[0] == raw[3] == WIRED_START and raw[1] == raw[2]:
        raise TelegramError("telegram_wired")


def _length_a(announced: int) -> int:
    blocks = 1 + -(-(announced - LINK_HEADER) // A_BLOCK)
    return announced + CRC_BYTES * blocks


def _without_crcs_a(raw: bytes) -> bytes:
    parts, start, size, block = [], 0, LINK_HEADER, 1
    while start < len(raw):
        end = min(start + size, len(raw) - CRC_BYTES)
        if not _fits(raw, start, end):
            raise TelegramError("telegram_crc", block=block)
        parts.append(raw[start:end])
        start, size, block = end + CRC_BYTES, A_BLOCK, block + 1
    return b"".join(parts)


def _without_crcs_b(raw: bytes) -> bytes | None:
    """None if this isn't format B. A frame of this length without check sums looks the same."""
    parts, start = [], 0
    while start < len(raw):
        end = min(start + B_BLOCK, len(raw) - CRC_BYTES)
        if end <= start or not _fits(raw, start, end):
            return None
        parts.append(raw[start:end])
        start = end + CRC_BYTES
    return b"".join(parts)


def _fits(raw: bytes, start: int, end: int) -> bool:
    return crc(raw[start:end]) == int.from_bytes(raw[end : end + CRC_BYTES], "big")


def _crc_row(byte: int) -> int:
    value = byte << 8
    for _bit in range(8):
        value = (value << 1 ^ 0x3D65 if value & 0x8000 else value << 1) & 0xFFFF
    return value


_CRC_TABLE: Final = tuple(_crc_row(byte) for byte in range(256))
