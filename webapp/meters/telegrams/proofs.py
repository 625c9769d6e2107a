"""What comes of a telegram and a key."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from webapp.meters.sentences import Sentence, SpokenError
from webapp.meters.telegrams.records import Record


class TelegramError(SpokenError):
    """What was pasted is no telegram that can be read."""


class Verdict(StrEnum):
    OPENS = "opens"
    WRONG_KEY = "wrong_key"
    NOT_ENCRYPTED = "not_encrypted"
    UNSUPPORTED = "unsupported"


@dataclass(frozen=True, slots=True)
class Proof:
    """`reason` is the verdict in words; `notes` say what of the readings is missing; `plain` is what was decoded."""

    verdict: Verdict
    reason: Sentence
    records: tuple[Record, ...] = ()
    notes: tuple[Sentence, ...] = ()
    plain: bytes = field(default=b"", repr=False)

    @property
    def opens(self) -> bool:
        return self.verdict is Verdict.OPENS


def verdict(kind: Verdict, code: str, **params: str | int) -> Proof:
    return Proof(kind, Sentence(code, params))
