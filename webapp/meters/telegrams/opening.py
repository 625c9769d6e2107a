"""Opening wireless M-Bus telegrams: security modes 0, 2, 5, 7 and the extended link layer's counter mode.

Mode 5: AES-128-CBC, start value maker, address, 8 × access number (EN 13757-7, 7.6.4). Mode 7: the same with keys
derived for each message by AES-CMAC and start value 0; its signature covers the transport layer (OMS 2, 9.2). A key is
right if the text begins 2F 2F and, in mode 7, the signature fits. Counter mode (EN 13757-4, 12): the check sum fits.
"""

from __future__ import annotations

import hmac
import warnings
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC, CTR
from cryptography.hazmat.primitives.cmac import CMAC

from webapp.meters.sentences import Sentence
from webapp.meters.telegrams import frames
from webapp.meters.telegrams.headers import (
    COMPACT,
    RECORDS,
    Authentication,
    Extended,
    Transport,
    WmbusTelegram,
    mac_bytes,
    transport,
)
from webapp.meters.telegrams.proofs import Proof, TelegramError, Verdict, verdict
from webapp.meters.telegrams.records import Record, decode

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES

FILLER: Final = b"\x2f\x2f"
HOP_BITS: Final = 0x12
"""Bits of the communication field that a repeater sets; the start value is built without them."""
CMAC_KINDS: Final = range(3, 8)
KEY_BYTES: Final = {2: 8, 5: 16, 7: 16}
"""By security mode; the cipher's blocks are as long."""
OWN_FORM: Final = frozenset({("APA", 0x05)})
"""Maker and version of meters whose content looks like records and is none (Apator 162)."""


CipherOf = Callable[[bytes], Cipher[CBC]]


def prove(telegram: WmbusTelegram, key: bytes) -> Proof:
    """Whether the key opens it, with the readings if it does or if they were in clear."""
    if telegram.sealed:
        return _prove_link(telegram, key)
    assert telegram.transport is not None  # noqa: S101
    return _prove_transport(telegram, telegram.transport, key)


def _prove_link(telegram: WmbusTelegram, key: bytes) -> Proof:
    extended = telegram.extended
    assert extended is not None  # noqa: S101
    if _sum_fits(telegram.sealed):
        return _readings(telegram, Verdict.NOT_ENCRYPTED, "not_encrypted", telegram.sealed[2:])
    if extended.encryption != 1:
        return verdict(Verdict.UNSUPPORTED, "ell_mode_unsupported", mode=extended.encryption)
    if len(key) != 16:
        return _wrong_size(16, key)
    start = _link_start(telegram.link, extended)
    plain = _decrypt(Cipher(AES(key), CTR(start)), telegram.sealed)
    if not _sum_fits(plain):
        return verdict(Verdict.WRONG_KEY, "wrong_key")
    return _readings(telegram, Verdict.OPENS, "opens", plain[2:])


def _prove_transport(telegram: WmbusTelegram, head: Transport, key: bytes) -> Proof:
    if not head.mode or not head.encrypted_bytes:
        return _decoded(telegram, Verdict.NOT_ENCRYPTED, "not_encrypted", head.content, ci=head.ci)
    if head.mode == 2:
        return _opened(telegram, head, key, _des)
    if head.mode == 5:
        start = telegram.meter + bytes([head.access_number or 0]) * 8
        return _opened(telegram, head, key, lambda key: Cipher(AES(key), CBC(start)))
    if head.mode == 7:
        return _prove_mode_7(telegram, head, key)
    return verdict(Verdict.UNSUPPORTED, "mode_unsupported", mode=head.mode)


def _opened(telegram: WmbusTelegram, head: Transport, key: bytes, cipher: CipherOf) -> Proof:
    """CBC without padding over the announced bytes; what follows them was in clear."""
    size = KEY_BYTES[head.mode]
    if len(key) != size:
        return _wrong_size(size, key)
    count = head.encrypted_bytes
    if count % size:
        return verdict(Verdict.UNSUPPORTED, "blocks_uneven", announced=count)
    plain = _decrypt(cipher(key), head.content[:count]) + head.content[count:]
    if plain[:2] == FILLER:
        return _decoded(telegram, Verdict.OPENS, "opens", plain, ci=head.ci)
    if head.content[:2] == FILLER:
        return _decoded(telegram, Verdict.NOT_ENCRYPTED, "not_encrypted", head.content, ci=head.ci)
    return verdict(Verdict.WRONG_KEY, "wrong_key")


def _prove_mode_7(telegram: WmbusTelegram, head: Transport, key: bytes) -> Proof:
    layer = telegram.authentication
    if refusal := _unsupported_mode_7(layer, head):
        return refusal
    assert layer is not None  # noqa: S101
    if len(key) != 16:
        return _wrong_size(16, key)
    meter = telegram.meter[2:6]
    if layer.mac:
        signed = bytes([layer.message_control or 0]) + layer.counter + layer.length + head.whole
        signature = _cmac(derived(key, 1, layer.counter, meter), signed)
        if not hmac.compare_digest(signature[: len(layer.mac)], layer.mac):
            return verdict(Verdict.WRONG_KEY, "wrong_mac")
    encryption = derived(key, 0, layer.counter, meter)
    return _opened(telegram, head, encryption, _aes_from_zero)


def _unsupported_mode_7(layer: Authentication | None, head: Transport) -> Proof | None:
    if layer is None or not layer.counter:
        return verdict(Verdict.UNSUPPORTED, "afl_missing")
    if layer.more_fragments:
        return verdict(Verdict.UNSUPPORTED, "afl_fragment")
    kind = (layer.message_control or 0) & 0xF
    if layer.mac and (kind not in CMAC_KINDS or mac_bytes(kind) == 0 or layer.key_information):
        return verdict(Verdict.UNSUPPORTED, "afl_mac", type=kind)
    derivation = (head.extension or 0) >> 4 & 3
    if derivation != 1:
        return verdict(Verdict.UNSUPPORTED, "kdf_unsupported", kdf=derivation)
    return None


def derived(key: bytes, constant: int, counter: bytes, meter: bytes) -> bytes:
    """Key derivation A of OMS 2, 9.6.2: CMAC over constant, message counter, meter's number, 7 × 07."""
    return _cmac(key, bytes([constant]) + counter + meter + b"\x07" * 7)


def _link_start(link: bytes, extended: Extended) -> bytes:
    communication = extended.communication & ~HOP_BITS & 0xFF
    return link + bytes([communication]) + extended.session + bytes(3)


def _readings(telegram: WmbusTelegram, kind: Verdict, code: str, content: bytes) -> Proof:
    """Content of the link layer: a transport header of its own, then records."""
    try:
        head = transport(content)
    except TelegramError as error:
        return Proof(kind, Sentence(code), notes=(error.sentence,), plain=content)
    if head.mode and head.encrypted_bytes and head.content[:2] != FILLER:
        note = Sentence("mode_unsupported", {"mode": head.mode})
        return Proof(kind, Sentence(code), notes=(note,), plain=content)
    return replace(_decoded(telegram, kind, code, head.content, ci=head.ci), plain=content)


def _decoded(telegram: WmbusTelegram, kind: Verdict, code: str, plain: bytes, *, ci: int) -> Proof:
    records, notes = list[Record](), list[Sentence]()
    address = telegram.address
    if ci in COMPACT:
        notes = [Sentence("compact_frame")]
    elif ci not in RECORDS:
        notes = [Sentence("ci_unsupported", {"ci": f"{ci:02X}"})]
    elif (address.maker, address.version) in OWN_FORM:
        notes = [Sentence("records_makers")]
    else:
        records, notes = decode(plain)
    return Proof(kind, Sentence(code), tuple(records), tuple(notes), plain)


def _sum_fits(plain: bytes) -> bool:
    return len(plain) > 2 and frames.crc(plain[2:]) == int.from_bytes(plain[:2], "little")


def _des(key: bytes) -> Cipher[CBC]:
    return Cipher(TripleDES(key * 3), CBC(bytes(8)))


def _aes_from_zero(key: bytes) -> Cipher[CBC]:
    return Cipher(AES(key), CBC(bytes(16)))


def _decrypt(cipher: Cipher[CBC] | Cipher[CTR], data: bytes) -> bytes:
    decryptor = cipher.decryptor()
    return decryptor.update(data) + decryptor.finalize()


def _cmac(key: bytes, message: bytes) -> bytes:
    signer = CMAC(AES(key))
    signer.update(message)
    return signer.finalize()


def _wrong_size(needed: int, key: bytes) -> Proof:
    return verdict(Verdict.WRONG_KEY, "key_size", needed=needed, bytes=len(key))
