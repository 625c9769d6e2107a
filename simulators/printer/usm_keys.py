"""Keys of SNMPv3's User-based Security Model: from a pass phrase to what one engine's messages are sealed with."""

import hashlib
import hmac
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from cryptography.hazmat.decrepit.ciphers.modes import CFB
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES

MEGABYTE = 1_048_576


class Auth(StrEnum):
    """RFC 3414 (SHA-1) and RFC 7860 (SHA-2)."""

    SHA = "sha"
    SHA224 = "sha224"
    SHA256 = "sha256"
    SHA384 = "sha384"
    SHA512 = "sha512"

    @property
    def hash_name(self) -> str:
        return "sha1" if self is Auth.SHA else str(self)

    @property
    def digest_octets(self) -> int:
        """What is left of the HMAC in a message."""
        return {"sha": 12, "sha224": 16, "sha256": 24, "sha384": 32, "sha512": 48}[self]


class Privacy(StrEnum):
    """RFC 3826 (128 bits) and draft-blumenthal-aes-usm-04 (192 and 256)."""

    AES128 = "aes128"
    AES192 = "aes192"
    AES256 = "aes256"

    @property
    def key_octets(self) -> int:
        return int(self.removeprefix("aes")) // 8


class Extension(StrEnum):
    """How a key grows that is shorter than the cipher wants: the two drafts that vendors follow."""

    REEDER = "reeder"
    BLUMENTHAL = "blumenthal"


@dataclass(frozen=True)
class Secret:
    """Localised keys; `auth_key` alone where the user has no privacy."""

    auth: Auth
    auth_key: bytes
    privacy_key: bytes = b""

    def digest(self, whole_message: bytes) -> bytes:
        """Over the message with zeros in the digest's place."""
        made = hmac.digest(self.auth_key, whole_message, self.auth.hash_name)
        return made[: self.auth.digest_octets]

    def encrypt(self, plain: bytes, boots: int, seconds: int, salt: bytes) -> bytes:
        sealing = self._cipher(boots, seconds, salt).encryptor()
        return sealing.update(plain) + sealing.finalize()

    def decrypt(self, sealed: bytes, boots: int, seconds: int, salt: bytes) -> bytes:
        opening = self._cipher(boots, seconds, salt).decryptor()
        return opening.update(sealed) + opening.finalize()

    def _cipher(self, boots: int, seconds: int, salt: bytes) -> Cipher[CFB]:
        """CFB128; the vector is boots, time and the message's salt (RFC 3826 3.1.2.1)."""
        vector = boots.to_bytes(4, "big") + seconds.to_bytes(4, "big") + salt
        return Cipher(AES(self.privacy_key), CFB(vector))


@lru_cache(maxsize=256)
def master_key(phrase: bytes, auth: Auth) -> bytes:
    """RFC 3414 A.2: the hash of the phrase, repeated to a megabyte."""
    repeated = phrase * (MEGABYTE // len(phrase) + 1)
    return hashlib.new(auth.hash_name, repeated[:MEGABYTE]).digest()


def localized(master: bytes, engine_id: bytes, auth: Auth) -> bytes:
    return hashlib.new(auth.hash_name, master + engine_id + master).digest()


def privacy_key(
    phrase: bytes, auth: Auth, privacy: Privacy, extension: Extension, engine_id: bytes
) -> bytes:
    """As long as the cipher wants it; where the hash is long enough both extensions agree."""
    key = part = localized(master_key(phrase, auth), engine_id, auth)
    while len(key) < privacy.key_octets:
        if extension is Extension.REEDER:
            part = localized(master_key(part, auth), engine_id, auth)
            key += part
        else:
            key += hashlib.new(auth.hash_name, key).digest()
    return key[: privacy.key_octets]
