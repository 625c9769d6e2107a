"""Secrets at rest: sealing, tokens, digests.

Values that must be read again (TOTP, SNMP and webhook secrets, printer codes) are sealed with AES-256-GCM
under a key derived from `SECRET_KEY` by HKDF-SHA256 (RFC 5869), bound to a context so that a value moved to another
row does not open. Tokens are kept as SHA-256 only; short human codes as HMAC under the pepper.
Meter keys have an envelope of their own, under a master key apart from `SECRET_KEY`.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable
from functools import cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from flask import current_app

from webapp.settings import Settings

NONCE_BYTES = 12
KEY_ID_BYTES = 4


class Sealed(Exception):
    """A stored value does not open: wrong key, other context, or changed bytes."""


def seal(plain: bytes, *, context: str) -> bytes:
    """Key id (4 bytes), nonce (12), AES-256-GCM ciphertext and tag. `context` names table, row and column."""
    key = _key(_settings().secret_key)
    nonce = secrets.token_bytes(NONCE_BYTES)
    return _key_id(key) + nonce + AESGCM(key).encrypt(nonce, plain, context.encode())


def sealer() -> Callable[[bytes, str], bytes]:
    """`seal` for thousands of values: plain and context in, one cipher for all of them."""
    key = _key(_settings().secret_key)
    encrypt, beginning = AESGCM(key).encrypt, _key_id(key)

    def sealed(plain: bytes, context: str) -> bytes:
        nonce = secrets.token_bytes(NONCE_BYTES)
        return beginning + nonce + encrypt(nonce, plain, context.encode())

    return sealed


def code_digester(purpose: str) -> Callable[[str], bytes]:
    """`code_digest` for thousands of codes."""
    start = hmac.new(_settings().code_pepper.encode(), f"{purpose}:".encode(), hashlib.sha256)

    def digested(code: str) -> bytes:
        mac = start.copy()
        mac.update(code.encode())
        return mac.digest()

    return digested


def unseal(sealed: bytes, *, context: str) -> bytes:
    """The value, whichever of the current and fallback keys sealed it; `Sealed` otherwise."""
    key_id, nonce = sealed[:KEY_ID_BYTES], sealed[KEY_ID_BYTES : KEY_ID_BYTES + NONCE_BYTES]
    for secret in (_settings().secret_key, *_settings().secret_key_fallbacks):
        key = _key(secret)
        if hmac.compare_digest(_key_id(key), key_id):
            return _open(key, nonce, sealed[KEY_ID_BYTES + NONCE_BYTES :], context)
    raise Sealed("sealed with a key that is not configured any more")


def token(bits: int = 256) -> str:
    """A URL-safe random token. 128 bits are the least for a link."""
    return secrets.token_urlsafe(bits // 8)


def digest(secret_token: str) -> bytes:
    """SHA-256 of a token of full entropy: what is stored instead of it."""
    return hashlib.sha256(secret_token.encode()).digest()


def code_digest(code: str, *, purpose: str) -> bytes:
    """HMAC-SHA256 under the pepper: for short codes, whose plain hash could be guessed back."""
    message = f"{purpose}:{code}".encode()
    return hmac.new(_settings().code_pepper.encode(), message, hashlib.sha256).digest()


def derived_key(purpose: str) -> bytes:
    """32 bytes for one purpose, from `SECRET_KEY`."""
    return _derive(_settings().secret_key, purpose)


def derived_keys(purpose: str) -> list[bytes]:
    """The present one, then those of the fallbacks: for checking what was made before a change of keys."""
    settings = _settings()
    return [_derive(s, purpose) for s in (settings.secret_key, *settings.secret_key_fallbacks)]


def _open(key: bytes, nonce: bytes, ciphertext: bytes, context: str) -> bytes:
    try:
        return AESGCM(key).decrypt(nonce, ciphertext, context.encode())
    except InvalidTag as error:
        raise Sealed("the value was changed or belongs elsewhere") from error


def _key(secret: str) -> bytes:
    return _derive(secret, "seal")


@cache
def _derive(secret: str, purpose: str) -> bytes:
    info = f"outpost/{purpose}/v1".encode()
    return HKDF(SHA256(), 32, salt=None, info=info).derive(secret.encode())


def _key_id(key: bytes) -> bytes:
    return hashlib.sha256(b"id" + key).digest()[:KEY_ID_BYTES]


def _settings() -> Settings:
    settings: Settings = current_app.extensions["settings"]
    return settings
