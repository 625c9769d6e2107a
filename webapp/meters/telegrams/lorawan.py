"""LoRaWAN join requests: header 00, JoinEUI, DevEUI, DevNonce, check code (LoRaWAN 1.0.4, 6.2.3; 1.1, 6.2.2).

The code is the first four bytes of an AES-CMAC over the rest, under the AppKey up to 1.0.x and the NwkKey from 1.1.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.cmac import CMAC

from webapp.meters.telegrams import frames
from webapp.meters.telegrams.proofs import Proof, TelegramError, Verdict, verdict

JOIN_REQUEST_BYTES: Final = 23
JOIN_ACCEPT_BYTES: Final = frozenset({17, 33})
SHORTEST_DATA: Final = 12
WMBUS_CONTROLS: Final = (b"\x44", b"\x46", b"\x08", b"\x53", b"\x48")
MIC_BYTES: Final = 4
KEY_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class JoinRequest:
    join_eui: str
    dev_eui: str
    dev_nonce: int
    signed: bytes
    mic: bytes


def is_lorawan(raw: bytes) -> bool:
    """By the first byte: 00 is a join request, and no length of a wireless M-Bus frame is that small.

    The first byte of the other messages could be such a length, so length and control byte have to speak against it.
    """
    if not raw or raw[0] == 0:
        return bool(raw)
    kind, reserved = raw[0] >> 5, raw[0] & 0x1F
    if reserved or frames.is_framed(raw) or raw[1:2] in WMBUS_CONTROLS:
        return False
    return (kind == 1 and len(raw) in JOIN_ACCEPT_BYTES) or (kind > 1 and len(raw) >= SHORTEST_DATA)


def parse(raw: bytes) -> JoinRequest:
    if raw[0] == 0 and len(raw) == JOIN_REQUEST_BYTES:
        return JoinRequest(
            join_eui=raw[8:0:-1].hex().upper(),
            dev_eui=raw[16:8:-1].hex().upper(),
            dev_nonce=int.from_bytes(raw[17:19], "little"),
            signed=raw[:-MIC_BYTES],
            mic=raw[-MIC_BYTES:],
        )
    if raw[0] == 0 and len(raw) < JOIN_REQUEST_BYTES:
        raise TelegramError("telegram_short", bytes=len(raw))
    raise TelegramError("lorawan_join_accept" if raw[0] == 0x20 else "lorawan_other")


def prove(request: JoinRequest, key: bytes) -> Proof:
    """Whether this key signed the request."""
    if len(key) != KEY_BYTES:
        return verdict(Verdict.WRONG_KEY, "key_size", needed=KEY_BYTES, bytes=len(key))
    signer = CMAC(AES(key))
    signer.update(request.signed)
    if hmac.compare_digest(signer.finalize()[:MIC_BYTES], request.mic):
        return verdict(Verdict.OPENS, "opens_join")
    return verdict(Verdict.WRONG_KEY, "wrong_key_join")
