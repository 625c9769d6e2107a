"""Envelope encryption of meter keys (K-21).

A *master key* (32 bytes, outside the database, several with ids for rotation) wraps one *data key* for each
organisation by AES key wrap (RFC 3394); a data key seals each value by AES-256-GCM (NIST SP 800-38D) bound to meter,
kind and slot, so that a stored value moved to another row does not open. Ownership changes without a rewrite: the
binding names the meter, not its owner.

    ring = MasterRing.parse(text)                     # MasterError with a sentence
    data_key, wrapped = ring.create()                 # store `wrapped.value` and `wrapped.master_id`
    with ring.open(wrapped) as data_key:              # WrongMasterError
        nonce, sealed = data_key.seal(Binding(meter, kind, slot), value)
        value = data_key.unseal(Binding(meter, kind, slot), nonce, sealed)    # ValueSealedError

Fingerprints find equal keys and nothing else. Their key is a secret of its own, wrapped like a data key, since it has
to stay the same when masters are rotated.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from types import TracebackType
from typing import Final, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap

from webapp.meters.sentences import SpokenError

MASTER_BYTES: Final = 32
DATA_KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12
FINGERPRINT_BYTES: Final = 8
BATCH: Final = 4096
MOST_SAME_BYTES: Final = 8
"""A master key with one byte more often than this is not random (chance below 1 in 10¹²)."""
_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,40}")
_CONTEXT: Final = "outpost/meter-key/v1"


class MasterError(SpokenError):
    """The master keys as configured can't be used."""


class WrongMasterError(SpokenError):
    """The data key was wrapped under a master that is not here, or is another one."""


class ValueSealedError(SpokenError):
    """A stored value does not open: changed, or moved from another row."""


class Wrapped(NamedTuple):
    """A data key as stored."""

    master_id: str
    value: bytes


class Binding(NamedTuple):
    """Whose value it is: public id of the meter, kind, slot."""

    meter: str
    kind: str
    slot: str

    def __bytes__(self) -> bytes:
        return f"{_CONTEXT}\0{self.meter}\0{self.kind}\0{self.slot}".encode()


class DataKey:
    """An open data key. One cipher object serves all values; used as a context manager it is shut at the end.

    The key's bytes are kept by the cipher alone, and go with it: Python's own bytes can't be wiped.
    """

    __slots__ = ("_cipher",)

    def __init__(self, key: bytes) -> None:
        self._cipher: AESGCM | None = AESGCM(key)

    def __repr__(self) -> str:
        return "<DataKey>"

    def __reduce__(self) -> str:
        raise TypeError("a data key is never pickled")

    def __enter__(self) -> DataKey:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._cipher = None

    def seal(self, binding: Binding, value: bytes) -> tuple[bytes, bytes]:
        """Nonce (12 bytes), and ciphertext with tag."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce, self._open_cipher().encrypt(nonce, value, bytes(binding))

    def unseal(self, binding: Binding, nonce: bytes, sealed: bytes) -> bytes:
        try:
            return self._open_cipher().decrypt(nonce, sealed, bytes(binding))
        except (InvalidTag, ValueError) as error:
            raise ValueSealedError("value_sealed") from error

    def seal_many(self, values: Iterable[tuple[Binding, bytes]]) -> Iterator[tuple[bytes, bytes]]:
        """In the order given; random numbers are drawn for many at once."""
        encrypt, source = self._open_cipher().encrypt, iter(values)
        while batch := list(islice(source, BATCH)):
            nonces = os.urandom(NONCE_BYTES * len(batch))
            for place, (binding, value) in enumerate(batch):
                nonce = nonces[place * NONCE_BYTES : (place + 1) * NONCE_BYTES]
                yield nonce, encrypt(nonce, value, bytes(binding))

    def unseal_many(self, values: Iterable[tuple[Binding, bytes, bytes]]) -> Iterator[bytes]:
        """In the order given: binding, nonce, ciphertext. The first that does not open raises."""
        decrypt = self._open_cipher().decrypt
        for binding, nonce, sealed in values:
            try:
                value = decrypt(nonce, sealed, bytes(binding))
            except (InvalidTag, ValueError) as error:
                raise ValueSealedError("value_sealed") from error
            yield value

    def _open_cipher(self) -> AESGCM:
        if self._cipher is None:
            raise RuntimeError("the data key is shut")
        return self._cipher


class Fingerprints:
    """Eight bytes of HMAC-SHA256 (RFC 2104): equal for equal keys, and no way back."""

    __slots__ = ("_start",)

    def __init__(self, key: bytes) -> None:
        self._start = hmac.new(key, b"outpost/meter-key-fingerprint/v1", hashlib.sha256)

    def __repr__(self) -> str:
        return "<Fingerprints>"

    def of(self, value: bytes) -> bytes:
        mac = self._start.copy()
        mac.update(value)
        return mac.digest()[:FINGERPRINT_BYTES]


class MasterRing:
    """The master keys by id. `current` wraps what is new; the others still open what they wrapped."""

    __slots__ = ("_keys", "current")

    def __init__(self, keys: Mapping[str, bytes], current: str) -> None:
        if current not in keys:
            raise MasterError("master_none")
        self._keys = {name: _checked(name, key) for name, key in keys.items()}
        self.current = current

    def __repr__(self) -> str:
        return f"<MasterRing {self.current} of {len(self._keys)}>"

    def __reduce__(self) -> str:
        raise TypeError("master keys are never pickled")

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(self._keys)

    @classmethod
    def parse(cls, text: str) -> MasterRing:
        """One key a line (or between commas): id, space, 64 hexadecimal digits or base64; `#` begins a remark.

        The first is the current one.
        """
        keys: dict[str, bytes] = {}
        for number, line in enumerate(re.split(r"[\n,]", text), 1):
            if not (plain := line.partition("#")[0].strip()):
                continue
            name, key = _line(plain, number)
            if name in keys:
                raise MasterError("master_twice", id=name)
            keys[name] = key
        if not keys:
            raise MasterError("master_none")
        return cls(keys, next(iter(keys)))

    def create(self) -> tuple[DataKey, Wrapped]:
        """A new random data key, open, and as it is to be stored."""
        raw = os.urandom(DATA_KEY_BYTES)
        return DataKey(raw), self._wrap(raw)

    def open(self, wrapped: Wrapped) -> DataKey:
        return DataKey(self._unwrap(wrapped))

    def rewrap(self, wrapped: Wrapped) -> Wrapped:
        """The same data key under the current master (K-21, rotation of the master)."""
        return self._wrap(self._unwrap(wrapped))

    def create_fingerprints(self) -> tuple[Fingerprints, Wrapped]:
        raw = os.urandom(DATA_KEY_BYTES)
        return Fingerprints(raw), self._wrap(raw)

    def open_fingerprints(self, wrapped: Wrapped) -> Fingerprints:
        return Fingerprints(self._unwrap(wrapped))

    def _wrap(self, raw: bytes) -> Wrapped:
        return Wrapped(self.current, wrap(self._keys[self.current], raw))

    def _unwrap(self, wrapped: Wrapped) -> bytes:
        if (master := self._keys.get(wrapped.master_id)) is None:
            raise WrongMasterError("master_unknown", id=wrapped.master_id)
        try:
            return unwrap(master, wrapped.value)
        except InvalidUnwrap as error:
            raise WrongMasterError("master_wrong", id=wrapped.master_id) from error


def wrap(master: bytes, key: bytes) -> bytes:
    """AES key wrap (RFC 3394)."""
    return aes_key_wrap(master, key)


def unwrap(master: bytes, wrapped: bytes) -> bytes:
    """`InvalidUnwrap` if the master is another one, or the bytes were changed."""
    return aes_key_unwrap(master, wrapped)


def reseal(
    old: DataKey, new: DataKey, values: Iterable[tuple[Binding, bytes, bytes]]
) -> Iterator[tuple[bytes, bytes]]:
    """Values of one data key under another, for rotation and for a new owner; binding, nonce, ciphertext in."""
    pairs = list(values)
    opened = old.unseal_many(pairs)
    return new.seal_many((pair[0], value) for pair, value in zip(pairs, opened, strict=True))


def _line(plain: str, number: int) -> tuple[str, bytes]:
    parts = plain.split()
    if len(parts) != 2 or not _ID.fullmatch(parts[0]):
        raise MasterError("master_line", line=number)
    try:
        if len(parts[1]) == 2 * MASTER_BYTES:
            return parts[0], bytes.fromhex(parts[1])
        key = base64.b64decode(parts[1], validate=True)
    except (binascii.Error, ValueError):
        raise MasterError("master_line", line=number) from None
    if len(key) != MASTER_BYTES:
        raise MasterError("master_line", line=number)
    return parts[0], key


def _checked(name: str, key: bytes) -> bytes:
    if len(key) != MASTER_BYTES or max(map(key.count, set(key))) > MOST_SAME_BYTES:
        raise MasterError("master_weak", id=name)
    return key
