"""Serial numbers as printed: `[A-Z0-9-]{1,32}`, from one field or a pasted list."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from webapp.meters.sentences import Sentence, SpokenError

LONGEST: Final = 32
_PLAIN: Final = re.compile(r"[A-Za-z0-9-]{1,32}")
_BETWEEN: Final = re.compile(r"[,;\s]+")
_DASHES: Final = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-"))
_QUOTES: Final = "\"'\u201c\u201d\u201e\ufeff"


class SerialError(SpokenError):
    """The text is no serial number."""


@dataclass(frozen=True, slots=True)
class SerialFault:
    line: int
    sentence: Sentence


@dataclass(slots=True)
class SerialList:
    """What a pasted list holds: each serial once in its order, those there twice, and what is none."""

    serials: list[str] = field(default_factory=list)
    duplicates: list[str] = field(default_factory=list)
    faults: list[SerialFault] = field(default_factory=list)


def normalise(text: str, *, single: bool = False) -> str:
    """Upper case without surrounding spaces; inner spaces go only where the field holds one serial."""
    if _PLAIN.fullmatch(text):
        return text.upper()
    plain = text.translate(_DASHES).strip().strip(_QUOTES).strip()
    plain = "".join(plain.split()) if single else plain
    if _PLAIN.fullmatch(plain):
        return plain.upper()
    if not plain:
        raise SerialError("serial_empty")
    if len(plain) > LONGEST:
        raise SerialError("serial_long", serial=plain[:LONGEST] + "…")
    raise SerialError("serial_characters", serial=_visible(plain))


def split(text: str) -> Iterator[tuple[int, str]]:
    """Line number and raw piece of each, separated by commas, semicolons, white space or lines."""
    for number, line in enumerate(text.splitlines(), 1):
        for piece in _BETWEEN.split(line):
            if piece.strip(_QUOTES):
                yield number, piece


def read_list(text: str) -> SerialList:
    """A pasted list, read."""
    return collect(split(text))


def collect(pieces: Iterator[tuple[int, str]]) -> SerialList:
    """Line numbers and raw serials, checked."""
    found, seen, twice = SerialList(), set[str](), set[str]()
    for number, piece in pieces:
        try:
            serial = normalise(piece)
        except SerialError as error:
            found.faults.append(SerialFault(number, error.sentence))
            continue
        if serial not in seen:
            seen.add(serial)
            found.serials.append(serial)
        elif serial not in twice:
            twice.add(serial)
            found.duplicates.append(serial)
    return found


def _visible(text: str) -> str:
    return "".join(c if c.isprintable() else "\ufffd" for c in text)
