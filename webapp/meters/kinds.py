"""Kinds of keys (K-20): how long each is, what it is called, and how it is read from text."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from flask_babel import lazy_gettext as _l

from webapp.meters.sentences import SpokenError


class KeyKind(StrEnum):
    """The names as stored."""

    APP_KEY = "app_key"
    NWK_KEY = "nwk_key"
    NWK_S_KEY = "nwk_s_key"
    APP_S_KEY = "app_s_key"
    OMS_AES128 = "oms_aes128"
    AES128 = "aes128"
    AES192 = "aes192"
    AES256 = "aes256"
    DES = "des"
    TDES = "tdes"


class Slot(StrEnum):
    """Where a key stands (K-7)."""

    INITIAL = "initial"
    OPERATING = "operating"


class KeyTextError(SpokenError):
    """The text is no key of this kind. Never holds what was typed."""


KEY_BYTES: Final[Mapping[KeyKind, int]] = {
    KeyKind.APP_KEY: 16,
    KeyKind.NWK_KEY: 16,
    KeyKind.NWK_S_KEY: 16,
    KeyKind.APP_S_KEY: 16,
    KeyKind.OMS_AES128: 16,
    KeyKind.AES128: 16,
    KeyKind.AES192: 24,
    KeyKind.AES256: 32,
    KeyKind.DES: 8,
    KeyKind.TDES: 24,
}
ALGORITHMS: Final[Mapping[KeyKind, str]] = {
    **{kind: f"AES-{size * 8}" for kind, size in KEY_BYTES.items()},
    KeyKind.DES: "DES",
    KeyKind.TDES: "3DES",
}
LABELS: Final = {
    KeyKind.APP_KEY: _l("AppKey"),
    KeyKind.NWK_KEY: _l("NwkKey"),
    KeyKind.NWK_S_KEY: _l("NwkSKey"),
    KeyKind.APP_S_KEY: _l("AppSKey"),
    KeyKind.OMS_AES128: _l("OMS key"),
    KeyKind.AES128: _l("AES-128 key"),
    KeyKind.AES192: _l("AES-192 key"),
    KeyKind.AES256: _l("AES-256 key"),
    KeyKind.DES: _l("DES key"),
    KeyKind.TDES: _l("3DES key"),
}
SLOT_LABELS: Final = {Slot.INITIAL: _l("Initial"), Slot.OPERATING: _l("Operating")}

OTAA_10: Final = frozenset({KeyKind.APP_KEY})
OTAA_11: Final = frozenset({KeyKind.APP_KEY, KeyKind.NWK_KEY})
ABP: Final = frozenset({KeyKind.NWK_S_KEY, KeyKind.APP_S_KEY})

_SEPARATORS: Final = str.maketrans("", "", " \t\r\n\u00a0-:_.")
_HEX: Final = frozenset("0123456789abcdefABCDEF")


def parse_key(text: str, kind: KeyKind) -> bytes:
    """The key's bytes from hexadecimal, with or without dashes, colons, spaces, `0x`; `KeyTextError` otherwise."""
    size = KEY_BYTES[kind]
    if len(text) == 2 * size and text.isascii() and text.isalnum():
        try:
            return bytes.fromhex(text)
        except ValueError:
            pass
    return _parse_loose(text, kind, size)


def _parse_loose(text: str, kind: KeyKind, size: int) -> bytes:
    plain = text.strip()
    plain = plain[2:] if plain[:2] in ("0x", "0X") else plain
    digits = plain.translate(_SEPARATORS)
    label = str(LABELS[kind])
    if not digits:
        raise KeyTextError("key_empty", kind=label)
    if not _HEX.issuperset(digits):
        raise KeyTextError("key_not_hex", kind=label, place=_stranger(text))
    if len(digits) != 2 * size:
        raise KeyTextError("key_length", kind=label, digits=len(digits), needed=2 * size)
    return bytes.fromhex(digits)


def _stranger(text: str) -> int:
    """Place, from 1, of the first character that is neither digit nor separator."""
    start = text.lower().find("0x") + 2 if text.strip()[:2].lower() == "0x" else 0
    for place, character in enumerate(text[start:], start + 1):
        if character not in _HEX and ord(character) not in _SEPARATORS:
            return place
    return 1
