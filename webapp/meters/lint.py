"""Weak keys (K-6): what a look at the value tells, and what a look at the others tells.

Each rule is narrow enough that a random key does not meet it by chance: the likeliest (8 bytes, all of them digits or
letters of one case) once in three million, for 16 bytes once in fifty million.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from itertools import pairwise
from typing import Final

from flask_babel import lazy_gettext as _l


class Finding(StrEnum):
    ZERO = "zero"
    REPEATED = "repeated"
    PRINTABLE = "printable"
    COUNTING = "counting"
    DERIVED = "derived"
    SHARED = "shared"
    REVERSED = "reversed"


LABELS: Final = {
    Finding.ZERO: _l("All zero"),
    Finding.REPEATED: _l("The same bytes again and again"),
    Finding.PRINTABLE: _l("Printable text"),
    Finding.COUNTING: _l("Counting up or down"),
    Finding.DERIVED: _l("Made from the serial number, an address or a date"),
    Finding.SHARED: _l("The same key on several devices"),
    Finding.REVERSED: _l("Another key of the stock with its bytes in reverse"),
}
MOST_SHORT: Final = 8
"""Up to this many bytes (DES) printable text alone is too likely by chance."""
LEAST_DIGITS: Final = 8
LEAST_TEXT: Final = 4
LEAST_RUN: Final = 6
NIBBLE_RUN: Final = 16
_TEXT: Final = re.compile(rb"[\x20-\x7e]+")
_SIGNS: Final = re.compile(rb"[A-Za-z0-9]")
_ONE_CASE: Final = re.compile(rb"[a-z0-9]+|[A-Z0-9]+")
_MOMENT: Final = re.compile(
    r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:\d{4}|\d{6})?"
)
_NOT_HEX: Final = re.compile(r"[^0-9a-f]")
_UP: Final = "0123456789abcdef" * 3
_DECIMAL: Final = "0123456789" * 5
_RUNS: Final = tuple(
    row[start : start + NIBBLE_RUN]
    for base, size in ((_UP, 16), (_DECIMAL, 10))
    for row in (base, base[::-1])
    for start in range(size)
)
_PAIRS: Final = frozenset(
    run[place : place + 2] for run in _RUNS for place in range(NIBBLE_RUN - 1)
)
"""Every run has one of these at a place 7, 15, 23 …: a quick no for nearly all keys."""


def examine(
    value: bytes, identifiers: Iterable[str] = (), *, made: date | None = None
) -> set[Finding]:
    """What is weak about the value itself. `identifiers`: serial number, DevEUI, JoinEUI, M-Bus number …"""
    if not any(value):
        return {Finding.ZERO}
    found = set[Finding]()
    if _repeats(value):
        found.add(Finding.REPEATED)
    elif _counts(value):
        found.add(Finding.COUNTING)
    if _is_text(value):
        found.add(Finding.PRINTABLE)
    if _derived(value, identifiers, made):
        found.add(Finding.DERIVED)
    return found


@dataclass(slots=True)
class Stock:
    """Keys of a batch, by fingerprint: who shares one, and who has another's in reverse. Holds no key.

    Devices and fingerprints in, findings out, for both sides of each pair. One device may well have a key twice
    (initial and operating): that is no finding.
    """

    owners: dict[bytes, str] = field(default_factory=dict)
    backwards: dict[bytes, str] = field(default_factory=dict)

    def add(
        self, device: str, fingerprint: bytes, backward: bytes
    ) -> Iterator[tuple[str, Finding]]:
        """`backward`: the fingerprint of the value with its bytes in reverse."""
        first = self.owners.setdefault(fingerprint, device)
        if first != device:
            yield first, Finding.SHARED
            yield device, Finding.SHARED
        if backward != fingerprint:
            mirrored = self.backwards.get(fingerprint)
            if mirrored is not None and mirrored != device:
                yield mirrored, Finding.REVERSED
                yield device, Finding.REVERSED
            self.backwards.setdefault(backward, device)


def _repeats(value: bytes) -> bool:
    """One byte, or a shorter piece, again and again. Two-key 3DES (first and third part equal) is not meant."""
    size = len(value)  # whatever repeats in shorter pieces repeats in halves or thirds as well
    halves = size % 2 == 0 and value[: size // 2] == value[size // 2 :]
    return halves or (size % 3 == 0 and value[: size // 3] * 3 == value)


def _counts(value: bytes) -> bool:
    """Half of the bytes (at least six) in equal steps, or sixteen hexadecimal digits in a row."""
    needed = max(LEAST_RUN, len(value) // 2)
    steps = [(after - before) & 0xFF for before, after in pairwise(value)]
    if len(set(steps)) <= len(steps) - needed + 2 and _runs(steps, needed):
        return True
    digits = value.hex()
    near = any(digits[place : place + 2] in _PAIRS for place in range(7, len(digits) - 1, 8))
    return near and any(piece in digits for piece in _RUNS)


def _runs(steps: list[int], needed: int) -> bool:
    run = 1
    for before, step in zip([None, *steps], steps, strict=False):
        run = run + 1 if step == before and step else 2 if step else 1
        if run >= needed:
            return True
    return False


def _is_text(value: bytes) -> bool:
    """All printable, and hardly anything but letters and digits; more than that is chance."""
    if len(value) <= MOST_SHORT:
        return bool(_ONE_CASE.fullmatch(value))
    if not _TEXT.fullmatch(value):
        return False
    return len(_SIGNS.sub(b"", value)) <= 3 * len(value) // 16


def _derived(value: bytes, identifiers: Iterable[str], made: date | None) -> bool:
    digits, backwards = value.hex(), value[::-1].hex()
    if _MOMENT.fullmatch(digits.strip("0f")) or _MOMENT.fullmatch(digits.rstrip("0f")):
        return True
    if made and f"{made:%Y%m%d}" in digits:
        return True
    return any(_from(value, digits, backwards, text) for text in set(identifiers) if text)


def _from(value: bytes, digits: str, backwards: str, identifier: str) -> bool:
    text = identifier.strip()
    if len(text) >= LEAST_TEXT and text.upper().encode() in value.upper():
        return True
    plain = _NOT_HEX.sub("", text.lower())
    if len(plain) >= LEAST_DIGITS and (plain in digits or plain in backwards):
        return True
    if len(plain) >= LEAST_TEXT and plain.strip("0") and digits.strip("0") == plain.strip("0"):
        return True
    return value in _hashes(text, plain, len(value))


def _hashes(text: str, plain: str, size: int) -> set[bytes]:
    """The beginnings of common hashes of an identifier in its likely spellings."""
    spellings = {text.encode(), text.upper().encode(), text.lower().encode()}
    if plain and len(plain) % 2 == 0:
        spellings.add(bytes.fromhex(plain))
    return {
        hashed(spelling).digest()[:size]
        for spelling in spellings
        for hashed in (_md5, hashlib.sha1, hashlib.sha256)
    }


def _md5(data: bytes) -> hashlib._Hash:
    return hashlib.md5(data, usedforsecurity=False)
