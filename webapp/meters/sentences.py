"""What the pure parts of this trade tell people: a code with parameters, put into words when somebody reads it.

A report of an import is kept for days and read in seven languages, so a fault is stored as code and parameters
(`as_json`) and becomes a sentence in the reader's language. Parameters never hold key material.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from webapp.meters.wording import files, keys, telegrams

SENTENCES: Final[Mapping[str, Any]] = {
    **keys.SENTENCES,
    **telegrams.SENTENCES,
    **files.SENTENCES,
}


@dataclass(frozen=True, slots=True)
class Sentence:
    """`str()` gives the words in the present language."""

    code: str
    params: Mapping[str, str | int] = field(default_factory=dict)

    def __str__(self) -> str:
        return str(SENTENCES[self.code]) % self.params

    def as_json(self) -> list[Any]:
        return [self.code, dict(self.params)]

    @classmethod
    def from_json(cls, stored: list[Any]) -> Sentence:
        code, params = stored
        return cls(str(code), dict(params))


class SpokenError(ValueError):
    """An error that says what is wrong and what to do; `sentence` can be stored."""

    def __init__(self, code: str, **params: str | int) -> None:
        self.sentence = Sentence(code, params)
        super().__init__(code)

    def __str__(self) -> str:
        return str(self.sentence)
