"""Polls a second by one worker, and what dead printers cost: `python -m benchmarks.snmp [quick] [full]`.

A synthetic printer of 200 objects answers in a process of its own. The poll is the worker's: rows are claimed, printers
asked, readings stored. Every printer has an address of its own in 127.0.0.0/8; the dead ones' addresses reach nobody.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator

from sqlalchemy import update

from benchmarks.portals import Bench, Figure, bench
from webapp.core import drains
from webapp.core.clock import utcnow
from webapp.core.db import commit, db
from webapp.core.tenancy import unscoped
from webapp.orgs.models import Organisation
from webapp.printers.models import PolledBy
from webapp.printers.polling.drain import DRAIN
from webapp.printers.polling.models import PrinterPoll, SnmpProfile
from webapp.printers.polling.services import read_by
from webapp.printers.services import add_printer

QUICK, FULL, DEAD = 1_000, 100, 300
ALIVE, NOBODY = "127.0.0.1", "127.77.{}.{}"

AGENT = """
import time
from simulators.printer import Agent, PrinterMachine, load_model, values
objects = dict(PrinterMachine(load_model("xerox-altalink-c8045"), seed=7, serial="BENCH1").objects())
del objects[(1, 3, 6, 1, 2, 1, 43, 5, 1, 1, 17, 1)]  # one machine stands for many: no serial number of its own
extra = (1, 3, 6, 1, 2, 1, 43, 8, 2, 1, 99, 1)
while len(objects) < 200:
    objects[(*extra, len(objects))] = values.integer(len(objects))
with Agent(objects) as agent:
    print(agent.port, flush=True)
    time.sleep(3600)
"""


def main() -> int:
    quick = int(sys.argv[1]) if len(sys.argv) > 1 else QUICK
    full = int(sys.argv[2]) if len(sys.argv) > 2 else FULL
    agent = subprocess.Popen([sys.executable, "-c", AGENT], stdout=subprocess.PIPE, text=True)
    try:
        assert agent.stdout is not None
        port = int(agent.stdout.readline())
        with bench({"SNMP_NETWORKS": "127.0.0.0/8", "LOG_FORMAT": "json"}) as here:
            for figure in measure(here, port, quick, full):
                print(figure)
    finally:
        agent.kill()
        agent.wait()
    return 0


def measure(here: Bench, port: int, quick: int, full: int) -> Iterator[Figure]:
    with here.portal.app_context(), unscoped("a benchmark"):
        _printers(port, quick)
        _due(in_full=True, limit=full)
        yield Figure("snmp_full_readings_per_s", full / _polled(), "1/s")
        _learned()
        _due(in_full=False, limit=quick)
        alive = _polled()
        yield Figure("snmp_quick_polls_per_s", quick / alive, "1/s")
        dead = quick * DEAD // QUICK
        _kill(dead)
        _due(in_full=False, limit=quick)
        yield Figure("dead_printers_cost_s", _polled() - alive * (quick - dead) / quick, "s")


def _printers(port: int, count: int) -> None:
    now = utcnow()
    organisation = Organisation(name="Bench", sort_name="bench", created_at=now)
    db.session.add(organisation)
    db.session.flush()
    profile = SnmpProfile(
        organisation_id=organisation.id, name="P", sort_name="p", port=port, created_at=now
    )
    db.session.add(profile)
    db.session.flush()
    for number in range(count):
        printer = add_printer(
            f"Printer {number}", organisation_id=organisation.id, button=None, now=now
        )
        read_by(printer, PolledBy.PORTAL, profile=profile, address=ALIVE, now=now)
    commit()


def _learned() -> None:
    """All are the same machine: what one full reading chose for the quick look holds for all."""
    first = db.session.query(PrinterPoll).order_by(PrinterPoll.id).limit(1).one()
    known = {"quick": first.quick, "fingerprint": first.fingerprint, "version": first.version}
    db.session.execute(update(PrinterPoll).values(**known))
    commit()


def _due(*, in_full: bool, limit: int) -> None:
    """The first ones are due now, the others some day."""
    far = utcnow().replace(year=utcnow().year + 1)
    first = db.session.query(PrinterPoll.id).order_by(PrinterPoll.id).limit(limit)
    db.session.execute(update(PrinterPoll).values(due_at=far, full_at=far))
    values = {"due_at": utcnow(), "failures": 0} | ({"full_at": utcnow()} if in_full else {})
    db.session.execute(
        update(PrinterPoll).where(PrinterPoll.id.in_(first.scalar_subquery())).values(**values)
    )
    commit()


def _kill(count: int) -> None:
    """From now on nobody lives at the addresses of so many, spread among the others."""
    polls = db.session.query(PrinterPoll).order_by(PrinterPoll.id).all()
    step = max(1, len(polls) // count)
    for number, poll in enumerate(polls[::step][:count]):
        poll.printer.address = NOBODY.format(number // 250, number % 250 + 1)
    commit()


def _polled() -> float:
    """Seconds of the worker until nothing is due."""
    db.session.remove()
    began = time.perf_counter()
    drains.run(DRAIN)
    return time.perf_counter() - began


if __name__ == "__main__":
    sys.exit(main())
