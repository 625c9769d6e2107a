"""What an agent sends becomes readings of printers, or sightings of printers that nobody has added yet."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from webapp.core.db import db, new_public_id
from webapp.core.errors import Problem
from webapp.devices.models import DeviceState
from webapp.printers.agents.messages import AgentLook, AgentReading, Batch, NotTaken, Taken
from webapp.printers.agents.models import PrinterAgent, PrinterSighting
from webapp.printers.agents.services import heard
from webapp.printers.conditions import observe_silence
from webapp.printers.facts import canonical_address, merge, pack, parse_reading
from webapp.printers.history import faults
from webapp.printers.messages import LaunchFacts
from webapp.printers.models import PolledBy, Printer, PrinterReading
from webapp.printers.readings import Sent, keep_late, keep_reading, mark_seen, set_state

OLDEST: Final = timedelta(days=60)
NEWS: Final = timedelta(hours=1)
"""Readings that waited longer on the agent's disk alarm nobody."""
SILENCES_TO_BE_OFFLINE: Final = 2
SILENT: Final = ("silent", "late", "unknown_host")


def take_in(batch: Batch, agent: PrinterAgent, *, now: datetime) -> Taken:
    """In the transaction that is open, with the agent's row held. The agent's clock may be wrong: what counts is how
    long before sending something was measured."""
    off = now - batch.sent_at
    agent.program = f"{batch.app.name} {batch.app.version}".strip()
    agent.networks = list(batch.networks)
    agent.queued, agent.dropped = batch.queued, batch.dropped
    agent.clock_off_seconds = -round(off.total_seconds())
    heard(agent, now=now)
    answer = _take_readings(batch, agent, now)
    for look in batch.looks:
        _take_look(look, agent, now)
    return answer


def _take_readings(batch: Batch, agent: PrinterAgent, now: datetime) -> Taken:
    answer = Taken(accepted=0, known=0, unknown=0, refused=[])
    here = _here_already(batch.readings)
    for sent in sorted(batch.readings, key=lambda r: r.measured_at):
        reading_id = str(sent.reading_id)
        if reading_id in here:
            answer.known += 1
            continue
        here.add(reading_id)
        at = now - min(max(batch.sent_at - sent.measured_at, timedelta()), OLDEST)
        try:
            if _take(sent, agent, at, now):
                answer.accepted += 1
            else:
                answer.unknown += 1
        except Problem as problem:
            answer.refused.append(
                NotTaken(reading_id, problem.problem_code, str(problem.description))
            )
    return answer


def _here_already(readings: Sequence[AgentReading]) -> set[str]:
    ids = [str(r.reading_id) for r in readings]
    found = db.session.scalars(
        select(PrinterReading.reading_id).where(PrinterReading.reading_id.in_(ids))
    )
    return {reading_id for reading_id in found if reading_id}


def _take(sent: AgentReading, agent: PrinterAgent, at: datetime, now: datetime) -> bool:
    """Whether it is of a printer that somebody has added. Raises `Problem` where it is no reading."""
    reading = parse_reading(sent.reading)
    known = merge(LaunchFacts(ip=sent.address), reading)
    known["gaps"] = [list(gap) for gap in sent.gaps]
    raw = pack(reading)
    printer = _printer_of(known["maker"], known["serial"], known["ip"], agent)
    if printer is None:
        _sight(known, raw, agent, at)
        return False
    _assign(printer, agent)
    name = Sent(str(sent.reading_id), sent.measured_at)
    if at < (_newest(printer) or at):
        keep_late(printer, known, raw, at=at, sent=name)
        return True
    printer.maker = printer.maker or known["maker"]
    keep_reading(printer, known, raw, source="agent", now=at, sent=name, is_news=now - at <= NEWS)
    if printer.state != DeviceState.OFFLINE:
        observe_silence(printer, is_silent=False, now=at)
    return True


def _printer_of(maker: str, serial: str, address: str, agent: PrinterAgent) -> Printer | None:
    """By serial number; one that tells none by its address, where this agent was given it."""
    if not serial:
        return db.session.scalar(
            select(Printer).where(
                Printer.serial.is_(None),
                Printer.agent_id == agent.id,
                Printer.address == (address or None),
            )
        )
    found = db.session.scalars(select(Printer).where(Printer.serial == serial)).all()
    same = [p for p in found if maker in ("", p.maker) or p.maker == ""]
    return same[0] if len(same) == 1 else None


def _assign(printer: Printer, agent: PrinterAgent) -> None:
    """The first agent that sees a printer reads it, unless the portal does; whoever switches it off afterwards is
    heeded."""
    if printer.agent_id is None and printer.polled_by == PolledBy.NONE:
        printer.polled_by = PolledBy.AGENT
    printer.agent_id = agent.id


def _newest(printer: Printer) -> datetime | None:
    found: datetime | None = db.session.scalar(
        select(PrinterReading.at)
        .where(PrinterReading.printer_id == printer.id)
        .order_by(PrinterReading.at.desc())
        .limit(1)
    )
    return found


def _sight(known: dict[str, Any], raw: bytes, agent: PrinterAgent, at: datetime) -> None:
    serial, address = known["serial"], known["ip"]
    facts = {
        "serial": serial,
        "maker": known["maker"],
        "model": known["model"],
        "name": known["name"],
        "location": known["location"],
        "address": address or None,
        "known": known,
        "raw": raw,
        "last_seen_at": at,
    }
    seen = insert(PrinterSighting).values(
        public_id=new_public_id(),
        organisation_id=agent.organisation_id,
        agent_id=agent.id,
        key=serial or f"@{address}",
        first_seen_at=at,
        **facts,
    )
    db.session.execute(
        seen.on_conflict_do_update(
            index_elements=["agent_id", "key"],
            set_=facts,
            where=PrinterSighting.last_seen_at <= at,
        )
    )


def _take_look(look: AgentLook, agent: PrinterAgent, now: datetime) -> None:
    """How a printer was a moment ago; of those that nobody has added nothing is kept."""
    printer = _printer_of("", look.serial, canonical_address(look.address), agent)
    if printer is None or printer.polled_by != PolledBy.AGENT:
        return
    if look.outcome in SILENT:
        if look.failures >= SILENCES_TO_BE_OFFLINE:
            set_state(printer, DeviceState.OFFLINE, None)
            observe_silence(printer, is_silent=True, now=now)
        return
    if look.outcome == "":
        mark_seen(printer, now=now)
        faults.still_the_same(printer, now=now)
