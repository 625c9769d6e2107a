"""The screens of reading: profiles whose secrets are never shown, who reads a printer, searches."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from simulators.printer import Agent, PrinterMachine, load_model
from tests.cast import Person
from tests.printers.conftest import Field, acme
from tests.printers.desk import base, one, rows, text_of
from webapp.core.clock import utcnow
from webapp.core.db import commit, db
from webapp.core.drains import run
from webapp.core.tenancy import unscoped
from webapp.printers.keeping import remove_old_readings, thin_out_readings
from webapp.printers.models import Printer, PrinterReading
from webapp.printers.polling.drain import DRAIN
from webapp.printers.polling.models import PollRules, PrinterDiscovery, PrinterPoll, SnmpProfile

__all__ = ["acme"]
pytestmark = pytest.mark.feature("B-11")

STRONG: dict[str, Any] = {
    "name": "Head office",
    "snmp_version": "3",
    "port": 161,
    "user_name": "anna",
    "auth_protocol": "sha256",
    "auth": "maplesyrup",
    "privacy_protocol": "aes256",
    "privacy": "fluctuations",
    "key_extension": "blumenthal",
    "time_out_ms": 1000,
    "retries": 0,
    "quick_minutes": 5,
    "full_hours": 6,
}
PLAIN = {**STRONG, "snmp_version": "2c", "auth_protocol": "", "privacy_protocol": "", "name": "P"}


@pytest.fixture
def allowed(acme: Field) -> Iterator[None]:
    extensions = acme.world.portal.extensions
    before = extensions["settings"]
    extensions["settings"] = dataclasses.replace(before, snmp_networks=("127.0.0.0/8",))
    yield
    extensions["settings"] = before


def made(admin: Person, **facts: Any) -> SnmpProfile:
    answer = admin.post(f"{base(admin.world)}/reading/profiles", data={**STRONG, **facts})
    assert answer.status_code == 303, text_of(answer.text)
    return rows(admin.world, select(SnmpProfile).order_by(SnmpProfile.id))[-1]  # type: ignore[no-any-return]


def test_a_profile_is_made_and_its_secrets_are_never_shown(acme: Field, admin: Person) -> None:
    profile = made(admin)
    here = f"{base(acme.world)}/reading"
    for page in (here, f"{here}/profiles/{profile.public_id}/edit"):
        html = admin.get(page).text
        assert "Head office" in html
        assert "maplesyrup" not in html
        assert "fluctuations" not in html
    assert "SHA256 · AES256" in text_of(admin.get(here).text)


def test_changing_leaves_a_secret_that_is_not_typed(acme: Field, admin: Person) -> None:
    profile = made(admin)
    changed = {**STRONG, "auth": "", "privacy": "", "name": "Other", "version": profile.version}
    edit = f"{base(acme.world)}/reading/profiles/{profile.public_id}/edit"
    assert admin.post(edit, data=changed).status_code == 303
    after = one(acme.world, select(SnmpProfile))
    assert (after.name, after.auth_sealed) == ("Other", profile.auth_sealed)
    assert admin.post(edit, data=changed).status_code == 409


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"name": ""}, "Enter a name"),
        ({"user_name": ""}, "needs a user name"),
        ({"auth": "short"}, "at least 8 characters"),
        ({"auth_protocol": ""}, "Privacy needs authentication"),
        ({"port": "70000"}, "from 1 to 65535"),
        ({"port": "many"}, "Not a valid integer"),
        ({"key_extension": "x"}, "Not a valid choice"),
    ],
)
def test_what_is_wrong_with_a_profile_stands_beside_its_field(
    acme: Field, admin: Person, wrong: dict[str, str], words: str
) -> None:
    answer = admin.post(f"{base(acme.world)}/reading/profiles", data={**STRONG, **wrong})
    assert answer.status_code == 422
    assert words in text_of(answer.text)
    assert "fluctuations" not in answer.text
    assert rows(acme.world, select(SnmpProfile)) == []


def test_a_profile_that_is_used_stays(acme: Field, admin: Person, allowed: None) -> None:
    profile = made(admin, **PLAIN)
    put(acme, admin, profile)
    url = f"{base(acme.world)}/reading/profiles/{profile.public_id}/removals"
    assert admin.post(url).status_code == 409
    put(acme, admin, None)
    assert admin.post(url).status_code == 303
    assert rows(acme.world, select(SnmpProfile)) == []


def put(acme: Field, admin: Person, profile: SnmpProfile | None, address: str = "127.0.0.1") -> Any:
    data = {
        "polled_by": "portal" if profile else "none",
        "profile": profile.public_id if profile else "",
        "address": address,
    }
    return admin.post(f"{base(acme.world)}/{acme.printer}/reading", data=data)


def test_a_printer_is_read_and_shows_what_it_says(
    acme: Field, admin: Person, allowed: None
) -> None:
    machine = PrinterMachine(load_model("xerox-altalink-c8045"), seed=7, serial="XRX9C934E1")
    with Agent(machine=machine, speed=0) as agent:
        profile = made(admin, **PLAIN | {"port": agent.port})
        assert put(acme, admin, profile).status_code == 303
        with acme.world.portal.app_context():
            run(DRAIN)
    page = text_of(admin.get(f"{base(acme.world)}/{acme.printer}").text)
    assert "What the printer says of itself" in page
    assert "Device status running" in page
    assert admin.post(f"{base(acme.world)}/{acme.printer}/readings").status_code == 303
    assert one(acme.world, select(PrinterPoll)).due_at <= utcnow()


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("192.168.1.7", "may not ask this address"),
        ("printer.local", "no network address"),
        ("", "Enter the printer's network address"),
    ],
)
def test_an_address_that_can_not_be_asked_is_refused(
    acme: Field, admin: Person, allowed: None, address: str, words: str
) -> None:
    answer = put(acme, admin, made(admin, **PLAIN), address)
    assert words in text_of(answer.text)
    assert rows(acme.world, select(PrinterPoll)) == []


def test_a_network_is_searched_and_its_printers_are_added(
    acme: Field, admin: Person, allowed: None
) -> None:
    machine = PrinterMachine(load_model("ricoh-mp-c2503"), seed=7, serial="E204R512345")
    with Agent(machine=machine, speed=0) as agent:
        profile = made(admin, **PLAIN | {"port": agent.port})
        begun = admin.post(
            f"{base(acme.world)}/discoveries",
            data={"network": "127.0.0.0/29", "profile": profile.public_id},
        )
        assert "being searched" in admin.get(begun.location).text
        with acme.world.portal.app_context():
            run("printer discoveries")
    page = text_of(admin.get(begun.location).text)
    assert "E204R512345" in page
    assert "6 addresses asked" in page
    added = admin.post(f"{begun.location}/printers", data={"address": "127.0.0.1", "button": ""})
    assert added.status_code == 303
    printer = one(acme.world, select(Printer).where(Printer.serial == "E204R512345"))
    assert (printer.maker, printer.polled_by) == ("Ricoh", "portal")
    again = admin.post(f"{begun.location}/printers", data={"address": "127.0.0.1", "button": ""})
    assert again.status_code == 303
    assert len(rows(acme.world, select(Printer).where(Printer.serial == "E204R512345"))) == 1


@pytest.mark.parametrize("network", ["10.0.0.0/24", "127.0.0.0/8", "everything", "8.8.8.8"])
def test_a_network_that_is_not_allowed_is_not_searched(
    acme: Field, admin: Person, allowed: None, network: str
) -> None:
    data = {"network": network, "profile": made(admin, **PLAIN).public_id}
    answer = admin.post(f"{base(acme.world)}/discoveries", data=data)
    assert answer.status_code in (400, 409, 422)
    assert rows(acme.world, select(PrinterDiscovery)) == []


def test_what_is_never_polled_is_a_list(acme: Field, admin: Person) -> None:
    url = f"{base(acme.world)}/reading/never"
    assert admin.post(url, data={"never": "LaserJet 4\n\nLaserJet 4\nTM-300"}).status_code == 303
    assert one(acme.world, select(PollRules)).never == ["LaserJet 4", "TM-300"]
    assert "of 3 to 100 characters" in text_of(admin.post(url, data={"never": "x"}).text)


def test_strangers_and_readers_change_nothing(
    acme: Field, admin: Person, reader: Person, stranger: Person
) -> None:
    profile = made(admin)
    here = f"{base(acme.world)}/reading"
    assert reader.get(here).status_code == 200
    assert reader.get(f"{here}/profiles/{profile.public_id}/edit").status_code == 403
    assert reader.post(f"{here}/profiles", data=STRONG).status_code == 403
    assert stranger.get(here).status_code == 404
    own = f"/o/{acme.world.globex}/printers/reading/profiles/{profile.public_id}/edit"
    assert stranger.get(own).status_code == 404


def test_readings_are_thinned_to_one_a_day_and_forgotten_after_three_years(acme: Field) -> None:
    """Of five readings of a day ninety days ago the last whole one stays; those of last week all do."""
    world = acme.world
    with world.portal.app_context(), unscoped("a test"):
        printer = db.session.scalars(select(Printer).where(Printer.public_id == acme.printer)).one()
        now = utcnow().replace(hour=12)
        for days, hours in ((100, 5), (101, 1), (7, 5), (1200, 1)):
            for hour in range(hours):
                moment = now.replace(hour=hour) - timedelta(days=days)
                db.session.add(
                    PrinterReading(
                        organisation_id=world.acme_id,
                        printer_id=printer.id,
                        at=moment,
                        source="poll",
                        raw=b"",
                        decoded={},
                        complete=hour != 4,
                    )
                )
        db.session.flush()
        thin_out_readings(now - timedelta(days=90))
        remove_old_readings(now - timedelta(days=3 * 365))
        commit()
    left = rows(world, select(PrinterReading).order_by(PrinterReading.at))
    assert [(r.at.hour, r.daily) for r in left] == [
        (0, True), (3, True), *((hour, False) for hour in range(5)),
    ]  # fmt: skip
