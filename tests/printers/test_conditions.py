"""A printer that keeps saying it has a fault opens an alarm; one that says it once does not (P-44)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from sqlalchemy import select

from tests.printers.conftest import Field, acme
from webapp.alarms.jobs import step_conditions
from webapp.alarms.models import Condition
from webapp.core.clock import utcnow
from webapp.core.db import commit, db
from webapp.core.tenancy import scope, unscoped
from webapp.printers.models import Printer
from webapp.printers.readings import keep_reading

__all__ = ["acme"]
pytestmark = pytest.mark.feature("P-44")


class Machine:
    """Acme's printer, and what it says."""

    def __init__(self, acme: Field, traveller: Any) -> None:
        self.acme, self.traveller = acme, traveller

    def says(self, *faults: str, warning: bool = False) -> None:
        known = {
            "counters": dict.fromkeys(("total", "black", "colour", "large")),
            "doubtful": [],
            "ip": None,
            "model": "",
            "location": "",
            "faults": list(faults),
            "warning": warning,
        }
        world = self.acme.world
        with world.portal.test_request_context(), scope(world.acme_id):
            printer = db.session.scalars(
                select(Printer).where(Printer.public_id == self.acme.printer)
            ).one()
            keep_reading(printer, known, None, source="app", now=utcnow())
            commit()

    def after(self, seconds: float) -> None:
        self.traveller.shift(seconds)
        with self.acme.world.portal.app_context(), unscoped("sweep"):
            step_conditions()

    def conditions(self) -> list[tuple[str, str, str]]:
        with self.acme.world.portal.app_context(), unscoped("looking"):
            rows = db.session.scalars(select(Condition).order_by(Condition.id)).all()
            return [(c.state, c.severity, c.detail.get("problem", "")) for c in rows]


@pytest.fixture
def machine(acme: Field) -> Iterator[Machine]:
    with time_machine.travel(datetime(2030, 6, 3, 9, tzinfo=UTC), tick=False) as traveller:
        yield Machine(acme, traveller)


def test_a_jam_that_lasts_opens_and_closes(machine: Machine) -> None:
    machine.says("Paper jam in tray 2")
    assert machine.conditions() == [("pending", "alarm", "Paper jam in tray 2")]
    machine.after(120)
    assert machine.conditions() == [("open", "alarm", "Paper jam in tray 2")]
    machine.says()
    machine.after(60)
    assert machine.conditions() == [("closed", "alarm", "Paper jam in tray 2")]


def test_a_jam_that_is_mended_at_once_opens_nothing(machine: Machine) -> None:
    machine.says("Paper jam in tray 2")
    machine.traveller.shift(60)
    machine.says()
    machine.after(120)
    assert machine.conditions() == []


def test_low_toner_is_a_warning(machine: Machine) -> None:
    machine.says("Toner low", warning=True)
    machine.after(120)
    assert machine.conditions() == [("open", "warning", "Toner low")]


def test_a_printer_that_is_well_writes_no_row(machine: Machine) -> None:
    machine.says()
    assert machine.conditions() == []
