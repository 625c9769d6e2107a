"""The poll: a quick look every few minutes, everything every few hours, and at once when the quick look differs.

Claim, commit; ask all at once on the SNMP loop; record what comes, as it comes. A silent printer costs its own
time-out and a pause that grows; nobody waits for it.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterator, Sequence
from datetime import datetime

import structlog
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from webapp.core.clock import utcnow
from webapp.core.crypto import Sealed
from webapp.core.db import commit, db
from webapp.core.drains import drain, wake
from webapp.core.jobs import batches
from webapp.printers.models import PolledBy, Printer
from webapp.printers.polling import reach
from webapp.printers.polling.asking import Outcome, Outcomes, Question, ask_all, hurried
from webapp.printers.polling.bans import Bans
from webapp.printers.polling.models import PrinterPoll, SnmpProfile
from webapp.printers.polling.recording import Recorder
from webapp.printers.polling.targets import target_of
from webapp.printers.snmp.wire import run

log = structlog.get_logger(__name__)

DRAIN = "printer polls"
LIMIT = 1000
LEASE_SECONDS = 600
LONGEST_RUN_SECONDS = 120
GATHER_SECONDS = 0.1
MOST_GATHERED = 100


@drain(DRAIN, queue="long", every_seconds=30)
def poll_printers() -> None:
    ends_at = time.monotonic() + LONGEST_RUN_SECONDS
    for polls in batches(PrinterPoll, limit=LIMIT, lease_seconds=LEASE_SECONDS):
        poll_all(polls)
        if time.monotonic() > ends_at:
            wake("long", DRAIN)
            commit()
            return


def poll_all(polls: Sequence[PrinterPoll]) -> None:
    """Polls that were claimed and committed."""
    recorder = Recorder(polls, now=utcnow())
    questions = list(_questions(polls, recorder))
    commit()
    outcomes: Outcomes = queue.SimpleQueue()
    asking = threading.Thread(
        target=lambda: run(lambda wire: ask_all(wire, questions, outcomes)), name="polls"
    )
    asking.start()
    missing = len(questions)
    while missing:
        some = _gathered(outcomes)
        recorder.record(some, now=utcnow())
        commit()
        missing -= len(some)
    asking.join()
    commit()


def _gathered(outcomes: Outcomes) -> list[Outcome]:
    """Those of one moment, for one transaction."""
    found = [outcomes.get()]
    until = time.monotonic() + GATHER_SECONDS
    while len(found) < MOST_GATHERED and (left := until - time.monotonic()) > 0:
        try:
            found.append(outcomes.get(timeout=left))
        except queue.Empty:
            break
    return found


def _questions(polls: Sequence[PrinterPoll], recorder: Recorder) -> Iterator[Question]:
    """What can be asked; the others are settled here."""
    printers = _printers_of(polls)
    profiles = {profile.id: profile for profile in db.session.scalars(select(SnmpProfile))}
    bans = Bans()
    now = utcnow()
    for poll in polls:
        printer = printers.get(poll.printer_id)
        profile = profiles.get(printer.poll_profile_id or 0) if printer is not None else None
        why = _why_not(printer, profile, bans)
        if why or printer is None or profile is None:
            recorder.pass_over(poll, why, now=now)
            continue
        try:
            yield _question(poll, printer, profile, now)
        except Sealed:
            recorder.pass_over(poll, "sealed", now=now)


def _why_not(printer: Printer | None, profile: SnmpProfile | None, bans: Bans) -> str:
    """Why a printer is not asked: keys that the printer's page words."""
    if printer is None or profile is None or printer.polled_by != PolledBy.PORTAL:
        return "switched_off"
    if not printer.address:
        return "no_address"
    if not reach.may_ask(str(printer.address)):
        return "not_reachable"
    return "banned" if bans.forbid(printer) else ""


def _question(poll: PrinterPoll, printer: Printer, profile: SnmpProfile, now: datetime) -> Question:
    target = target_of(profile, str(printer.address), version=poll.version)
    return Question(
        poll_id=poll.id,
        target=hurried(target) if poll.failures else target,
        quick=poll.quick,
        fingerprint=poll.fingerprint,
        in_full=poll.full_at <= now or poll.failures > 0,
    )


def _printers_of(polls: Sequence[PrinterPoll]) -> dict[int, Printer]:
    found = db.session.scalars(
        select(Printer)
        .where(Printer.id.in_([poll.printer_id for poll in polls]))
        .options(joinedload(Printer.liveness))
        .execution_options(populate_existing=True)
    )
    return {printer.id: printer for printer in found}
