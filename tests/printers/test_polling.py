"""The portal reads printers by itself: two rates, silence with growing pauses, lists of what is never polled."""

from __future__ import annotations

import contextlib
import dataclasses
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import select

from simulators.printer import Agent, Manners
from simulators.printer.faults import FaultKind
from simulators.printer.machines import PrinterMachine
from simulators.printer.models import load_model
from tests.printers.conftest import SERIAL, Field, acme
from tests.printers.desk import change, one, rows
from tests.printers.snmp.test_v3 import ANNA, user_of
from webapp.alarms.jobs import step_conditions
from webapp.alarms.models import Condition
from webapp.core.clock import utcnow
from webapp.core.crypto import Sealed
from webapp.core.db import commit, db
from webapp.core.drains import run
from webapp.core.errors import Refusal
from webapp.core.tenancy import scope, unscoped
from webapp.printers.models import PolledBy, Printer, PrinterReading
from webapp.printers.polling import services
from webapp.printers.polling.decoding import decode_all
from webapp.printers.polling.drain import DRAIN
from webapp.printers.polling.models import PrinterPoll, SnmpProfile
from webapp.printers.polling.services import ProfileFacts
from webapp.printers.polling.targets import secret_of
from webapp.printers.snmp import wire

__all__ = ["acme"]
pytestmark = pytest.mark.feature("B-11")

PLAIN = ProfileFacts(
    name="Head office",
    snmp_version="2c",
    port=161,
    user_name="",
    auth_protocol="",
    privacy_protocol="",
    key_extension="reeder",
    time_out_ms=300,
    retries=0,
    quick_minutes=5,
    full_hours=6,
    secrets={"community": "public", "auth": "", "privacy": ""},
)
STRONG = dataclasses.replace(
    PLAIN,
    snmp_version="3",
    user_name=ANNA.name,
    auth_protocol="sha256",
    privacy_protocol="aes256",
    secrets={"community": "", "auth": ANNA.auth_phrase, "privacy": ANNA.privacy_phrase},
)


class Office:
    """Acme's printer on the network, and the portal's worker."""

    def __init__(self, acme: Field, traveller: Any) -> None:
        self.acme, self.traveller = acme, traveller
        self.machine = PrinterMachine(load_model("xerox-altalink-c8045"), seed=7, serial=SERIAL)
        self.agent = Agent(machine=self.machine, speed=0, users=[user_of(ANNA)])

    @contextlib.contextmanager
    def at_work(self) -> Iterator[Any]:
        world = self.acme.world
        with world.portal.test_request_context(), scope(world.acme_id):
            yield db.session
            commit()

    def read_with(self, facts: ProfileFacts = PLAIN) -> None:
        """The printer is read by the portal from now on."""
        with self.at_work():
            services.save_profile(
                None,
                dataclasses.replace(facts, port=self.agent.port),
                organisation_id=self.acme.world.acme_id,
                now=utcnow(),
            )
            printer = self._printer()
            profile = db.session.scalars(select(SnmpProfile)).one()
            services.read_by(
                printer, PolledBy.PORTAL, profile=profile, address="127.0.0.1", now=utcnow()
            )

    def poll(self, after: timedelta = timedelta()) -> None:
        """The worker looks, so much later."""
        self.traveller.shift(after)
        with self.acme.world.portal.app_context():
            run(DRAIN)
            with unscoped("the alarms' sweep"):
                step_conditions()

    def printer(self) -> Printer:
        wanted = select(Printer).where(Printer.public_id == self.acme.printer)
        return one(self.acme.world, wanted)  # type: ignore[no-any-return]

    def polled(self) -> PrinterPoll:
        return one(self.acme.world, select(PrinterPoll))  # type: ignore[no-any-return]

    def readings(self) -> list[PrinterReading]:
        return rows(self.acme.world, select(PrinterReading).order_by(PrinterReading.id))

    def conditions(self) -> list[tuple[str, str]]:
        found = rows(self.acme.world, select(Condition).order_by(Condition.id))
        return [(c.kind, c.state) for c in found]

    def _printer(self) -> Printer:
        wanted = select(Printer).where(Printer.public_id == self.acme.printer)
        return db.session.scalars(wanted).one()


@pytest.fixture
def allowed(acme: Field) -> Iterator[None]:
    """The operator lets the portal ask this machine."""
    yield from settings(acme, snmp_networks=("127.0.0.0/8",))


def settings(acme: Field, **values: Any) -> Iterator[None]:
    extensions = acme.world.portal.extensions
    before = extensions["settings"]
    extensions["settings"] = dataclasses.replace(before, **values)
    yield
    extensions["settings"] = before


@pytest.fixture
def office(acme: Field, allowed: None) -> Iterator[Office]:
    with time_machine.travel(datetime(2030, 6, 3, 9, tzinfo=UTC), tick=True) as traveller:
        wire._forget()  # the traveller turns the loop's clock as well: a loop of its own for each journey
        made = Office(acme, traveller)
        with made.agent:
            yield made
    wire._forget()


@pytest.mark.parametrize("facts", [PLAIN, STRONG, dataclasses.replace(PLAIN, snmp_version="")])
def test_the_first_poll_reads_everything(office: Office, facts: ProfileFacts) -> None:
    office.read_with(facts)
    office.poll()
    (reading,) = office.readings()
    assert (reading.source, reading.complete, reading.doubtful) == ("poll", True, [])
    assert reading.pages_total == office.machine.counted("*")
    printer, poll = office.printer(), office.polled()
    assert (printer.state, printer.pages_total) == ("online", reading.pages_total)
    assert (poll.outcome, poll.failures, poll.state) == ("", 0, "waiting")
    assert poll.due_at - poll.asked_at == timedelta(minutes=5)  # type: ignore[operator]
    assert poll.full_at - poll.asked_at == timedelta(hours=6)  # type: ignore[operator]
    assert 3 <= len(poll.quick) <= 10


def test_a_quick_look_is_one_get(office: Office) -> None:
    office.read_with()
    office.poll()
    office.agent.seen.clear()
    before = office.machine.counted("*")
    while office.machine.counted("*") == before:
        office.agent.change(lambda: office.machine.advance(10))
    assert not office.machine.faults
    office.poll(timedelta(minutes=5))
    assert office.agent.seen == {"GET": 1}
    assert len(office.readings()) == 1
    assert office.printer().pages_total == office.machine.counted("*")


def test_nothing_is_asked_before_its_time(office: Office) -> None:
    office.read_with()
    office.poll()
    office.agent.seen.clear()
    office.poll(timedelta(minutes=4))
    assert not office.agent.seen


def test_a_change_of_state_has_everything_read_at_once(office: Office) -> None:
    office.read_with()
    office.poll()
    office.agent.change(lambda: office.machine.break_down(FaultKind.JAM))
    office.poll(timedelta(minutes=5))
    assert len(office.readings()) == 2
    assert office.printer().state == "alarm"
    assert office.printer().problem == office.machine.faults[0].text
    assert office.readings()[-1].decoded["sources"]["bits"] == ["jammed"]
    office.poll(timedelta(minutes=5))
    assert ("printer_fault", "open") in office.conditions()


def test_everything_is_read_every_few_hours(office: Office) -> None:
    office.read_with()
    office.poll()
    for _ in range(3):
        office.poll(timedelta(hours=2))
    assert len(office.readings()) == 2


def test_a_silent_printer_is_asked_ever_less_often(office: Office) -> None:
    office.read_with()
    office.poll()
    office.agent.stop()
    pauses = []
    office.poll(timedelta(minutes=5))
    for _ in range(9):
        pauses.append((office.polled().due_at - utcnow()).total_seconds())
        office.poll(timedelta(hours=2))
    assert 40 <= pauses[0] <= 72
    assert all(2870 <= pause <= 4320 for pause in pauses[7:])
    assert office.printer().state == "offline"
    assert ("printer_silent", "open") in office.conditions()
    assert len(office.readings()) == 1


def test_one_silence_is_none(office: Office) -> None:
    office.read_with()
    office.poll()
    office.agent.manners = Manners(lost_share=1.0)
    office.poll(timedelta(minutes=5))
    assert office.printer().state == "online"
    assert office.conditions() == []


def test_a_printer_that_is_back_is_read_whole_and_the_alarm_closes(office: Office) -> None:
    office.read_with()
    office.poll()
    office.agent.manners = Manners(lost_share=1.0)
    for _ in range(3):
        office.poll(timedelta(hours=2))
    assert ("printer_silent", "open") in office.conditions()
    office.agent.manners = Manners()
    office.poll(timedelta(hours=2))
    office.poll(timedelta(minutes=5))
    assert ("printer_silent", "closed") in office.conditions()
    assert office.printer().state == "online"
    assert len(office.readings()) == 2


def test_another_device_at_the_address_is_not_taken_for_the_printer(office: Office) -> None:
    office.read_with()
    change(office.acme.world, _this(office), serial="ANOTHER1")
    office.poll()
    assert office.readings() == []
    assert office.polled().outcome == "other_device"


def test_a_printer_without_a_serial_gets_the_one_it_says(office: Office) -> None:
    change(office.acme.world, _this(office), serial=None)
    office.read_with()
    office.poll()
    assert office.printer().serial == SERIAL


def _this(office: Office) -> Any:
    return select(Printer).where(Printer.public_id == office.acme.printer)


@pytest.mark.parametrize("line", ["altalink", "XEROX ALTA"])
def test_a_model_on_the_organisations_list_is_never_asked(office: Office, line: str) -> None:
    change(office.acme.world, _this(office), maker="Xerox", model="AltaLink C8045")
    office.read_with()
    with office.at_work():
        services.forbid([line, ""], organisation_id=office.acme.world.acme_id)
    office.poll()
    assert office.polled().outcome == "banned"
    assert not office.agent.seen


def test_a_model_on_the_operators_list_is_never_asked(office: Office) -> None:
    change(office.acme.world, _this(office), model="AltaLink C8045")
    office.read_with()
    for _ in settings(office.acme, snmp_networks=("127.0.0.0/8",), snmp_never=("c8045",)):
        office.poll()
    assert office.polled().outcome == "banned"


def test_an_address_that_the_operator_forbids_later_is_not_asked(office: Office) -> None:
    office.read_with()
    for _ in settings(office.acme, snmp_networks=("10.0.0.0/8",)):
        office.poll()
    assert office.polled().outcome == "not_reachable"
    assert not office.agent.seen


@pytest.mark.parametrize(
    ("networks", "address", "may"),
    [
        ((), "127.0.0.1", False),
        (("10.0.0.0/8",), "10.1.2.3", True),
        (("10.0.0.0/8",), "::ffff:10.1.2.3", True),
        (("10.0.0.0/8",), "11.1.2.3", False),
        (("public",), "10.1.2.3", False),
        (("public",), "169.254.169.254", False),
        (("public",), "::ffff:169.254.169.254", False),
        (("public",), "8.8.8.8", True),
        (("10.0.0.0/8", "fd00::/8"), "fd12::7", True),
        (("10.0.0.0/8",), "printer.example", False),
    ],
)
def test_only_what_the_operator_allows_is_asked(
    acme: Field, networks: tuple[str, ...], address: str, may: bool
) -> None:
    from webapp.printers.polling import reach

    for _ in settings(acme, snmp_networks=networks):
        with acme.world.portal.app_context():
            assert reach.may_ask(address) is may


def test_a_printer_can_not_be_set_to_an_address_that_is_not_allowed(acme: Field) -> None:
    office = Office(acme, None)
    office.agent.port = 161
    with pytest.raises(Refusal) as refused:
        office.read_with()
    assert refused.value.field == "address"


def test_switching_off_ends_it(office: Office) -> None:
    office.read_with()
    with office.at_work():
        printer = db.session.scalars(_this(office)).one()
        services.read_by(printer, PolledBy.NONE, profile=None, address="127.0.0.1", now=utcnow())
    office.poll()
    assert rows(office.acme.world, select(PrinterPoll)) == []
    assert not office.agent.seen


def test_secrets_are_sealed_and_bound_to_their_profile(office: Office) -> None:
    office.read_with(STRONG)
    with office.at_work():
        profile = db.session.scalars(select(SnmpProfile)).one()
        assert secret_of(profile, "auth") == ANNA.auth_phrase
        assert ANNA.auth_phrase.encode() not in (profile.auth_sealed or b"")
        profile.auth_sealed, profile.privacy_sealed = profile.privacy_sealed, profile.auth_sealed
        with pytest.raises(Sealed):
            secret_of(profile, "auth")
    office.poll()
    assert office.polled().outcome == "sealed"


def test_what_the_version_does_not_need_is_forgotten(office: Office) -> None:
    office.read_with(STRONG)
    with office.at_work():
        profile = db.session.scalars(select(SnmpProfile)).one()
        plain = dataclasses.replace(PLAIN, port=office.agent.port)
        services.save_profile(profile, plain, organisation_id=profile.organisation_id, now=utcnow())
        assert (profile.auth_sealed, profile.privacy_sealed) == (None, None)


def test_two_workers_never_poll_one_printer_twice(office: Office) -> None:
    office.read_with()
    portal = office.acme.world.portal
    office.agent.manners = Manners(delay_seconds=0.02)

    def work() -> None:
        with portal.app_context():
            run(DRAIN)

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(office.readings()) == 1


def test_readings_are_decoded_again_without_the_printer(office: Office) -> None:
    office.read_with()
    office.poll()
    office.agent.stop()
    (reading,) = office.readings()
    worse = {
        **reading.decoded,
        "model": "?",
        "counters": dict.fromkeys(reading.decoded["counters"]),
    }
    change(
        office.acme.world,
        select(PrinterReading),
        decoded=worse,
        pages_total=None,
    )
    with office.acme.world.portal.app_context(), unscoped("as the command"):
        assert decode_all() == (1, 1)
        assert decode_all() == (1, 0)
    (again,) = office.readings()
    assert again.decoded == reading.decoded
    assert again.pages_total == reading.pages_total
