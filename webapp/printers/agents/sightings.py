"""Printers that an agent sees and nobody has added: offered, and added with one press."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import joinedload

from webapp.core.db import db
from webapp.core.errors import Refusal
from webapp.printers.agents.models import PrinterAgent, PrinterSighting
from webapp.printers.models import PanicButton, PolledBy, Printer
from webapp.printers.readings import keep_reading
from webapp.printers.services import add_printer

MOST = 200


def sightings(agent: PrinterAgent | None = None) -> Sequence[PrinterSighting]:
    """The latest first."""
    statement = select(PrinterSighting).options(joinedload(PrinterSighting.agent))
    if agent is not None:
        statement = statement.where(PrinterSighting.agent_id == agent.id)
    return db.session.scalars(
        statement.order_by(PrinterSighting.last_seen_at.desc(), PrinterSighting.id).limit(MOST)
    ).all()


def named(public_ids: Sequence[str]) -> Sequence[PrinterSighting]:
    return db.session.scalars(
        select(PrinterSighting)
        .where(PrinterSighting.public_id.in_(public_ids[:MOST]))
        .order_by(PrinterSighting.id)
        .with_for_update(of=PrinterSighting)
    ).all()


def add_all(
    seen: Sequence[PrinterSighting], button: PanicButton | None, *, now: datetime
) -> list[Printer]:
    """One whose serial somebody has taken meanwhile is passed over, and stays in the list."""
    added = []
    for sighting in seen:
        try:
            with db.session.begin_nested():
                added.append(_add(sighting, button, now))
        except Refusal:
            continue
    return added


def _add(sighting: PrinterSighting, button: PanicButton | None, now: datetime) -> Printer:
    printer = add_printer(
        sighting.name or sighting.model or sighting.serial or str(sighting.address),
        organisation_id=sighting.organisation_id,
        button=button,
        serial=sighting.serial,
        maker=sighting.maker,
        model=sighting.model,
        location=sighting.location,
        now=now,
    )
    printer.address = sighting.address
    printer.agent_id, printer.polled_by = sighting.agent_id, PolledBy.AGENT
    printer.bound_at = now if sighting.serial else None
    keep_reading(printer, sighting.known, sighting.raw, source="agent", now=sighting.last_seen_at)
    same = (
        PrinterSighting.serial == sighting.serial
        if sighting.serial
        else PrinterSighting.id == sighting.id
    )
    db.session.execute(delete(PrinterSighting).where(same))
    return printer
