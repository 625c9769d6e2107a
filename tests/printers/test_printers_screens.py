"""The administrator's printers (B-8): list, search, page, add, change, code, unbind, remove."""

from __future__ import annotations

import csv
import io

import pytest
from sqlalchemy import select

from tests.cast import Person, World
from tests.printers.conftest import SERIAL, Field
from tests.printers.desk import base, call_for_help, hidden, one, rows, text_of
from webapp.audit.models import AuditRow
from webapp.core.tenancy import scope
from webapp.devices.models import Device
from webapp.printers.codes import code_of
from webapp.printers.events import PrinterEvent
from webapp.printers.models import PanicLaunch, Printer, PrinterReading

pytestmark = pytest.mark.feature("B-8")
FACTS = {
    "serial": SERIAL,
    "ip": "192.0.2.31",
    "counters": {"total": 580249, "black": 400000, "colour": 180249, "large": 12},
    "faults": ["Paper jam in tray 2"],
    "supplies": [{"name": "Black toner", "level_percent": 5, "state": "low"}],
}


def printer(acme: Field, public_id: str = "") -> Printer:
    found: Printer = one(
        acme.world, select(Printer).where(Printer.public_id == (public_id or acme.printer))
    )
    return found


def code(acme: Field, public_id: str = "") -> str:
    with acme.world.portal.app_context():
        return code_of(printer(acme, public_id))


def events(world: World, event: PrinterEvent) -> list[AuditRow]:
    return rows(world, select(AuditRow).where(AuditRow.event == event.value).order_by(AuditRow.id))


def test_the_list_shows_what_a_printer_admin_needs(acme: Field, admin: Person) -> None:
    acme.launch(facts=FACTS)
    shown = text_of(admin.get(base(acme.world)).text)
    for words in ("Colour 2nd floor", SERIAL, "Alliance, 2nd floor", "Alliance building"):
        assert words in shown
    assert "580,249" in shown
    assert "400,000 · 180,249 · 12" in shown
    assert "Alarm" in shown
    assert code(acme) in shown
    assert "2 printers" in shown


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        (SERIAL[:5].lower(), {"Colour 2nd floor"}),
        (SERIAL[-5:], {"Colour 2nd floor"}),
        ("recep", {"Reception"}),
        ("floor colour", {"Colour 2nd floor"}),
        ("loor", set()),
    ],
)
def test_search_by_name_and_serial(acme: Field, admin: Person, typed: str, found: set[str]) -> None:
    page = admin.get(f"{base(acme.world)}?q={typed}").text
    assert {n for n in ("Colour 2nd floor", "Reception") if f">{n}</a>" in page} == found


def test_a_code_is_found_whole_and_only_by_those_who_may_edit(
    acme: Field, admin: Person, reader: Person
) -> None:
    spare = acme.spare_code
    assert ">Reception</a>" in admin.get(f"{base(acme.world)}?q={spare.lower()}").text
    assert ">Reception</a>" not in admin.get(f"{base(acme.world)}?q={spare[:4]}").text
    assert ">Reception</a>" not in reader.get(f"{base(acme.world)}?q={spare}").text


def test_readers_never_see_codes(acme: Field, reader: Person) -> None:
    for page in ("", f"/{acme.spare}", "?format=csv"):
        assert acme.spare_code not in reader.get(base(acme.world) + page).text


def test_filters_by_button_state_and_model(acme: Field, admin: Person) -> None:
    acme.launch(facts=FACTS)
    for query, shown in (
        (f"button={acme.button}", 2),
        ("button=none", 0),
        ("state=alarm", 1),
        ("model=Xerox+AltaLink+C8045", 1),
        ("maker=none&state=not_set_up", 1),
    ):
        page = admin.get(f"{base(acme.world)}?{query}").text
        assert page.count("<tr data-row") == shown, query


def test_the_file_has_every_counter_in_a_column(acme: Field, admin: Person) -> None:
    acme.launch(facts=FACTS)
    answer = admin.get(f"{base(acme.world)}?format=csv&q={SERIAL}")
    assert answer.mimetype == "text/csv"
    (line,) = csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff")))
    assert line["Serial number"] == SERIAL
    assert line["Pages"].replace(",", "") == "580249"
    assert line["Pages A3"] == "12"
    assert line["Printer code"] == code(acme)
    assert line["Problem"] == "Paper jam in tray 2"


def test_the_page_tells_everything_of_the_last_reading(acme: Field, admin: Person) -> None:
    acme.launch(facts=FACTS)
    acme.launch(facts={**FACTS, "counters": {"total": 500}})
    shown = text_of(admin.get(f"{base(acme.world)}/{acme.printer}").text)
    assert "Paper jam in tray 2" in shown
    assert "Black toner" in shown
    assert "low" in shown
    assert "is lower than at an earlier reading" in shown
    assert "Pages black: the printer did not answer" in shown or "Pages black: no source" in shown
    assert "Serial number: the printer did not answer" not in shown, "the app told it"
    assert "192.0.2.31" in shown


def test_a_printer_is_added_and_gets_a_code(acme: Field, admin: Person) -> None:
    data = {"name": "Archive", "serial": " abc-123 ", "button": acme.button, "location": "Cellar"}
    answer = admin.post(base(acme.world), {**data, "nonce": "n1"})
    assert answer.status_code == 303
    made = one(acme.world, select(Printer).where(Printer.name == "Archive"))
    assert made.serial == "ABC-123"
    assert answer.location.endswith(f"/printers/{made.public_id}")
    assert code(acme, made.public_id) in admin.get(answer.location).text
    device = one(acme.world, select(Device).where(Device.id == made.id))
    assert (device.serial, device.name) == ("ABC-123", "Archive")
    assert len(events(acme.world, PrinterEvent.PRINTER_ADDED)) == 3


def test_a_double_click_adds_one(acme: Field, admin: Person) -> None:
    page = admin.get(f"{base(acme.world)}/new").text
    data = {"name": "Archive", "button": "", "nonce": hidden(page, "nonce")}
    first, second = admin.post(base(acme.world), data), admin.post(base(acme.world), data)
    assert first.location == second.location
    assert len(rows(acme.world, select(Printer).where(Printer.name == "Archive"))) == 1


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"name": "  "}, "Enter a name"),
        ({"serial": SERIAL.lower()}, "already the serial number of Colour 2nd floor"),
        ({"serial": "0000000"}, "This is no serial number"),
        ({"name": "x" * 121}, "At most 120 characters"),
        ({"button": "nothing"}, "Not a valid choice"),
    ],
)
def test_bad_input_is_shown_beside_what_was_typed(
    acme: Field, admin: Person, wrong: dict[str, str], words: str
) -> None:
    data = {"name": "Archive", "location": "Cellar", "button": acme.button, **wrong}
    answer = admin.post(base(acme.world), data)
    assert answer.status_code == 422
    assert words in text_of(answer.text)
    assert 'value="Cellar"' in answer.text
    assert len(rows(acme.world, select(Printer))) == 2


def test_a_printer_is_changed(acme: Field, admin: Person) -> None:
    url = f"{base(acme.world)}/{acme.printer}/edit"
    version = hidden(admin.get(url).text, "version")
    data = {"name": "Colour 3rd floor", "serial": "NEW1", "model": "C8055", "button": ""}
    assert admin.post(url, {**data, "version": version}).status_code == 303
    changed = printer(acme)
    assert (changed.name, changed.serial, changed.model) == ("Colour 3rd floor", "NEW1", "C8055")
    assert (changed.button_id, changed.serial_end) == (None, "1WEN")
    (row,) = events(acme.world, PrinterEvent.PRINTER_CHANGED)
    assert {"name", "serial", "model", "button_id"} <= set(row.payload["detail"]["changed"])


def test_who_comes_second_overwrites_nothing(acme: Field, admin: Person) -> None:
    url = f"{base(acme.world)}/{acme.printer}/edit"
    version = hidden(admin.get(url).text, "version")
    admin.post(url, {"name": "First", "button": acme.button, "version": version})
    second = admin.post(url, {"name": "Second", "button": acme.button, "version": version})
    assert second.status_code == 409
    assert "Somebody changed this" in second.text
    assert 'value="Second"' in second.text
    assert printer(acme).name == "First"


@pytest.mark.feature("B-2")
def test_a_new_code_binds_and_the_old_one_does_not(acme: Field, admin: Person) -> None:
    old = acme.spare_code
    confirm = admin.get(f"{base(acme.world)}/{acme.spare}/confirm/codes")
    assert "Make a new code for Reception?" in confirm.text
    assert admin.post(f"{base(acme.world)}/{acme.spare}/codes").status_code == 303
    new = code(acme, acme.spare)
    assert new != old
    path = acme.open(facts={"serial": "SWAPPED1"})
    assert acme.client.post(f"{path}/code", data={"code": old}).status_code == 422
    assert acme.client.post(f"{path}/code", data={"code": new}).status_code == 303
    assert printer(acme, acme.spare).serial == "SWAPPED1"


@pytest.mark.feature("B-2")
def test_an_unbound_printer_asks_for_its_code_again(acme: Field, admin: Person) -> None:
    acme.launch(facts=FACTS)
    page = admin.get(f"{base(acme.world)}/{acme.printer}").text
    assert f"Unbind Colour 2nd floor from {SERIAL}?" in text_of(page)
    admin.post(f"{base(acme.world)}/{acme.printer}/unbindings")
    released = printer(acme)
    assert (released.serial, released.pages_total, released.state) == (None, None, "not_set_up")
    answer = acme.launch(facts=FACTS)
    assert answer.json
    assert answer.json["outcome"] == "code_needed"


def test_a_printer_that_nobody_called_for_is_removed(acme: Field, admin: Person) -> None:
    acme.launch(facts=FACTS)
    answer = admin.post(f"{base(acme.world)}/{acme.printer}/removals")
    assert answer.status_code == 303
    assert rows(acme.world, select(Printer.name)) == ["Reception"]
    assert rows(acme.world, select(PrinterReading)) == []
    assert len(rows(acme.world, select(Device))) == 1
    assert rows(acme.world, select(PanicLaunch.printer_id)) == [None]
    assert len(events(acme.world, PrinterEvent.PRINTER_REMOVED)) == 1


def test_a_printer_with_requests_stays(acme: Field, admin: Person) -> None:
    call_for_help(acme)
    answer = admin.post(f"{base(acme.world)}/{acme.printer}/removals")
    assert answer.status_code == 409
    assert "Take it off its button instead" in text_of(answer.text)
    assert printer(acme).name == "Colour 2nd floor"


def test_ticked_printers_are_put_on_a_button(acme: Field, admin: Person) -> None:
    ticked = {"action": "button", "row": [acme.printer, acme.spare], "list": ""}
    answer = admin.post(f"{base(acme.world)}/bulk", ticked)
    page = admin.get(answer.location).text
    assert "2 printers" in text_of(page)
    form = {"printer": [acme.printer, acme.spare], "button": ""}
    assert admin.post(f"{base(acme.world)}/put-on-button", form).status_code == 303
    assert {p.button_id for p in rows(acme.world, select(Printer))} == {None}


def test_nothing_ticked_and_a_filter_that_is_gone_are_said(acme: Field, admin: Person) -> None:
    nothing = admin.post(f"{base(acme.world)}/bulk", {"action": "labels", "list": ""})
    assert nothing.status_code == 422
    assert "Tick at least one row" in nothing.text
    gone = {"action": "labels", "everything": "1", "list": "model=No+longer+there"}
    assert admin.post(f"{base(acme.world)}/bulk", gone).status_code == 409


def test_another_organisations_printer_is_unknown(
    acme: Field, world: World, stranger: Person
) -> None:
    theirs = f"/o/{world.globex}/printers"
    for path in (f"/{acme.printer}", f"/labels?printer={acme.printer}", f"/{acme.printer}/edit"):
        assert stranger.get(theirs + path).status_code == 404
    for path in ("codes", "unbindings", "removals"):
        assert stranger.post(f"{theirs}/{acme.printer}/{path}").status_code == 404
    assert SERIAL not in stranger.get(theirs).text
    assert printer(acme).serial == SERIAL


def test_an_empty_list_says_what_to_do(world: World, admin: Person, reader: Person) -> None:
    assert "Add printer" in admin.get(base(world)).text
    assert "Add printer" not in reader.get(base(world)).text
    with world.portal.app_context(), scope(world.acme_id):
        assert rows(world, select(Printer)) == []
