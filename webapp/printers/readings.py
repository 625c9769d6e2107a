"""Keeping what a printer said, and what follows from it for the printer's row and the search index."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from webapp.core.db import db
from webapp.devices import presence
from webapp.devices.models import Device, DeviceState
from webapp.printers.conditions import observe_faults
from webapp.printers.facts import pack
from webapp.printers.models import Printer, PrinterReading

COUNTERS = ("total", "black", "colour", "large")
LOST_AFTER = timedelta(hours=1)
"""A printer is read now and then; a press of its button is a visit, not a connection."""


def keep_reading(
    printer: Printer, known: dict[str, Any], raw: bytes | None, *, source: str, now: datetime
) -> None:
    """Store a reading and bring the printer's row up to date. What was not read stays as it was."""
    doubtful = [*known["doubtful"], *_fallen(printer, known["counters"])]
    db.session.add(
        PrinterReading(
            organisation_id=printer.organisation_id,
            printer_id=printer.id,
            at=now,
            source=source,
            raw=raw if raw is not None else pack({}),
            decoded=known,
            doubtful=doubtful,
            **{f"pages_{name}": known["counters"][name] for name in COUNTERS},
        )
    )
    _bring_up_to_date(printer, known, bool(doubtful))
    observe_faults(printer, now=now)
    mark_seen(printer, now=now)


def mark_seen(printer: Printer, *, now: datetime) -> None:
    """It spoke: `liveness`, without touching the lists' indexes (decision 14)."""
    presence.mark_seen(
        printer.id, organisation_id=printer.organisation_id, lost_after=LOST_AFTER, now=now
    )


def set_state(printer: Printer, state: DeviceState, problem: str | None) -> None:
    """The state stands in the printer's row and in the index of all devices."""
    printer.problem = problem
    if printer.state == state:
        return
    printer.state = state
    device = db.session.scalars(select(Device).where(Device.id == printer.id)).one()
    device.state = state


def _bring_up_to_date(printer: Printer, known: dict[str, Any], doubtful: bool) -> None:
    printer.counters_doubtful = doubtful
    for name in COUNTERS:
        if known["counters"][name] is not None:
            setattr(printer, f"pages_{name}", known["counters"][name])
    printer.address = known["ip"] or printer.address
    printer.model = printer.model or known["model"]
    printer.location = printer.location or known["location"]
    set_state(printer, _state_of(known), known["faults"][0] if known["faults"] else None)


def _state_of(known: dict[str, Any]) -> DeviceState:
    if not known["faults"]:
        return DeviceState.ONLINE
    return DeviceState.WARNING if known["warning"] else DeviceState.ALARM


def _fallen(printer: Printer, counters: dict[str, int | None]) -> list[str]:
    """A counter of a machine's life never falls; one that does is shown and flagged."""
    return [
        f"fell:{name}"
        for name in COUNTERS
        if counters[name] is not None
        and (getattr(printer, f"pages_{name}") or 0) > (counters[name] or 0)
    ]
