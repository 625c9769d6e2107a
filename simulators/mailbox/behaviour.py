"""How the server treats a mail: well, or in one of the ways that real servers treat mail badly."""

import threading
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Any

MAX_SECONDS = 3_600.0


class BadBehaviourError(ValueError):
    """What was asked for is no behaviour; the message says why."""


class Mode(StrEnum):
    ACCEPT = "accept"
    TEMPORARY = "temporary"
    PERMANENT = "permanent"
    SLOW = "slow"
    CUT = "cut"
    HANG = "hang"


class Stage(StrEnum):
    """Where in a mail's way: at RCPT; after DATA's last dot; when the mail is kept but not yet
    answered with 250; after the 250."""

    RCPT = "rcpt"
    DATA = "data"
    KEPT = "kept"
    DONE = "done"


_STAGES = {
    Mode.ACCEPT: (Stage.DATA,),
    Mode.TEMPORARY: (Stage.RCPT, Stage.DATA),
    Mode.PERMANENT: (Stage.RCPT, Stage.DATA),
    Mode.SLOW: (Stage.DATA, Stage.RCPT, Stage.KEPT),
    Mode.CUT: (Stage.DATA, Stage.RCPT, Stage.KEPT, Stage.DONE),
    Mode.HANG: (Stage.DATA, Stage.RCPT, Stage.KEPT),
}


@dataclass(frozen=True, kw_only=True)
class Behaviour:
    """`stage` None: the usual one of the mode. `count`: for so many mails only. `to`: recipients
    that match this pattern only. `seconds`: how long slow waits, and hang (0: until the client gives up)."""

    mode: Mode = Mode.ACCEPT
    stage: Stage | None = None
    seconds: float = 0.0
    count: int | None = None
    to: str | None = None

    @property
    def at(self) -> Stage:
        return self.stage or _STAGES[self.mode][0]

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"stage": self.at}

    @classmethod
    def from_json(cls, body: object) -> "Behaviour":
        """Raises BadBehaviourError."""
        if not isinstance(body, dict):
            raise BadBehaviourError('send a JSON object such as {"mode": "temporary"}')
        unknown = set(body) - {field.name for field in fields(cls)}
        if unknown:
            raise BadBehaviourError(f"unknown: {', '.join(sorted(map(str, unknown)))}")
        mode = _choice(Mode, body.get("mode", Mode.ACCEPT), "mode")
        stage = body.get("stage")
        return cls(
            mode=mode,
            stage=None if stage in (None, "") else _stage(mode, stage),
            seconds=_number(body.get("seconds") or 0, "seconds", MAX_SECONDS),
            count=_count(body.get("count")),
            to=_pattern(body.get("to")),
        )


class Conduct:
    """The behaviour of the moment, and how often it is still due. For several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._now = Behaviour()

    @property
    def now(self) -> Behaviour:
        return self._now

    def become(self, behaviour: Behaviour) -> None:
        with self._lock:
            self._now = behaviour

    def due(self, stage: Stage, recipients: Sequence[str]) -> Behaviour | None:
        """The misbehaviour that falls due here; counts it."""
        with self._lock:
            now = self._now
            if now.mode is Mode.ACCEPT or now.at is not stage or not _concerns(now.to, recipients):
                return None
            if now.count is not None:
                left = now.count - 1
                self._now = replace(now, count=left) if left else Behaviour()
            return now


def _concerns(pattern: str | None, recipients: Sequence[str]) -> bool:
    return pattern is None or any(
        fnmatchcase(address.lower(), pattern.lower()) for address in recipients
    )


def _choice(kind: type[Mode] | type[Stage], word: object, name: str) -> Any:
    try:
        return kind(str(word))
    except ValueError:
        raise BadBehaviourError(f"{name} is one of {', '.join(kind)}") from None


def _stage(mode: Mode, word: object) -> Stage:
    stage: Stage = _choice(Stage, word, "stage")
    if stage not in _STAGES[mode]:
        raise BadBehaviourError(f"{mode} can happen at {', '.join(_STAGES[mode])}")
    return stage


def _number(value: object, name: str, top: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= top:
        raise BadBehaviourError(f"{name} is a number from 0 to {top:g}")
    return float(value)


def _count(value: object) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 1_000_000:
        raise BadBehaviourError("count is a whole number from 1, or null for always")
    return value


def _pattern(value: object) -> str | None:
    if value is None or value == "":
        return None
    if not isinstance(value, str) or len(value) > 254:
        raise BadBehaviourError("to is a pattern of addresses such as *@acme.example")
    return value
