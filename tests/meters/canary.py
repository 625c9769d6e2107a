"""Finding key values where none may be (K-22): in any dress, in any pile of bytes."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

RAW = 12
"""A window this long can't be there by chance."""
HEX = 24
BASE64 = 14
_HEX_RUN = re.compile(rb"[0-9A-Fa-f]{24,}")
_BETWEEN = re.compile(rb"(?<=[0-9A-Fa-f])[-: .](?=[0-9A-Fa-f]{2})")
_BASE64_RUN = re.compile(rb"[A-Za-z0-9+/_-]{14,}")


@dataclass
class Canaries:
    """Known key values, and the places that were searched."""

    keys: list[bytes]
    searched: dict[str, int] = field(default_factory=dict)
    found: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._raw = {key[:RAW] for key in self.keys}
        self._hex = {key.hex().encode()[:HEX] for key in self.keys}
        self._base64 = {piece for key in self.keys for piece in _cores(key)}

    def search(self, place: str, pile: bytes) -> None:
        """Raw, hexadecimal in either case with or without dashes, base64 at any alignment."""
        self.searched[place] = self.searched.get(place, 0) + len(pile)
        found = {
            "raw": any(pile[n : n + RAW] in self._raw for n in range(len(pile) - RAW + 1)),
            "hex": _any_window(_HEX_RUN.findall(pile), HEX, self._hex),
            "hex with dashes": _any_window(
                _HEX_RUN.findall(_BETWEEN.sub(b"", pile)), HEX, self._hex
            ),
            "base64": self._has_base64(pile),
        }
        self.found += [f"{place}: {how}" for how, is_there in found.items() if is_there]

    def _has_base64(self, pile: bytes) -> bool:
        for run in _BASE64_RUN.findall(pile):
            plain = run.replace(b"-", b"+").replace(b"_", b"/")
            if any(plain[n : n + BASE64] in self._base64 for n in range(len(plain) - BASE64 + 1)):
                return True
        return False


def _cores(key: bytes) -> Iterator[bytes]:
    """The part of the key's base64 that does not depend on its neighbours, at each alignment."""
    for before, skip in ((0, 0), (1, 2), (2, 3)):
        yield base64.b64encode(bytes(before) + key)[skip : skip + BASE64]


def _any_window(runs: Iterable[bytes], size: int, wanted: set[bytes]) -> bool:
    for run in runs:
        lower = run.lower()
        if any(lower[n : n + size] in wanted for n in range(len(lower) - size + 1)):
            return True
    return False
