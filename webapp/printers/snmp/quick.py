"""The quick look at a printer: one GET of at most ten OIDs, which the last full reading chose.

As long as the states say what they said then, nothing else has to be asked.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from webapp.printers.snmp.decode import Decoded
from webapp.printers.snmp.identity import DEVICE_STATUS, ERROR_STATE, SERIAL
from webapp.printers.snmp.raw import RawValue, Reading, to_wire
from webapp.printers.snmp.rows import Rows
from webapp.printers.snmp.sessions import (
    NO_SUCH_NAME,
    TOO_BIG,
    Session,
    Target,
    UnknownHost,
    open_session,
)
from webapp.printers.snmp.wire import Field

MOST_OIDS: Final = 10
COUNTERS: Final = ("total", "black", "colour", "large")
STATES: Final = {
    "serial": SERIAL,
    "device_status": DEVICE_STATUS,
    "error_state": ERROR_STATE,
}
UNKNOWN_HOST: Final = "unknown_host"


@dataclass(frozen=True)
class Look:
    """What a quick GET gave; `error` says why nothing."""

    reading: dict[str, RawValue] = field(default_factory=dict)
    error: str = ""


def chosen(reading: Reading, decoded: Decoded) -> dict[str, str]:
    """OID to what it is: the states by the rows there are, and counters that are one object each."""
    rows = Rows(reading)
    oids: dict[str, str] = {}
    for name, column in STATES.items():
        for index in list(rows.column(column))[:2]:
            oids[f"{column}.{'.'.join(map(str, index))}"] = name
    for name in COUNTERS:
        counter = getattr(decoded.counters, name)
        if counter is not None and len(counter.oids) == 1 and _is_number(reading, counter.oid):
            oids.setdefault(counter.oid, name)
    return dict(list(oids.items())[:MOST_OIDS])


def fingerprint(reading: Reading, quick: Mapping[str, str]) -> str:
    """Of the states alone: counters go on while a printer stays as it is, and so does hrPrinterStatus, which tells
    printing from idle."""
    states = {oid: raw for oid, raw in reading.items() if quick.get(oid) in STATES}
    return hashlib.sha256(json.dumps(to_wire(states), sort_keys=True).encode()).hexdigest()[:32]


def counts(reading: Reading, quick: Mapping[str, str]) -> dict[str, int]:
    """The counters that the quick GET holds."""
    return {
        quick[oid]: number
        for oid, raw in reading.items()
        if quick.get(oid) in COUNTERS and (number := raw.number) is not None and number >= 0
    }


async def look(wire: Field, target: Target, oids: list[str]) -> Look:
    """One GET; single ones where v1 does not know one of them, or all are too much at once."""
    deadline = asyncio.get_running_loop().time() + 30
    try:
        talk = await open_session(wire, target, target.first_version, deadline)
    except UnknownHost:
        return Look(error=UNKNOWN_HOST)
    answer = await talk.get(oids)
    if answer.error in (NO_SUCH_NAME, TOO_BIG):
        return await _singly(talk, oids)
    return Look(dict(answer.values(oids)), answer.error)


async def _singly(talk: Session, oids: list[str]) -> Look:
    reading: dict[str, RawValue] = {}
    for oid in oids:
        answer = await talk.get((oid,))
        if answer.error and answer.error != NO_SUCH_NAME:
            return Look(reading, answer.error)
        reading.update(answer.values((oid,)))
    return Look(reading)


def _is_number(reading: Reading, oid: str) -> bool:
    """Some counters are part of an octet string: those are read with everything."""
    return oid in reading and reading[oid].number is not None
