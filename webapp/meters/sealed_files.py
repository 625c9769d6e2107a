"""Downloads encrypted to the receiver (K-27): JWE (RFC 7516) under a public key that the organisation deposited.

RSA of 3072 bits and more by RSA-OAEP-256, X25519 (RFC 8037) by ECDH-ES+A256KW; the content by A256GCM. Either one file
as a compact JWE, or one JWE for each device. How to open them: docs/guides/encrypted-downloads.md.

    receiver = parse_public_key(text)                  # ReceiverKeyError with a sentence
    blob = seal_file(receiver, chunks, "text/csv")     # ASCII, one token
    lines = seal_devices(receiver, devices)            # {"serial": …, "maker": …, "jwe": …} a line
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any, Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_public_key,
)
from flask_babel import lazy_gettext as _l
from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey, RSAKey

from webapp.meters.formats.base import Device
from webapp.meters.formats.json_list import as_object
from webapp.meters.sentences import SpokenError

LEAST_RSA_BITS: Final = 3072
MOST_RSA_BITS: Final = 16384
LARGEST_TEXT: Final = 20_000
CONTENT: Final = "A256GCM"
SMALL_PRIMES: Final = math.prod(n for n in range(3, 1000, 2) if all(n % d for d in range(3, n, 2)))
MEDIA_TYPE: Final = "application/jose"
LINES_MEDIA_TYPE: Final = "application/x-ndjson"


class ReceiverKeyError(SpokenError):
    """The text is no public key that can be used."""


class Algorithm(StrEnum):
    """The names as stored."""

    RSA = "rsa"
    X25519 = "x25519"


LABELS: Final = {Algorithm.RSA: _l("RSA"), Algorithm.X25519: _l("X25519")}
MANAGEMENT: Final = {Algorithm.RSA: "RSA-OAEP-256", Algorithm.X25519: "ECDH-ES+A256KW"}


@dataclass(frozen=True)
class ReceiverKey:
    """A deposited key. `fingerprint`: SHA-256 of its SubjectPublicKeyInfo (DER), for comparing by telephone."""

    algorithm: Algorithm
    public_pem: str
    fingerprint: bytes
    bits: int

    @cached_property
    def jwk(self) -> RSAKey | OKPKey:
        kind = RSAKey if self.algorithm is Algorithm.RSA else OKPKey
        return kind.import_key(self.public_pem)

    @cached_property
    def header(self) -> dict[str, Any]:
        """`kid` is the key's thumbprint (RFC 7638), by which a receiver with several keys finds the right one."""
        return {
            "alg": MANAGEMENT[self.algorithm],
            "enc": CONTENT,
            "kid": self.jwk.thumbprint(),
        }

    @property
    def shown_fingerprint(self) -> str:
        return ":".join(f"{byte:02x}" for byte in self.fingerprint)


def parse_public_key(text: str) -> ReceiverKey:
    """From PEM or JWK; `ReceiverKeyError` says why a key can't be used."""
    plain = text.strip().lstrip("\ufeff")
    if not plain:
        raise ReceiverKeyError("receiver_empty")
    if len(plain) > LARGEST_TEXT:
        raise ReceiverKeyError("receiver_unreadable")
    key = _from_jwk(plain) if plain.startswith("{") else _from_pem(plain)
    return _checked(key)


def seal_file(receiver: ReceiverKey, chunks: Iterable[bytes], media_type: str) -> bytes:
    """One compact JWE of the whole; `cty` names what is inside. The file is held in memory."""
    header = {**receiver.header, "cty": media_type}
    return _encrypt(receiver, header, b"".join(chunks)).encode()


def seal_devices(receiver: ReceiverKey, devices: Iterable[Device]) -> Iterator[bytes]:
    """A line of JSON for each device: serial and maker in clear, the rest as in our JSON inside `jwe`."""
    header = {**receiver.header, "cty": "application/json"}
    for device in devices:
        content = json.dumps(as_object(device), ensure_ascii=False).encode()
        sealed = _encrypt(receiver, header, content)
        line = {"serial": device.serial, "maker": device.maker, "jwe": sealed}
        yield json.dumps(line, ensure_ascii=False).encode() + b"\n"


def _encrypt(receiver: ReceiverKey, header: dict[str, Any], content: bytes) -> str:
    algorithms = [header["alg"], CONTENT]
    return jwe.encrypt_compact(dict(header), content, receiver.jwk, algorithms=algorithms)


def _from_pem(plain: str) -> object:
    if "PRIVATE KEY" in plain:
        raise ReceiverKeyError("receiver_private")
    if "BEGIN CERTIFICATE" in plain:
        raise ReceiverKeyError("receiver_certificate")
    if (count := plain.count("-----BEGIN")) > 1:
        raise ReceiverKeyError("receiver_set", count=count)
    try:
        return load_pem_public_key(plain.encode())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ReceiverKeyError("receiver_unreadable") from error


def _from_jwk(plain: str) -> object:
    try:
        found = json.loads(plain)
    except (ValueError, RecursionError) as error:
        raise ReceiverKeyError("receiver_unreadable") from error
    if isinstance(keys := found.get("keys"), list):
        raise ReceiverKeyError("receiver_set", count=len(keys))
    if "d" in found:
        raise ReceiverKeyError("receiver_private")
    kind = str(found.get("crv") or found.get("kty"))[:20]
    if found.get("kty") != "RSA" and kind != "X25519":
        raise ReceiverKeyError("receiver_kind", kind=kind)
    if found.get("use", "enc") != "enc":
        raise ReceiverKeyError("receiver_use")
    try:
        return (RSAKey if found["kty"] == "RSA" else OKPKey).import_key(found).public_key
    except (
        JoseError,
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        UnsupportedAlgorithm,
    ) as error:
        raise ReceiverKeyError("receiver_unreadable") from error


def _checked(key: object) -> ReceiverKey:
    if isinstance(key, RSAPublicKey):
        _check_rsa(key)
        return _receiver(Algorithm.RSA, key, key.key_size)
    if isinstance(key, X25519PublicKey):
        _check_x25519(key)
        return _receiver(Algorithm.X25519, key, 256)
    kind = type(key).__name__.removesuffix("PublicKey").removeprefix("_")
    raise ReceiverKeyError("receiver_kind", kind=kind)


def _check_rsa(key: RSAPublicKey) -> None:
    if key.key_size < LEAST_RSA_BITS:
        raise ReceiverKeyError("receiver_rsa_short", bits=key.key_size)
    if key.key_size > MOST_RSA_BITS:
        raise ReceiverKeyError("receiver_rsa_long", bits=key.key_size)
    numbers = key.public_numbers()
    if numbers.e < 3 or numbers.n % 2 == 0 or math.gcd(numbers.n, SMALL_PRIMES) != 1:
        raise ReceiverKeyError("receiver_weak")


def _check_x25519(key: X25519PublicKey) -> None:
    """Points of small order give every sender the same secret: all zero (RFC 7748, 6.1)."""
    try:
        X25519PrivateKey.generate().exchange(key)
    except ValueError as error:
        raise ReceiverKeyError("receiver_weak") from error


def _receiver(algorithm: Algorithm, key: RSAPublicKey | X25519PublicKey, bits: int) -> ReceiverKey:
    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    return ReceiverKey(algorithm, pem, hashlib.sha256(der).digest(), bits)
