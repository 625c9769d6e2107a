"""Asks a printer over SNMP v1, v2c or v3 and brings home what it gave, however little that is.

Printers answer half, late, garbled, in circles or not at all. Nothing of that raises: the reading
holds what came, the gaps say what did not and why, and a total time ends every talk.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from webapp.printers.snmp.identity import SYS_DESCR, SYS_OBJECT_ID
from webapp.printers.snmp.profiles import (
    Profile,
    find_profile,
    is_polled,
    profiles_of_enterprise,
)
from webapp.printers.snmp.raw import MAX_ENTRIES, RawValue
from webapp.printers.snmp.rows import Rows
from webapp.printers.snmp.sessions import (
    END,
    LATE,
    NO_SUCH_NAME,
    SHUT_OUT,
    SILENT,
    UNREADABLE,
    Answer,
    Session,
    Target,
    UnknownHost,
    open_session,
)
from webapp.printers.snmp.wire import Field, run

# One GET of ten: who it is and how it is, before any table.
FIRST_GET: Final = (
    SYS_OBJECT_ID,
    SYS_DESCR,
    "1.3.6.1.2.1.43.5.1.1.17.1",  # serial
    "1.3.6.1.2.1.43.10.2.1.4.1.1",  # life count
    "1.3.6.1.2.1.25.3.2.1.5.1",  # hrDeviceStatus
    "1.3.6.1.2.1.25.3.5.1.1.1",  # hrPrinterStatus
    "1.3.6.1.2.1.25.3.5.1.2.1",  # hrPrinterDetectedErrorState
    "1.3.6.1.2.1.25.3.2.1.3.1",  # hrDeviceDescr
    "1.3.6.1.2.1.1.5.0",  # sysName
    "1.3.6.1.2.1.1.6.0",  # sysLocation
)
# What a technician needs first stands first: a slow printer is cut off at the end of the list.
FIRST_SUBTREES: Final = (
    "1.3.6.1.2.1.1",
    "1.3.6.1.2.1.25.3.2",
    "1.3.6.1.2.1.25.3.5",
    "1.3.6.1.2.1.43.5",  # serial, name
    "1.3.6.1.2.1.43.10",  # markers
    "1.3.6.1.2.1.43.11",  # supplies
    "1.3.6.1.2.1.43.18",  # alerts
)
LAST_SUBTREES: Final = (
    "1.3.6.1.2.1.43.12",  # colorants
    "1.3.6.1.2.1.43.16",  # console
    "1.3.6.1.2.1.43.7",  # character sets
    "1.3.6.1.2.1.43.6",  # covers
    "1.3.6.1.2.1.43.8",  # input trays
    "1.3.6.1.2.1.43.9",  # output trays
)
REPETITIONS: Final = 20
ENTERPRISES: Final = "1.3.6.1.4.1"
MAX_ENTERPRISES: Final = 12
SILENCES: Final = 2  # subtrees in a row without any answer: the printer has gone

# Further reasons of a gap, beside those of a session.
LOOP, ENDLESS, NOT_ASKED, NOT_POLLED = "loop", "endless", "not_asked", "not_polled"
UNKNOWN_HOST, NOTHING = "unknown_host", "nothing"


@dataclass(frozen=True)
class Limits:
    total_seconds: float = 45.0
    entries: int = MAX_ENTRIES
    rows_per_subtree: int = 1_500


@dataclass(frozen=True)
class Gap:
    """A subtree (or single OID) that is missing or not whole, and why."""

    subtree: str
    why: str


@dataclass(frozen=True)
class Collected:
    target: Target
    reading: dict[str, RawValue]
    gaps: tuple[Gap, ...]
    version: str
    seconds: float

    @property
    def has_answered(self) -> bool:
        return bool(self.reading)


@dataclass
class _Talk:
    """One printer being asked."""

    session: Session
    limits: Limits
    reading: dict[str, RawValue] = field(default_factory=dict)
    gaps: list[Gap] = field(default_factory=list)
    uses_bulk: bool = False

    @property
    def is_hopeless(self) -> bool:
        """Nothing came, for a reason that holds for all further questions as well."""
        return not self.reading and any(gap.subtree == "" for gap in self.gaps)


def collect(target: Target, limits: Limits | None = None) -> Collected:
    return collect_all([target], limits)[0]


def collect_all(targets: Sequence[Target], limits: Limits | None = None) -> list[Collected]:
    """All at once, in the order given. Callable from any thread, also after a fork."""

    async def together(wire: Field) -> list[Collected]:
        return await asyncio.gather(
            *(collect_from(wire, one, limits or Limits()) for one in targets)
        )

    return run(together)


async def collect_from(wire: Field, target: Target, limits: Limits) -> Collected:
    """One printer, on the loop."""
    started = time.monotonic()
    try:
        talk = await _greet(wire, target, limits)
    except UnknownHost:
        return Collected(target, {}, (Gap("", UNKNOWN_HOST),), "", time.monotonic() - started)
    if not talk.is_hopeless:
        await _read_tables(talk)
    if not (talk.reading or talk.gaps):
        talk.gaps.append(Gap("", NOTHING))
    seconds = time.monotonic() - started
    return Collected(target, talk.reading, tuple(talk.gaps), talk.session.version, seconds)


async def _greet(wire: Field, target: Target, limits: Limits) -> _Talk:
    """The first GET, in v2c unless v1 is asked for; then whatever else may make it speak."""
    deadline = asyncio.get_running_loop().time() + limits.total_seconds
    session = await open_session(wire, target, target.first_version, deadline)
    talk = _Talk(session, limits)
    answer = await talk.session.get(FIRST_GET)
    if not answer.error:
        talk.reading.update(answer.values(FIRST_GET))
        return talk
    if answer.error in SHUT_OUT:
        talk.gaps.append(Gap("", answer.error))
        return talk
    if answer.error in (SILENT, LATE):
        found = await _probe(wire, target, talk, deadline)
        if found is None:
            talk.gaps.append(Gap("", answer.error))
            return talk
        talk.session = found
    await _get_singly(talk)
    return talk


async def _probe(wire: Field, target: Target, talk: _Talk, deadline: float) -> Session | None:
    """A printer silent to ten OIDs may answer one, or only v1; or it is another one than before."""
    sessions = [talk.session]
    if target.user and wire.start_anew(target.user, talk.session.peer):
        sessions = [await open_session(wire, target, "3", deadline)]
    if target.may_be_v1:
        sessions.insert(0, await open_session(wire, target, "1", deadline))
    for session in sessions:
        answer = await session.get((SYS_OBJECT_ID,))
        if answer.error not in (SILENT, LATE):
            return session
    return None


async def _get_singly(talk: _Talk) -> None:
    """v1 refuses a whole GET for one unknown OID; a small printer may find ten too big."""
    for oid in FIRST_GET:
        answer = await talk.session.get((oid,))
        if answer.error in (SILENT, LATE):
            talk.gaps.append(Gap(oid if talk.reading else "", answer.error))
            return
        talk.reading.update(answer.values((oid,)))


async def _read_tables(talk: _Talk) -> None:
    profile = _profile(talk.reading)
    rows = Rows(talk.reading)
    if not is_polled(profile, rows.sentence(talk.reading.get(SYS_DESCR))):
        talk.gaps.append(Gap("", NOT_POLLED))
        return
    makers = [profile] if profile.maker else await _makers_by_trees(talk)
    talk.uses_bulk = talk.session.version != "1" and all(maker.gather.bulk for maker in makers)
    silences = 0
    private = [subtree for maker in makers for subtree in maker.gather.subtrees]
    subtrees = list(dict.fromkeys((*FIRST_SUBTREES, *private, *LAST_SUBTREES)))
    for position, subtree in enumerate(subtrees):
        why = await _walk(talk, subtree)
        silences = silences + 1 if why == SILENT else 0
        if why:
            talk.gaps.append(Gap(subtree, why))
        if silences == SILENCES or why == LATE or len(talk.reading) >= talk.limits.entries:
            talk.gaps.extend(Gap(rest, NOT_ASKED) for rest in subtrees[position + 1 :])
            return


async def _makers_by_trees(talk: _Talk) -> list[Profile]:
    """The makers whose private trees it has, for a printer that does not say who made it: from one
    enterprise's number to the next, reading nothing in between."""
    found: list[Profile] = []
    last = (*_arcs(ENTERPRISES), 0)
    for _ in range(MAX_ENTERPRISES):
        answer = await talk.session.get_next(".".join(map(str, last)))
        following = [arcs for arcs, _oid, raw in answer.rows() if raw.kind != END and arcs > last]
        if not following or following[0][:6] != last[:6] or len(following[0]) < 8:
            break
        found += profiles_of_enterprise(following[0][6])
        last = (*last[:6], following[0][6] + 1)
    return found


async def _walk(talk: _Talk, subtree: str) -> str:
    """Reads a subtree to its end; the reason if the end was not reached."""
    root = _arcs(subtree)
    last, count = root, 0
    while True:
        answer = await _ask_further(talk, last)
        if answer.error and talk.uses_bulk and answer.error != LATE:
            talk.uses_bulk = False
            continue
        if answer.error:
            return "" if answer.error == NO_SUCH_NAME else answer.error
        for arcs, oid, raw in answer.rows():
            if raw.kind == END:
                return ""
            why = _wrong_place(arcs, last, root)
            if why is not None:
                return why
            last, count = arcs, count + 1
            if count > talk.limits.rows_per_subtree or len(talk.reading) >= talk.limits.entries:
                return ENDLESS
            if raw.kind != UNREADABLE:
                talk.reading[oid] = raw
        if not answer.varbinds:
            return ""


def _wrong_place(arcs: tuple[int, ...], last: tuple[int, ...], root: tuple[int, ...]) -> str | None:
    """Not behind the last object: a loop. Behind the subtree: its end, which is no fault."""
    if arcs <= last:
        return LOOP
    return "" if arcs[: len(root)] != root else None


async def _ask_further(talk: _Talk, last: tuple[int, ...]) -> Answer:
    oid = ".".join(map(str, last))
    if talk.uses_bulk:
        return await talk.session.get_bulk(oid, REPETITIONS)
    return await talk.session.get_next(oid)


def _profile(reading: dict[str, RawValue]) -> Profile:
    rows = Rows(reading)
    object_id = reading.get(SYS_OBJECT_ID)
    model = rows.label(reading.get(FIRST_GET[7]))
    text = str(object_id.value) if object_id and object_id.kind == "oid" else ""
    return find_profile(text, rows.sentence(reading.get(SYS_DESCR)), other=model)[1]


def _arcs(oid: str) -> tuple[int, ...]:
    return tuple(map(int, oid.split(".")))
