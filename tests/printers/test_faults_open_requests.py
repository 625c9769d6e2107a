"""A fault that looks at a printer keep seeing opens a request by itself, where the button wants it (B-13)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import select

from tests.cast import Person
from tests.printers.conftest import Field, acme
from tests.printers.desk import base, change, hidden, rows, text_of
from webapp.audit.models import AuditRow
from webapp.core.clock import utcnow
from webapp.core.db import commit, db
from webapp.core.principal import acting
from webapp.core.tenancy import scope
from webapp.mail.models import Mail
from webapp.printers import work
from webapp.printers.history import faults
from webapp.printers.history.models import PrinterFault
from webapp.printers.models import PanicButton, PanicRequest, PanicRequestEvent, Printer
from webapp.printers.readings import keep_reading

__all__ = ["acme"]
pytestmark = pytest.mark.feature("B-13")

JAM = "Paper jam in tray 2"


class Machine:
    """Acme's printer, and what looks at it find."""

    def __init__(self, acme: Field, traveller: Any) -> None:
        self.acme, self.traveller = acme, traveller

    def says(self, *said: str, source: str = "poll", after: float = 0) -> None:
        self.traveller.shift(timedelta(minutes=after))
        known = {
            "counters": {"total": 10, "black": None, "colour": None, "large": None},
            "doubtful": [], "ip": "192.0.2.31", "model": "AltaLink", "location": "", "serial": "",
            "faults": list(said), "warning": False, "supplies": [], "missing": [],
        }  # fmt: skip
        with self._at_work() as printer:
            keep_reading(printer, known, None, source=source, now=utcnow())

    def is_as_it_was(self, *, after: float) -> None:
        self.traveller.shift(timedelta(minutes=after))
        with self._at_work() as printer:
            faults.still_the_same(printer, now=utcnow())

    def _at_work(self) -> Any:
        return _AtWork(self.acme)

    def requests(self) -> list[PanicRequest]:
        return rows(self.acme.world, select(PanicRequest).order_by(PanicRequest.id))

    def steps(self) -> list[str]:
        return rows(self.acme.world, select(PanicRequestEvent.kind).order_by(PanicRequestEvent.id))


class _AtWork:
    def __init__(self, acme: Field) -> None:
        self.world, self.printer = acme.world, acme.printer

    def __enter__(self) -> Printer:
        self.stack = [self.world.portal.test_request_context(), scope(self.world.acme_id)]
        for one in self.stack:
            one.__enter__()
        return db.session.scalars(select(Printer).where(Printer.public_id == self.printer)).one()

    def __exit__(self, *error: Any) -> None:
        if error[0] is None:
            commit()
        for one in reversed(self.stack):
            one.__exit__(*error)


@pytest.fixture
def machine(acme: Field) -> Iterator[Machine]:
    change(acme.world, select(PanicButton), opens_on_fault=True)
    with time_machine.travel(datetime(2030, 6, 3, 9, tzinfo=UTC), tick=False) as traveller:
        yield Machine(acme, traveller)


def test_a_fault_seen_twice_opens_one_request_and_mails_the_technicians(machine: Machine) -> None:
    machine.says(JAM)
    assert machine.requests() == []
    machine.says(JAM, after=5)
    machine.says(JAM, after=5)
    (request,) = machine.requests()
    assert (request.source, request.email, request.state) == ("fault", "", "new")
    assert request.reasons[0]["texts"]["en"] == f"Fault: {JAM}"
    assert set(request.reasons[0]["texts"]) >= {"fr", "en", "de"}
    assert request.facts["messages"][0] == JAM
    mails = rows(machine.acme.world, select(Mail).order_by(Mail.id))
    assert [m.recipient for m in mails] == ["technicians@acme.test", "night@acme.test"]
    assert JAM in (mails[0].html or "")
    assert mails[0].reply_to is None
    assert machine.steps() == ["opened_by_fault"]
    wanted = select(AuditRow).where(AuditRow.event == "printers:request:opened")
    assert JAM in str(rows(machine.acme.world, wanted)[0].payload)


def test_two_looks_in_the_same_minute_are_not_enough(machine: Machine) -> None:
    machine.says(JAM)
    machine.says(JAM, after=1)
    assert machine.requests() == []


def test_a_quick_look_that_finds_all_as_it_was_counts_as_seen(machine: Machine) -> None:
    machine.says(JAM)
    machine.is_as_it_was(after=5)
    assert [r.fault for r in machine.requests()] == [faults.fold(JAM)]


def test_a_fault_that_was_there_once_opens_nothing(machine: Machine) -> None:
    machine.says(JAM)
    machine.says(after=5)
    machine.says(JAM, after=5)
    assert machine.requests() == []


@pytest.mark.parametrize("switch", [{"opens_on_fault": False}, {"active": False}])
def test_nothing_opens_where_the_button_does_not_want_it(machine: Machine, switch: Any) -> None:
    change(machine.acme.world, select(PanicButton), **switch)
    machine.says(JAM)
    machine.says(JAM, after=5)
    assert machine.requests() == []


def test_switched_on_later_what_lasts_opens_at_the_next_look(machine: Machine) -> None:
    change(machine.acme.world, select(PanicButton), opens_on_fault=False)
    machine.says(JAM)
    machine.says(JAM, after=5)
    change(machine.acme.world, select(PanicButton), opens_on_fault=True)
    machine.is_as_it_was(after=5)
    assert len(machine.requests()) == 1


def test_somebody_who_presses_the_button_is_no_look(machine: Machine) -> None:
    machine.says(JAM, source="launch")
    machine.says(JAM, source="launch", after=5)
    assert machine.requests() == []


def test_the_fault_goes_and_the_request_nobody_took_is_done(machine: Machine) -> None:
    machine.says(JAM)
    machine.says(JAM, after=5)
    machine.says(after=5)
    assert machine.requests()[0].state == "new"
    machine.is_as_it_was(after=5)
    assert machine.requests()[0].state == "done"
    assert machine.steps() == ["opened_by_fault", "fault_gone", "done"]
    assert rows(machine.acme.world, select(PrinterFault)) == []


def test_a_request_somebody_works_on_is_only_told(machine: Machine) -> None:
    machine.says(JAM)
    machine.says(JAM, after=5)
    with _AtWork(machine.acme):
        request = db.session.scalars(select(PanicRequest)).one()
        request.state = "in_progress"
    machine.says(after=5)
    machine.says(after=5)
    assert machine.requests()[0].state == "in_progress"
    assert machine.steps()[-1] == "fault_gone"


def test_a_fault_that_comes_back_while_its_request_is_open_opens_no_second_one(
    machine: Machine,
) -> None:
    machine.says(JAM)
    machine.says(JAM, after=5)
    with _AtWork(machine.acme):
        db.session.scalars(select(PanicRequest)).one().state = "in_progress"
    for said in ((), (), (JAM,), (JAM,), (JAM,)):
        machine.says(*said, after=5)
    assert len(machine.requests()) == 1
    with _AtWork(machine.acme):
        work.complete(db.session.scalars(select(PanicRequest)).one(), by=acting(), now=utcnow())
    machine.says(JAM, after=5)
    assert [r.state for r in machine.requests()] == ["done", "new"]


def test_a_flicker_does_not_close_the_request(machine: Machine) -> None:
    machine.says(JAM)
    machine.says(JAM, after=5)
    machine.says(after=5)
    machine.says(JAM, after=0.5)
    machine.says(JAM, after=5)
    assert [r.state for r in machine.requests()] == ["new"]
    assert machine.steps() == ["opened_by_fault"]


def test_each_fault_has_its_own_request(machine: Machine) -> None:
    machine.says(JAM, "Black toner  LOW")
    machine.says("black toner low", JAM, "Cover open", after=5)
    assert [r.fault for r in machine.requests()] == ["black toner low", faults.fold(JAM)]


def test_the_page_says_that_a_fault_called_and_offers_no_answer(
    machine: Machine, admin: Person
) -> None:
    machine.says(JAM)
    machine.says(JAM, after=5)
    url = f"{base(machine.acme.world)}/requests"
    (request,) = machine.requests()
    words = text_of(admin.get(f"{url}/{request.public_id}").text)
    assert "nobody: a fault opened it by itself" in words
    assert "Send answer" not in words
    refused = admin.post(f"{url}/{request.public_id}/answers", data={"text": "Hello"})
    assert refused.status_code in (409, 422), refused.status_code
    assert "Colour 2nd floor" in text_of(admin.get(f"{url}?source=fault").text)
    assert "#1" not in text_of(admin.get(f"{url}?source=person").text)


def test_the_switch_stands_on_the_button(acme: Field, admin: Person) -> None:
    url = f"{base(acme.world)}/buttons/{acme.button}"
    page = admin.get(f"{url}/edit").text
    sent = admin.post(
        f"{url}/edit",
        data={"name": "Alliance", "language": "fr", "languages": ["fr"], "emails": "t@acme.test",
              "opens_on_fault": "y", "version": hidden(page, "version")},
    )  # fmt: skip
    assert sent.status_code == 303
    assert "Faults open requests yes" in text_of(admin.get(url).text)
