"""Other equipment takes a device's place; the old one is fenced, the history stays (P-43)."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from tests.cast import Person, sign_in
from tests.orgs.trees import events
from tests.printers.conftest import SERIAL, Field, acme
from tests.printers.desk import call_for_help, hidden, one, rows, text_of
from webapp.core.clock import utcnow
from webapp.devices.models import Credential, Device, Replacement
from webapp.printers.models import PanicRequest, Printer, PrinterReading

__all__ = ["acme"]
pytestmark = pytest.mark.feature("P-43")

NEW = "XRX0NEW001"


def page(acme: Field, more: str) -> str:
    return f"/o/{acme.world.acme}/devices/{acme.printer}/{more}"


def replace(
    acme: Field, admin: Person, serial: str = NEW, *, seen: str | None = None, sure: str = "yes"
) -> TestResponse:
    if seen is None:
        seen = hidden(admin.get(page(acme, "replacements/new")).text, "seen")
    form = {"serial": serial, "reason": "Mainboard broken", "seen": seen, "sure": sure}
    return admin.post(page(acme, "replacements"), form)


def credential_in(answer: TestResponse) -> str:
    found = re.search(r"op_printer_[a-z0-9]{12}_[A-Za-z0-9_-]{43}", answer.text)
    assert found is not None, answer.text
    return found[0]


def make_credential(acme: Field, admin: Person) -> TestResponse:
    nonce = hidden(admin.get(page(acme, "support")).text, "nonce")
    return admin.post(page(acme, "credentials"), {"nonce": nonce})


def launch(acme: Field, token: str, serial: str | None = NEW) -> TestResponse:
    return acme.launch(token=token, facts={"serial": serial})


def printer(acme: Field) -> Printer:
    return one(acme.world, select(Printer).where(Printer.public_id == acme.printer))  # type: ignore[no-any-return]


def test_what_it_means_is_shown_before_it_is_done(acme: Field, admin: Person) -> None:
    answer = replace(acme, admin, sure="")
    assert answer.status_code == 200
    assert f"Replace {SERIAL} by {NEW}?" in text_of(answer.text)
    assert printer(acme).serial == SERIAL
    assert rows(acme.world, select(Replacement)) == []


def test_the_new_one_speaks_and_the_history_stays(acme: Field, admin: Person) -> None:
    call_for_help(acme)
    old_readings = one(acme.world, select(func.count()).select_from(PrinterReading))
    answer = replace(acme, admin)
    assert answer.status_code == 200
    token = credential_in(answer)
    changed = printer(acme)
    assert (changed.serial, changed.serial_end) == (NEW, NEW[::-1])
    assert changed.name == "Colour 2nd floor"
    assert changed.button_id is not None
    assert changed.pages_total is None
    assert one(acme.world, select(Device.serial).where(Device.public_id == acme.printer)) == NEW
    opened = launch(acme, token)
    assert opened.status_code == 201
    assert opened.json["outcome"] == "open"  # type: ignore[index]
    assert launch(acme, acme.token).json["outcome"] == "open"  # type: ignore[index]
    assert one(acme.world, select(PanicRequest.printer_id)) == changed.id
    assert one(acme.world, select(func.count()).select_from(PrinterReading)) == old_readings + 2
    assert "devices:device:replaced" in events(acme.world, acme.world.acme_id)


def test_the_old_serial_is_told_by_what_it_was_replaced(
    acme: Field, admin: Person, reader: Person
) -> None:
    replace(acme, admin)
    answer = acme.launch()
    assert answer.status_code == 409
    assert answer.json["code"] == "device_replaced"  # type: ignore[index]
    assert answer.json["replaced_by"] == NEW  # type: ignore[index]
    public_id = acme.token.split("_")[2]
    shown = reader.get(f"/o/{acme.world.acme}/enrolment-tokens/{public_id}/support").text
    assert "device_replaced" in shown


def test_the_old_credential_is_told_so_too(acme: Field, admin: Person, reader: Person) -> None:
    old = credential_in(make_credential(acme, admin))
    assert launch(acme, old, SERIAL).status_code == 201
    replace(acme, admin)
    answer = launch(acme, old, SERIAL)
    assert answer.status_code == 401
    assert answer.json["code"] == "device_replaced"  # type: ignore[index]
    assert answer.json["replaced_by"] == NEW  # type: ignore[index]
    wrong = acme.launch(token=old[:-3] + "xxx")
    assert wrong.json["code"] == "credential_invalid", "only who has the secret learns it"  # type: ignore[index]
    shown = text_of(reader.get(page(acme, "support")).text)
    assert "Fenced off" in shown
    assert f"{SERIAL} → {NEW}" in shown
    assert "Mainboard broken" in shown


def test_replaced_back_the_old_one_is_heard_again(acme: Field, admin: Person) -> None:
    replace(acme, admin)
    replace(acme, admin, SERIAL)
    assert acme.launch().json["outcome"] == "open"  # type: ignore[index]
    assert launch(acme, acme.token, NEW).status_code == 409


def test_an_old_serial_that_is_another_printer_now_is_not_fenced(
    acme: Field, admin: Person
) -> None:
    replace(acme, admin)
    new = {"name": "Cellar", "serial": SERIAL, "button": acme.button}
    assert admin.post(f"/o/{acme.world.acme}/printers", {"nonce": "n1", **new}).status_code == 303
    assert acme.launch().json["outcome"] == "open"  # type: ignore[index]


def test_of_two_who_replace_at_once_one_wins(acme: Field, admin: Person) -> None:
    seen = hidden(admin.get(page(acme, "replacements/new")).text, "seen")
    people = [admin, sign_in(acme.world, "admin@acme.test")]
    with ThreadPoolExecutor(2) as pool:
        answers = list(
            pool.map(
                lambda n: replace(acme, people[n], f"XRX0NEW00{n}", seen=seen).status_code, (0, 1)
            )
        )
    assert sorted(answers) == [200, 409]
    (row,) = rows(acme.world, select(Replacement))
    assert printer(acme).serial == row.new_serial
    valid = select(Credential).where(Credential.kind == "printer", Credential.revoked_at.is_(None))
    assert len(rows(acme.world, valid)) == 1


@pytest.mark.parametrize(
    ("serial", "words"),
    [
        ("", "Enter the serial number of the new device"),
        ("00000000", "Enter the serial number of the new printer"),
        (SERIAL.lower(), "the serial number that it has now"),
        ("TAKEN77", "is already the serial number of Reception"),
        ("x" * 65, "At most 64 characters"),
    ],
)
def test_unusable_serials_are_refused_and_nothing_changes(
    acme: Field, admin: Person, serial: str, words: str
) -> None:
    taken = {"name": "Reception", "serial": "TAKEN77", "button": acme.button, "version": "1"}
    admin.post(f"/o/{acme.world.acme}/printers/{acme.spare}/edit", taken)
    answer = replace(acme, admin, serial)
    assert answer.status_code == 422
    assert words in text_of(answer.text)
    assert printer(acme).serial == SERIAL
    assert rows(acme.world, select(Replacement)) == []


# Its own credentials --------------------------------------------------------------------------------------


def test_a_credential_is_rotated_with_two_valid_meanwhile(
    acme: Field, admin: Person, reader: Person
) -> None:
    first, second = (credential_in(make_credential(acme, admin)) for _ in range(2))
    assert launch(acme, first, SERIAL).status_code == 201
    assert launch(acme, second, SERIAL).status_code == 201
    support = admin.get(page(acme, "support")).text
    assert "Make a new credential" not in support
    third = admin.post(page(acme, "credentials"), {"nonce": "another"})
    assert third.status_code == 409
    public_id = first.split("_")[2]
    confirm = admin.get(page(acme, f"credentials/{public_id}/revocations/confirm"))
    assert "Revoke this credential now?" in confirm.text
    assert admin.post(page(acme, f"credentials/{public_id}/revocations")).status_code == 303
    assert launch(acme, first, SERIAL).json["code"] == "credential_invalid"  # type: ignore[index]
    assert launch(acme, second, SERIAL).status_code == 201
    assert (
        "never used" not in text_of(reader.get(page(acme, "support")).text).split("Credentials")[1]
    )
    assert events(acme.world, acme.world.acme_id).count("devices:credential:created") == 2
    assert "devices:credential:revoked" in events(acme.world, acme.world.acme_id)


def test_a_double_click_makes_one_credential(acme: Field, admin: Person) -> None:
    form = {"nonce": "one and the same"}
    assert admin.post(page(acme, "credentials"), form).status_code == 200
    assert admin.post(page(acme, "credentials"), form).status_code == 303
    assert len(rows(acme.world, select(Credential).where(Credential.kind == "printer"))) == 1


def test_a_credential_carried_to_another_machine_is_refused(acme: Field, admin: Person) -> None:
    token = credential_in(make_credential(acme, admin))
    answer = launch(acme, token, "OTHER1")
    assert answer.status_code == 409
    assert answer.json["code"] == "serial_differs"  # type: ignore[index]
    assert launch(acme, token, None).json["outcome"] == "open"  # type: ignore[index]


@pytest.mark.feature("P-9")
def test_both_ask_for_a_fresh_proof(acme: Field, admin: Person) -> None:
    with time_machine.travel(utcnow() + timedelta(minutes=11), tick=False):
        assert replace(acme, admin).status_code == 403
        assert make_credential(acme, admin).status_code == 403
    assert rows(acme.world, select(Credential).where(Credential.kind == "printer")) == []


@pytest.mark.feature("P-15")
def test_readers_see_neither(acme: Field, reader: Person) -> None:
    shown = reader.get(page(acme, "support")).text
    assert "Replace device" not in shown
    assert "Make a credential" not in shown
    assert reader.get(page(acme, "replacements/new")).status_code == 403
    assert reader.post(page(acme, "replacements"), {"serial": NEW}).status_code == 403


@pytest.mark.feature("P-11")
def test_strangers_replace_nobodys_device(acme: Field, stranger: Person) -> None:
    globex = f"/o/{acme.world.globex}/devices/{acme.printer}"
    assert stranger.get(f"{globex}/replacements/new").status_code == 404
    assert stranger.post(f"{globex}/replacements", {"serial": NEW}).status_code == 404
    assert stranger.post(f"{globex}/credentials").status_code == 404
    assert printer(acme).serial == SERIAL


def test_a_removed_printer_takes_its_credentials_along(acme: Field, admin: Person) -> None:
    token = credential_in(make_credential(acme, admin))
    admin.post(f"/o/{acme.world.acme}/printers/{acme.printer}/removals")
    assert launch(acme, token, SERIAL).status_code == 401
