"""What people paste: hexadecimal in any dress, base64, a receiver's log line."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Final

from webapp.meters.telegrams.proofs import TelegramError

LONGEST: Final = 4096
SHORTEST_RUN: Final = 22
_DRESS: Final = re.compile(r"0x|[\s:\-_|,;.\"']|telegram=|data=", re.IGNORECASE)
_HEX: Final = re.compile(r"(?:[0-9A-Fa-f]{2})+")
_RUN: Final = re.compile(
    rf"(?<![0-9A-Za-z+/])(?:0[xX])?((?:[0-9A-Fa-f]{{2}}){{{SHORTEST_RUN // 2},}})"
)
_BASE64: Final = re.compile(r"[A-Za-z0-9+/_-]+={0,2}")


def to_bytes(text: str) -> bytes:
    """The telegram's bytes; `TelegramError` if the text is neither hexadecimal nor base64."""
    if len(text) > LONGEST:
        raise TelegramError("telegram_long", most=LONGEST)
    if not (plain := text.strip()):
        raise TelegramError("telegram_empty")
    digits = _DRESS.sub("", plain)
    if _HEX.fullmatch(digits):
        return bytes.fromhex(digits)
    if runs := _RUN.findall(plain):
        return bytes.fromhex(max(runs, key=len))
    return _base64(plain)


def _base64(plain: str) -> bytes:
    packed = "".join(line.strip() for line in plain.splitlines())
    if not _BASE64.fullmatch(packed):
        raise TelegramError("telegram_unreadable")
    padded = packed.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(padded + "=" * (-len(padded) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise TelegramError("telegram_unreadable") from error
