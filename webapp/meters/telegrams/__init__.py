"""Captured telegrams (K-25): whose they are, and whether a key opens them.

    telegram = read("2E44931578563412…")      # wireless M-Bus, or a LoRaWAN join request; TelegramError otherwise
    describe(telegram)                         # its header as lines for a page
    proof = prove(telegram, key)               # verdict with its sentence, and the readings

Nothing here keeps, logs or shows a key. Sources: EN 13757-3 and -4 (records, frames, extended link layer), EN 13757-7
(transport header, security modes), OMS volume 2 (modes 5 and 7, annex N), LoRaWAN 1.0.4 and 1.1 (join request).
"""

from __future__ import annotations

from collections.abc import Collection

from webapp.meters.kinds import KeyKind
from webapp.meters.telegrams import lorawan, opening
from webapp.meters.telegrams.description import describe
from webapp.meters.telegrams.headers import WmbusTelegram, parse
from webapp.meters.telegrams.lorawan import JoinRequest
from webapp.meters.telegrams.proofs import Proof, TelegramError, Verdict
from webapp.meters.telegrams.texts import to_bytes

DES_MODE = 2
Telegram = WmbusTelegram | JoinRequest

__all__ = [
    "JoinRequest",
    "Proof",
    "Telegram",
    "TelegramError",
    "Verdict",
    "WmbusTelegram",
    "describe",
    "fitting",
    "prove",
    "read",
    "read_bytes",
    "read_upload",
]


def read(text: str) -> Telegram:
    """Who sent this; `TelegramError` says why it can't be read."""
    return read_bytes(to_bytes(text))


def read_bytes(raw: bytes) -> Telegram:
    """The same from bytes, as a file holds them."""
    return lorawan.parse(raw) if lorawan.is_lorawan(raw) else parse(raw)


def read_upload(raw: bytes) -> Telegram:
    """From a file: text as it would be pasted, or the telegram's bytes themselves."""
    try:
        return read(raw.decode("ascii"))
    except UnicodeDecodeError:
        return read_bytes(raw)
    except TelegramError:
        if raw.strip().isascii() and raw.decode("ascii").isprintable():
            raise
    return read_bytes(raw)


def prove(telegram: Telegram, key: bytes) -> Proof:
    """Whether the key opens the telegram. For a join request: AppKey up to LoRaWAN 1.0.x, NwkKey from 1.1."""
    if isinstance(telegram, JoinRequest):
        return lorawan.prove(telegram, key)
    return opening.prove(telegram, key)


def fitting(telegram: Telegram, kinds: Collection[KeyKind]) -> list[KeyKind]:
    """Which of a device's keys to try, the likeliest first."""
    if isinstance(telegram, JoinRequest):
        wanted = [KeyKind.NWK_KEY if KeyKind.NWK_KEY in kinds else KeyKind.APP_KEY]
    elif telegram.transport and telegram.transport.mode == DES_MODE:
        wanted = [KeyKind.DES]
    else:
        wanted = [KeyKind.OMS_AES128, KeyKind.AES128]
    return [kind for kind in wanted if kind in kinds]
