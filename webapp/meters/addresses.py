"""Radio addresses: EUIs and DevAddr of LoRaWAN; maker, number, version and medium of (wireless) M-Bus.

Maker: three letters of five bits each in two bytes (FLAG register). Medium: table of device types of EN 13757-7.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from flask_babel import lazy_gettext as _l

from webapp.meters.sentences import SpokenError

_HEX16: Final = re.compile(r"[0-9A-F]{16}")
_HEX8: Final = re.compile(r"[0-9A-F]{8}")
_LETTERS: Final = re.compile(r"[A-Z]{3}")
_NUMBER: Final = re.compile(r"[0-9A-F]{1,8}")
_BYTE: Final = re.compile(r"[0-9A-F]{1,2}")
_SEPARATORS: Final = str.maketrans("", "", " \t\u00a0-:.")
_MAC: Final = re.compile(r"(?:MAC_V)?(1[._]0(?:[._][0-4])?|1[._]1(?:[._][01])?)")
SHOWN: Final = 40
"""At most so much of what was typed is said back."""

MEDIA: Final = {
    0x00: _l("Other"),
    0x01: _l("Oil"),
    0x02: _l("Electricity"),
    0x03: _l("Gas"),
    0x04: _l("Heat"),
    0x05: _l("Steam"),
    0x06: _l("Warm water"),
    0x07: _l("Water"),
    0x08: _l("Heat cost allocator"),
    0x09: _l("Compressed air"),
    0x0A: _l("Cooling (outlet)"),
    0x0B: _l("Cooling (inlet)"),
    0x0C: _l("Heat (inlet)"),
    0x0D: _l("Heat and cooling"),
    0x0E: _l("Bus or system"),
    0x0F: _l("Unknown"),
    0x14: _l("Calorific value"),
    0x15: _l("Hot water"),
    0x16: _l("Cold water"),
    0x17: _l("Hot and cold water"),
    0x18: _l("Pressure"),
    0x19: _l("Analogue-digital converter"),
    0x1A: _l("Smoke detector"),
    0x1B: _l("Room sensor"),
    0x1C: _l("Gas detector"),
    0x1D: _l("Sensor"),
    0x20: _l("Breaker (electricity)"),
    0x21: _l("Valve (gas or water)"),
    0x25: _l("Display"),
    0x28: _l("Waste water"),
    0x29: _l("Garbage"),
    0x2A: _l("Carbon dioxide"),
    0x31: _l("Communication controller"),
    0x32: _l("Repeater (one way)"),
    0x33: _l("Repeater (two way)"),
    0x36: _l("Radio converter (system side)"),
    0x37: _l("Radio converter (meter side)"),
}


class AddressError(SpokenError):
    """The text is no such address."""


@dataclass(frozen=True, slots=True)
class MeterAddress:
    """Who sends by (wireless) M-Bus. `id`: the eight digits as printed."""

    maker: str
    id: str
    version: int
    medium: int

    @property
    def medium_name(self) -> str:
        return str(MEDIA.get(self.medium, MEDIA[0x0F]))

    def __str__(self) -> str:
        return f"{self.maker} {self.id} {self.version:02X} {self.medium:02X}"


def eui(text: str, *, name: str = "DevEUI") -> str:
    """16 hexadecimal digits in upper case, from text with or without separators."""
    if not _HEX16.fullmatch(digits := text.translate(_SEPARATORS).upper()):
        raise AddressError("eui", text=text.strip()[:SHOWN], name=name)
    return digits


def dev_addr(text: str) -> str:
    if not _HEX8.fullmatch(digits := text.translate(_SEPARATORS).upper()):
        raise AddressError("dev_addr", text=text.strip()[:SHOWN])
    return digits


def mbus_maker(text: str) -> str:
    if not _LETTERS.fullmatch(letters := text.strip().upper()):
        raise AddressError("mbus_maker", text=text.strip()[:SHOWN])
    return letters


def mbus_id(text: str) -> str:
    """Eight digits; spreadsheets eat leading zeros, so they are put back."""
    if not _NUMBER.fullmatch(digits := text.translate(_SEPARATORS).upper()):
        raise AddressError("mbus_id", text=text.strip()[:SHOWN])
    return digits.zfill(8)


def mbus_byte(text: str, *, name: object) -> int:
    """Version or medium: two hexadecimal digits, `0x` allowed."""
    digits = text.strip().upper().removeprefix("0X")
    if not _BYTE.fullmatch(digits):
        raise AddressError("mbus_byte", text=text.strip()[:SHOWN], name=str(name))
    return int(digits, 16)


def lorawan_version(text: str) -> str:
    """`1.0.3` from `1.0.3` or The Things Stack's `MAC_V1_0_3`."""
    if not (match := _MAC.fullmatch(text.strip().upper())):
        raise AddressError("lorawan_version", text=text.strip()[:SHOWN])
    return match[1].replace("_", ".")


def maker_of(code: int) -> str:
    """Three letters of a maker's two bytes; the top bit marks an address unique in one place only."""
    return "".join(chr(64 + (code >> shift & 31)) for shift in (10, 5, 0))


def maker_bytes(maker: str) -> bytes:
    """Two bytes, low one first."""
    first, second, third = (ord(letter) - 64 for letter in mbus_maker(maker))
    return (first << 10 | second << 5 | third).to_bytes(2, "little")
