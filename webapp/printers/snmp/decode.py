"""Reading → what a technician, a mail and a screen need. Never asks the printer, never raises.

The raw reading is kept beside the decoded fields, so that a better profile or a mended rule can be
applied to every reading there ever was.
"""

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from webapp.printers.snmp import counters as pages
from webapp.printers.snmp import supplies as stock
from webapp.printers.snmp.counters import Counters, read_counters
from webapp.printers.snmp.faults import Fault, State, read_faults, read_state
from webapp.printers.snmp.identity import (
    ERROR_STATE,
    SYS_LOCATION,
    SYS_NAME,
    Identity,
    read_identity,
)
from webapp.printers.snmp.profiles import COUNTERS, Profile
from webapp.printers.snmp.raw import Reading
from webapp.printers.snmp.rows import Rows
from webapp.printers.snmp.supplies import Supply, read_supplies

MESSAGES: Final = 4  # [[[OID1]]] to [[[OID4]]]

# Why something is missing, as keys: what the collector or the screen says of each.
NOT_ANSWERED = "not_answered"
EMPTY = "empty"
NOT_USABLE = "not_usable"
NO_SOURCE = "no_source"


@dataclass(frozen=True)
class Missing:
    """`what` is the name of a field, `why` one of the keys above: the printer did not answer, it
    answered nothing, it answered what is none (serial of zeros), no source is known for its maker."""

    what: str
    why: str


@dataclass(frozen=True)
class Decoded:
    """`doubtful` are keys of the self-check: shown beside the figures, never instead of them."""

    identity: Identity
    counters: Counters
    supplies: tuple[Supply, ...]
    state: State
    faults: tuple[Fault, ...]
    missing: tuple[Missing, ...]
    doubtful: tuple[str, ...]

    @property
    def messages(self) -> tuple[str, str, str, str]:
        """The first four faults as texts, empty where there are fewer."""
        texts = [fault.text for fault in self.faults[:MESSAGES]]
        first, second, third, fourth = (*texts, "", "", "", "")[:MESSAGES]
        return first, second, third, fourth

    def as_json(self) -> dict[str, Any]:
        """Plain dictionaries, lists, texts and numbers."""
        return dataclasses.asdict(self) | {"messages": list(self.messages)}


def decode(reading: Reading, *, before: Decoded | None = None) -> Decoded:
    """`before` is the printer's previous reading, for counters that must not fall."""
    rows = Rows(reading)
    identity, profile = read_identity(rows)
    counters = read_counters(rows, profile)
    supplies = read_supplies(rows)
    state = read_state(rows, profile)
    return Decoded(
        identity=identity,
        counters=counters,
        supplies=supplies,
        state=state,
        faults=read_faults(rows, profile, state),
        missing=tuple(_missing(rows, profile, identity, counters, supplies)),
        doubtful=(
            *pages.doubts(counters, before.counters if before else None),
            *stock.doubts(supplies),
        ),
    )


def reading_text(reading: Reading, oid: str) -> str:
    """One reading as text, for a button that maps [[[OID1]]] to another OID. Empty if absent."""
    rows = Rows(reading)
    return rows.sentence(reading.get(oid))


def _missing(
    rows: Rows,
    profile: Profile,
    identity: Identity,
    counters: Counters,
    supplies: tuple[Supply, ...],
) -> Iterator[Missing]:
    if not identity.maker:
        yield Missing("maker", NO_SOURCE if identity.descr or identity.object_id else NOT_ANSWERED)
    if not identity.model:
        yield Missing("model", NOT_ANSWERED)
    if not identity.serial:
        yield Missing("serial", NOT_USABLE if identity.raw_serial else NOT_ANSWERED)
    for what, oid, text in (
        ("name", SYS_NAME, identity.name),
        ("location", SYS_LOCATION, identity.location),
    ):
        if not text:
            yield Missing(what, EMPTY if oid in rows.reading else NOT_ANSWERED)
    for what in COUNTERS:
        if getattr(counters, what) is None:
            yield Missing(what, NOT_ANSWERED if profile.counters.ways(what) else NO_SOURCE)
    if not supplies:
        yield Missing("supplies", NOT_ANSWERED)
    if not rows.has(ERROR_STATE):
        yield Missing("error_state", NOT_ANSWERED)
