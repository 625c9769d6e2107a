"""The asking side of the poll: on the SNMP loop, without a database. Outcomes come as they come."""

from __future__ import annotations

import asyncio
import queue
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import structlog

from webapp.printers.snmp.collect import Collected, Limits, collect_from
from webapp.printers.snmp.quick import Look, fingerprint, look
from webapp.printers.snmp.sessions import Target
from webapp.printers.snmp.wire import Field

log = structlog.get_logger(__name__)

FULL_LANES: Final = (
    48  # full readings at a time; beyond the living, the silent wait in the request's own lane
)
QUICK_LANES: Final = 1000


@dataclass(frozen=True)
class Question:
    """One printer to ask: a quick look where `quick` names OIDs, else everything."""

    poll_id: int
    target: Target
    quick: Mapping[str, str]
    fingerprint: str
    in_full: bool


@dataclass(frozen=True)
class Outcome:
    """`full` is there when everything was asked; `defect` when the reader itself failed."""

    poll_id: int
    look: Look | None = None
    full: Collected | None = None
    defect: str = ""


Outcomes = queue.SimpleQueue[Outcome]


async def ask_all(wire: Field, questions: Sequence[Question], outcomes: Outcomes) -> None:
    """Puts one outcome for each question, in the order in which they end."""
    full_lanes = asyncio.Semaphore(FULL_LANES)

    async def one(question: Question) -> None:
        try:
            outcome = await _ask(wire, question, full_lanes)
        except Exception as error:
            log.exception("poll_failed", host=question.target.host)
            outcome = Outcome(question.poll_id, defect=type(error).__name__)
        outcomes.put(outcome)

    await asyncio.gather(*map(one, questions))


def hurried(target: Target) -> Target:
    """For a printer that was silent the last time: no second try."""
    return replace(target, retries=0)


async def _ask(wire: Field, question: Question, full_lanes: asyncio.Semaphore) -> Outcome:
    """A quick look first, also where all is due: a silent printer is found out without a lane for full readings."""
    seen = await look(wire, question.target, list(question.quick)) if question.quick else None
    if seen is not None and seen.error:
        return Outcome(question.poll_id, seen)
    if seen is not None and not question.in_full and _is_as_before(seen, question):
        return Outcome(question.poll_id, seen)
    async with full_lanes:
        full = await collect_from(wire, question.target, Limits())
    return Outcome(question.poll_id, seen, full)


def _is_as_before(seen: Look, question: Question) -> bool:
    return fingerprint(seen.reading, question.quick) == question.fingerprint
