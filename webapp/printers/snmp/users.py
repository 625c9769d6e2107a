"""Who asks in SNMPv3: a user of the User-based Security Model, and how pysnmp knows it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from pysnmp.entity import config
from pysnmp.hlapi.v3arch.asyncio import UsmUserData

SHORTEST_PHRASE: Final = 8  # RFC 3414 section 11.2
LONGEST_NAME: Final = 32

# RFC 3414 (SHA-1) and RFC 7860 (SHA-2).
AUTHS: Final[dict[str, Any]] = {
    "sha": config.USM_AUTH_HMAC96_SHA,
    "sha224": config.USM_AUTH_HMAC128_SHA224,
    "sha256": config.USM_AUTH_HMAC192_SHA256,
    "sha384": config.USM_AUTH_HMAC256_SHA384,
    "sha512": config.USM_AUTH_HMAC384_SHA512,
}
REEDER, BLUMENTHAL = "reeder", "blumenthal"
EXTENSIONS: Final = (REEDER, BLUMENTHAL)
# RFC 3826 (128 bits); longer keys are drafts, and vendors follow either of two.
PRIVACIES: Final = ("aes128", "aes192", "aes256")
_CIPHERS: Final[dict[tuple[str, str], Any]] = {
    ("aes128", REEDER): config.USM_PRIV_CFB128_AES,
    ("aes128", BLUMENTHAL): config.USM_PRIV_CFB128_AES,
    ("aes192", REEDER): config.USM_PRIV_CFB192_AES,
    ("aes256", REEDER): config.USM_PRIV_CFB256_AES,
    ("aes192", BLUMENTHAL): config.USM_PRIV_CFB192_AES_BLUMENTHAL,
    ("aes256", BLUMENTHAL): config.USM_PRIV_CFB256_AES_BLUMENTHAL,
}


class BadUser(ValueError):
    """There can be no such user; the message says what is wrong, `field` where."""

    def __init__(self, field: str, words: str) -> None:
        super().__init__(words)
        self.field = field


@dataclass(frozen=True, kw_only=True)
class V3User:
    """Without `auth` noAuthNoPriv, without `privacy` authNoPriv. `extension` matters for AES-192 and AES-256."""

    name: str
    auth: str = ""
    auth_phrase: str = field(default="", repr=False)
    privacy: str = ""
    privacy_phrase: str = field(default="", repr=False)
    extension: str = REEDER

    def check(self) -> V3User:
        """Raises BadUser."""
        if not 1 <= len(self.name.encode()) <= LONGEST_NAME:
            raise BadUser("name", f"a user name has 1 to {LONGEST_NAME} bytes")
        for what, value, allowed in (
            ("auth", self.auth, ("", *AUTHS)),
            ("privacy", self.privacy, ("", *PRIVACIES)),
            ("extension", self.extension, EXTENSIONS),
        ):
            if value not in allowed:
                raise BadUser(what, f"{value!r} is none of {', '.join(filter(None, allowed))}")
        if self.privacy and not self.auth:
            raise BadUser("privacy", "privacy needs authentication")
        for what, needed, phrase in (
            ("auth_phrase", self.auth, self.auth_phrase),
            ("privacy_phrase", self.privacy, self.privacy_phrase),
        ):
            if needed and len(phrase.encode()) < SHORTEST_PHRASE:
                raise BadUser(what, f"a pass phrase has at least {SHORTEST_PHRASE} characters")
        return self

    def as_pysnmp(self) -> UsmUserData:
        if not self.auth:
            return UsmUserData(self.name)  # noqa: S509 - the printer's choice, not ours
        auth = AUTHS[self.auth]
        if not self.privacy:
            return UsmUserData(self.name, self.auth_phrase.encode(), authProtocol=auth)
        return UsmUserData(
            self.name,
            self.auth_phrase.encode(),
            self.privacy_phrase.encode(),
            authProtocol=auth,
            privProtocol=_CIPHERS[self.privacy, self.extension],
        )
