"""What a poll brought becomes rows: a reading, the printer's state, when it is asked again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from webapp.alarms.models import Condition, ConditionState
from webapp.core.db import db
from webapp.core.jobs import JobState, Schedule
from webapp.devices.models import Device, DeviceState, Liveness
from webapp.printers.conditions import observe_silence
from webapp.printers.facts import merge, pack
from webapp.printers.history import faults
from webapp.printers.history.models import PrinterFault
from webapp.printers.messages import LaunchFacts
from webapp.printers.models import Printer
from webapp.printers.polling.asking import Outcome
from webapp.printers.polling.models import PrinterPoll, SnmpProfile
from webapp.printers.readings import keep_reading, set_state
from webapp.printers.snmp.collect import Collected
from webapp.printers.snmp.decode import decode
from webapp.printers.snmp.identity import Identity
from webapp.printers.snmp.quick import Look, chosen, counts, fingerprint
from webapp.printers.snmp.sessions import LATE, SILENT

log = structlog.get_logger(__name__)

BACK_OFF = Schedule(first_seconds=60, factor=2, longest_seconds=3600)
SILENCES_TO_BE_OFFLINE = 2
NOT_ASKED_MINUTES = 60
"""How long a printer that may not be asked is left alone."""
OTHER_DEVICE = "other_device"
SILENCES = (SILENT, LATE, "unknown_host")


class Recorder:
    """Records the outcomes of one batch of claimed polls."""

    def __init__(self, polls: Sequence[PrinterPoll], *, now: datetime) -> None:
        self._polls = {poll.id: poll for poll in polls}
        self._claimed = {poll.id: poll.claimed_until for poll in polls}
        self._profiles = {p.id: p for p in db.session.scalars(select(SnmpProfile))}
        self._printers = {
            printer.id: printer
            for printer in db.session.scalars(
                select(Printer).where(Printer.id.in_([poll.printer_id for poll in polls]))
            )
        }
        self._silent = self._with_silence()
        self._faulty = self._with_faults()

    def record(self, outcomes: Sequence[Outcome], *, now: datetime) -> None:
        """In the transaction that is open. Polls whose claim was lost meanwhile are left to who has them."""
        ours = self._still_ours([outcome.poll_id for outcome in outcomes])
        seen = []
        for outcome in outcomes:
            if outcome.poll_id not in ours:
                log.info("poll_lease_lost", poll=outcome.poll_id)
            elif self._record(self._polls[outcome.poll_id], outcome, now):
                seen.append(self._polls[outcome.poll_id].printer_id)
        _mark_seen(seen, now)

    def pass_over(self, poll: PrinterPoll, why: str, *, now: datetime) -> None:
        """Nobody was asked; looked at again in a while."""
        self._settle(poll, why, now + timedelta(minutes=NOT_ASKED_MINUTES))

    def _record(self, poll: PrinterPoll, outcome: Outcome, now: datetime) -> bool:
        """Whether it spoke."""
        printer = self._printers[poll.printer_id]
        poll.asked_at = now
        error = _error_of(outcome)
        if error in SILENCES:
            self._was_silent(poll, printer, error, now)
            return False
        if error:
            self._settle(poll, error, now + timedelta(minutes=NOT_ASKED_MINUTES / 4))
            return True
        return self._spoke(poll, printer, outcome, now)

    def _spoke(self, poll: PrinterPoll, printer: Printer, outcome: Outcome, now: datetime) -> bool:
        profile = self._profiles.get(printer.poll_profile_id or 0)
        minutes = profile.quick_minutes if profile is not None else NOT_ASKED_MINUTES
        hours = profile.full_hours if profile is not None else 24
        again = now + timedelta(minutes=minutes)
        poll.failures = 0
        if outcome.full is None and outcome.look is not None:
            _bring_counts(printer, outcome.look, poll)
            if printer.id in self._faulty:
                faults.still_the_same(printer, now=now)
        elif outcome.full is not None and not _keep_full(poll, printer, outcome.full, now):
            self._settle(poll, OTHER_DEVICE, now + timedelta(minutes=NOT_ASKED_MINUTES))
            return False
        if outcome.full is not None:
            poll.full_at = now + timedelta(hours=hours)
        if printer.id in self._silent:
            observe_silence(printer, is_silent=False, now=now)
        self._settle(poll, "", again)
        return True

    def _was_silent(self, poll: PrinterPoll, printer: Printer, why: str, now: datetime) -> None:
        poll.failures += 1
        if poll.failures >= SILENCES_TO_BE_OFFLINE:
            set_state(printer, DeviceState.OFFLINE, None)
            observe_silence(printer, is_silent=True, now=now)
            self._silent.add(printer.id)
        self._settle(poll, why, now + timedelta(seconds=BACK_OFF.pause_seconds(poll.failures)))

    def _settle(self, poll: PrinterPoll, outcome: str, due_at: datetime) -> None:
        poll.outcome, poll.due_at = outcome, due_at
        poll.state, poll.claimed_until, poll.attempts = JobState.WAITING, None, 0

    def _still_ours(self, ids: Sequence[int]) -> set[int]:
        """Held until the commit."""
        rows = db.session.execute(
            select(PrinterPoll.id, PrinterPoll.claimed_until)
            .where(PrinterPoll.id.in_(ids))
            .with_for_update()
        )
        return {row.id for row in rows if row.claimed_until == self._claimed[row.id]}

    def _with_faults(self) -> set[int]:
        """Printers whose faults are watched: a quick look that finds them as they were sees those again."""
        watched = select(PrinterFault.printer_id).where(
            PrinterFault.printer_id.in_(list(self._printers))
        )
        return set(db.session.scalars(watched))

    def _with_silence(self) -> set[int]:
        """Printers with a condition of silence that is pending or open: only these must be told that it is over."""
        found = db.session.scalars(
            select(Condition.device_id).where(
                Condition.device_id.in_(list(self._printers)),
                Condition.kind == "printer_silent",
                Condition.state != ConditionState.CLOSED,
            )
        )
        return {device_id for device_id in found if device_id is not None}


def _error_of(outcome: Outcome) -> str:
    """Why nothing came, empty where something did."""
    if outcome.defect:
        return "defect"
    if outcome.full is not None:
        gaps = outcome.full.gaps
        return "" if outcome.full.has_answered else (gaps[0].why if gaps else "nothing")
    return outcome.look.error if outcome.look is not None else "defect"


def _keep_full(poll: PrinterPoll, printer: Printer, full: Collected, now: datetime) -> bool:
    """Stores the reading. False where another device lives at the address now."""
    decoded = decode(full.reading)
    identity = decoded.identity
    if printer.serial and identity.serial and printer.serial not in (
        identity.serial, *identity.aliases
    ):  # fmt: skip
        return False
    known = merge(LaunchFacts(ip=full.target.host), full.reading)
    gaps = [[gap.subtree, gap.why] for gap in full.gaps]
    keep_reading(printer, known | {"gaps": gaps}, pack(full.reading), source="poll", now=now)
    printer.maker = printer.maker or identity.maker
    if printer.serial is None and identity.serial:
        _adopt(printer, identity)
    poll.quick = chosen(full.reading, decoded)
    poll.version = full.version
    poll.fingerprint = fingerprint(
        {oid: raw for oid, raw in full.reading.items() if oid in poll.quick}, poll.quick
    )
    return True


def _adopt(printer: Printer, identity: Identity) -> None:
    """An administrator named the address, not the serial: now it is known, unless another printer has it."""
    taken = select(Printer.id).where(
        Printer.organisation_id == printer.organisation_id, Printer.serial == identity.serial
    )
    if db.session.scalar(taken) is not None:
        return
    printer.serial, printer.serial_raw = identity.serial, identity.raw_serial
    printer.serial_end = identity.serial[::-1]
    device = db.session.scalars(select(Device).where(Device.id == printer.id)).one()
    device.serial = identity.serial


def _bring_counts(printer: Printer, seen: Look, poll: PrinterPoll) -> None:
    for name, number in counts(seen.reading, poll.quick).items():
        column = f"pages_{name}"
        if (getattr(printer, column) or 0) < number:
            setattr(printer, column, number)


def _mark_seen(printer_ids: Sequence[int], now: datetime) -> None:
    """All in one statement, without touching the lists' indexes."""
    if not printer_ids:
        return
    rows: list[dict[str, Any]] = [{"device_id": i, "last_seen_at": now} for i in printer_ids]
    seen = insert(Liveness).values(rows)
    db.session.execute(
        seen.on_conflict_do_update(index_elements=["device_id"], set_={"last_seen_at": now})
    )
