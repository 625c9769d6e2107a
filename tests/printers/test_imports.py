"""Printers from CSV files (B-8): every encoding and delimiter that spreadsheets write; nothing before the yes."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from tests.cast import Person, World
from tests.printers.conftest import SERIAL, Field
from tests.printers.desk import base, one, rows, text_of
from webapp.core.errors import Refusal
from webapp.core.web import Portal
from webapp.devices.models import Device, Ownership
from webapp.printers.imports.columns import WORDS, mapped
from webapp.printers.imports.reading import read
from webapp.printers.models import Printer, PrinterImport

pytestmark = pytest.mark.feature("B-8")
GOOD = "name;serial;location\nArchiv Köln;AB1;Keller\nBüro;;„Süd“; mehr\n"


def upload(
    person: Person, world: World, content: bytes, name: str = "printers.csv"
) -> TestResponse:
    return person.post(f"{base(world)}/imports", {"file": (io.BytesIO(content), name)})


def confirm(person: Person, draft: str, **data: str) -> TestResponse:
    return person.post(f"{draft}/confirmations", data)


def made(world: World) -> list[Printer]:
    return rows(world, select(Printer).order_by(Printer.id))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_every_encoding_of_spreadsheets(world: World, admin: Person, encoding: str) -> None:
    text = GOOD.replace("„Süd“", "Süd")
    draft = upload(admin, world, text.encode(encoding))
    assert draft.status_code == 303, text_of(draft.text)
    assert "Archiv Köln" in admin.get(draft.location).text
    assert made(world) == [], "nothing is made before somebody confirms"
    assert confirm(admin, draft.location).status_code == 303
    assert [(p.name, p.serial) for p in made(world)] == [("Archiv Köln", "AB1"), ("Büro", None)]


@pytest.mark.parametrize(
    "text",
    [
        "name,serial\nA,S1\n",
        "name\tserial\r\nA\tS1\r\n",
        "sep=;\nname;serial\nA;S1\n",
        'name;serial\n"A";"S1"\n',
        "\n\nserial;extra;name\n\nS1;x;A\n\n",
        "SERIAL NUMBER;Name\nS1;A",
        "N° de série;Nom\nS1;A",
        "Seriennummer;Bezeichnung\nS1;A",
        "Matricola;Nome\nS1;A",
        "Número de serie;Nombre\nS1;A",
        "Numer seryjny;Nazwa\nS1;A",
        "Serienummer;Namn\nS1;A",
    ],
)
def test_every_delimiter_and_language(portal: Portal, text: str) -> None:
    with portal.test_request_context():
        lines = read(text.encode())
        places = mapped(lines[0].cells)
    (line,) = lines[1:]
    assert line.cells[places["name"]] == "A"
    assert line.cells[places["serial"]] == "S1"


def test_no_word_names_two_fields() -> None:
    words = [word for group in WORDS.values() for word in group.split(", ")]
    assert len(words) == len(set(words))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "file is empty"),
        (b"  \n \n", "file is empty"),
        (b"name\n", "no line below its heading"),
        (b"serial\nS1\n", "one of them"),
        (b"name;Nom\nA;B\n", "Two columns are"),
        (b'name;serial\n"A;S1\n', "Line 2 can't be read"),
        (b"PK\x03\x04rest", "file of type XLSX"),
        (b"%PDF-1.7", "file of type PDF"),
        (b"name\x00;serial\nA;B", "no text that can be read"),
        (b"\xff\xfe\x00", "no text that can be read"),
        (b"name\n" + b"A\n" * 10_001, "more than 10,000 lines"),
        (b"name\n" + b"A" * (2 * 1024 * 1024), "more than 2 MB"),
    ],
)
def test_a_bad_file_is_told_in_a_sentence(
    world: World, admin: Person, content: bytes, words: str
) -> None:
    answer = upload(admin, world, content)
    assert answer.status_code == 422
    assert words in text_of(answer.text)
    assert rows(world, select(PrinterImport)) == []


def test_no_file_is_told_too(world: World, admin: Person) -> None:
    answer = admin.post(f"{base(world)}/imports", {})
    assert answer.status_code == 422
    assert "Choose a file" in answer.text


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(portal: Portal, content: bytes) -> None:
    """Nothing else is raised, whatever stands in the file."""
    with portal.test_request_context(), suppress(Refusal):
        mapped(read(content)[0].cells)


def test_our_own_file_comes_back_as_it_was(world: World, admin: Person) -> None:
    """Cells that look like formulas leave with an apostrophe before them."""
    admin.post(base(world), {"name": "=Reception", "serial": "AB1", "button": ""})
    content = admin.get(f"{base(world)}?format=csv").data
    admin.post(f"{base(world)}/{made(world)[0].public_id}/removals")
    draft = upload(admin, world, content).location
    assert confirm(admin, draft).status_code == 303
    assert [(p.name, p.serial) for p in made(world)] == [("=Reception", "AB1")]


FAULTY = (
    "name;serial;button;location\n"
    f"One;{SERIAL};;\n"
    ";X9;;\n"
    "Three;T3;Nowhere;\n"
    "Four;F4;alliance BUILDING;\n"
    "Five;f4;;\n"
    "Six;0000;;\n"
    f"Seven;S7;;{'y' * 201}\n"
)


def test_every_line_has_its_verdict(acme: Field, admin: Person) -> None:
    draft = upload(admin, acme.world, FAULTY.encode()).location
    shown = text_of(admin.get(draft).text)
    for words in (
        "already that of Colour 2nd floor",
        "The name is missing",
        "There is no panic button “Nowhere”",
        "stands in line 5 already",
        "“0000” is no serial number",
        "Location has more than 200 characters",
        "6 lines are faulty",
    ):
        assert words in shown
    only = admin.get(f"{draft}?only=faulty").text
    assert "Four" not in text_of(only)


def test_faulty_lines_are_left_out_only_when_asked(acme: Field, admin: Person) -> None:
    draft = upload(admin, acme.world, FAULTY.encode()).location
    refused = confirm(admin, draft)
    assert refused.status_code == 409
    assert "Some lines are faulty" in refused.text
    assert len(made(acme.world)) == 2
    assert confirm(admin, draft, faulty="skip").status_code == 303
    four = made(acme.world)[-1]
    assert (four.name, four.serial, four.serial_end) == ("Four", "F4", "4F")
    assert four.button_id == made(acme.world)[0].button_id
    assert "1 printer was added from this file" in text_of(admin.get(draft).text)


def test_confirming_twice_makes_the_printers_once(world: World, admin: Person) -> None:
    draft = upload(admin, world, b"name\nA\nB\n").location
    people = [admin, Person(world, admin.email, world.portal.test_client())]
    cookie = admin.client.get_cookie("outpost")
    assert cookie is not None
    people[1].client.set_cookie("outpost", cookie.value)
    with ThreadPoolExecutor() as pool:
        answers = list(pool.map(lambda person: confirm(person, draft), people))
    assert [answer.status_code for answer in answers] == [303, 303]
    assert [p.name for p in made(world)] == ["A", "B"]
    assert confirm(admin, draft).status_code == 303
    assert len(made(world)) == 2
    assert len(rows(world, select(Ownership))) == 2


def test_what_became_known_meanwhile_is_seen_at_the_yes(acme: Field, admin: Person) -> None:
    draft = upload(admin, acme.world, b"name;serial\nA;NEW1\nB;\n").location
    admin.post(base(acme.world), {"name": "Quick", "serial": "NEW1", "button": ""})
    refused = confirm(admin, draft)
    assert refused.status_code == 409
    assert "already that of Quick" in text_of(refused.text)


def test_two_thousand_printers_in_one_go(world: World, admin: Person) -> None:
    lines = "\n".join(f"Printer {n};S{n:05}" for n in range(2000))
    draft = upload(admin, world, f"name;serial\n{lines}\n".encode())
    assert confirm(admin, draft.location).status_code == 303
    assert one(world, select(func.count()).select_from(Printer)) == 2000
    assert one(world, select(func.count()).select_from(Device)) == 2000
    assert one(world, select(func.count(func.distinct(Printer.code_digest)))) == 2000


def test_a_draft_of_another_organisation_is_unknown(
    world: World, admin: Person, stranger: Person
) -> None:
    draft = upload(admin, world, b"name\nA\n").location
    elsewhere = draft.replace(world.acme, world.globex)
    assert stranger.get(elsewhere).status_code == 404
    assert confirm(stranger, elsewhere).status_code == 404
    assert made(world) == []
