"""The envelope of a backup: AES-256-GCM in chunks, whose order and end are authenticated; memory is bounded.

A file is one line `OUTPOST-BACKUP 1`, one line of JSON (the header, readable without the key), then chunks of
1 MiB with a tag of 16 bytes each; the last may be shorter. The key is HKDF-SHA256 (RFC 5869) of `BACKUP_KEY` with
the file's own salt, so that a nonce needs only count: 11 bytes number, 1 byte "this is the last" (the STREAM
construction of Hoang, Reyhanitabar, Rogaway and Vizár). Each chunk also covers the header.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Iterator
from typing import IO, Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

FIRST_LINE = b"OUTPOST-BACKUP 1\n"
LONGEST_HEADER = 4096
CHUNK = 1024 * 1024
TAG = 16


class Unreadable(Exception):
    """The file is not a backup, is damaged, cut off, or made with another key; the message says which."""


class SealedWriter:
    """Write with `write`, end with `close`: without the end the file does not open."""

    def __init__(self, file: IO[bytes], secret: str, header: dict[str, Any]) -> None:
        salt = secrets.token_bytes(32)
        key = _key(secret, salt)
        line = json.dumps({**header, "salt": salt.hex(), "key": _name_of(key)}).encode() + b"\n"
        if len(line) > LONGEST_HEADER:
            raise ValueError("the header of a backup is too long")
        file.write(FIRST_LINE + line)
        self._file, self._cipher, self._line = file, AESGCM(key), line
        self._pending, self._number = bytearray(), 0

    def write(self, data: bytes) -> None:
        self._pending += data
        while (
            len(self._pending) > CHUNK
        ):  # the last chunk is never known to be the last before `close`
            self._seal(bytes(self._pending[:CHUNK]), is_last=False)
            del self._pending[:CHUNK]

    def close(self) -> None:
        self._seal(bytes(self._pending), is_last=True)

    def _seal(self, plain: bytes, *, is_last: bool) -> None:
        nonce = _nonce(self._number, is_last=is_last)
        self._file.write(self._cipher.encrypt(nonce, plain, self._line))
        self._number += 1


def read_header(file: IO[bytes]) -> tuple[dict[str, Any], bytes]:
    """The header, and its line as it stands; the file is left at the first chunk. Raises `Unreadable`."""
    if file.readline(len(FIRST_LINE)) != FIRST_LINE:
        raise Unreadable("This is not a backup of Outpost.")
    line = file.readline(LONGEST_HEADER)
    try:
        header = json.loads(line)
        bytes.fromhex(header["salt"])
        header["key"].encode()
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Unreadable("The backup is damaged: its header can't be read.") from error
    return header, line


def chunks(file: IO[bytes], secret: str) -> Iterator[bytes]:
    """The content, authenticated piece by piece; what was yielded is genuine, but only the end proves all."""
    header, line = read_header(file)
    key = _key(secret, bytes.fromhex(header["salt"]))
    if not hmac.compare_digest(_name_of(key), header["key"]):
        raise Unreadable(
            "The backup was made with another BACKUP_KEY. Set the key that was in force when it was made."
        )
    cipher, number, ahead = AESGCM(key), 0, file.read(CHUNK + TAG)
    while True:
        chunk, ahead = ahead, file.read(CHUNK + TAG)
        yield _opened(cipher, chunk, number, line, is_last=not ahead)
        if not ahead:
            return
        number += 1


def _opened(cipher: AESGCM, chunk: bytes, number: int, line: bytes, *, is_last: bool) -> bytes:
    plain = _tried(cipher, chunk, _nonce(number, is_last=is_last), line)
    if plain is not None:
        return plain
    if is_last and _tried(cipher, chunk, _nonce(number, is_last=False), line) is not None:
        raise Unreadable("The backup is cut off: its end is missing.")
    if not is_last and _tried(cipher, chunk, _nonce(number, is_last=True), line) is not None:
        raise Unreadable("The backup is damaged: something was added after its end.")
    place = len(FIRST_LINE) + len(line) + number * (CHUNK + TAG)
    raise Unreadable(
        f"The backup is damaged or cut off: the piece that begins at byte {place} does not open."
    )


def _tried(cipher: AESGCM, chunk: bytes, nonce: bytes, line: bytes) -> bytes | None:
    try:
        return cipher.decrypt(nonce, chunk, line)
    except (InvalidTag, ValueError):
        return None


def _nonce(number: int, *, is_last: bool) -> bytes:
    return number.to_bytes(11, "big") + (b"\1" if is_last else b"\0")


def _key(secret: str, salt: bytes) -> bytes:
    return HKDF(SHA256(), 32, salt=salt, info=b"outpost/backup/v1").derive(secret.encode())


def _name_of(key: bytes) -> str:
    """Tells a wrong key from a damaged file; says nothing about the key."""
    return hashlib.sha256(b"outpost/backup/name" + key).hexdigest()[:16]
