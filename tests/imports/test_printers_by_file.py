"""B-8, P-42: printers from CSV files, whatever a spreadsheet writes; nothing before the yes, all taken back by undo."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from tests.cast import Person
from tests.imports.conftest import Desk
from tests.printers.desk import text_of
from webapp.audit.models import AuditRow
from webapp.devices.models import Device, Ownership
from webapp.imports.models import Import, ImportFault, ImportRow
from webapp.printers.models import Printer

pytestmark = pytest.mark.feature("B-8", "P-42")
GOOD = "name;serial;location\nArchiv Köln;AB1;Keller\nBüro;;„Süd“; mehr\n"


def made(desk: Desk) -> list[Printer]:
    return desk.all(select(Printer).order_by(Printer.id))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_every_encoding_of_spreadsheets(desk: Desk, encoding: str) -> None:
    url = desk.check(GOOD.replace("„Süd“", "Süd").encode(encoding))
    assert "Archiv Köln" in desk.person.get(url).text
    assert made(desk) == [], "nothing is made before somebody confirms"
    assert desk.commit(url).status_code == 303
    desk.work()
    assert [(p.name, p.serial) for p in made(desk)] == [("Archiv Köln", "AB1"), ("Büro", None)]


@pytest.mark.parametrize(
    "text",
    [
        "name,serial\nA,S1\n",
        "name\tserial\r\nA\tS1\r\n",
        "name|serial\rA|S1\r",
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
def test_every_delimiter_and_language(desk: Desk, text: str) -> None:
    desk.bring_in(text)
    assert [(p.name, p.serial) for p in made(desk)] == [("A", "S1")]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "The file is empty."),
        (b"\n\n", "The file is empty."),
        (b"name;serial\n", "no line below its heading"),
        (b"PK\x03\x04rest of a spreadsheet", "XLSX"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "XLS"),
        (b"%PDF-1.7", "PDF"),
        (b"name;serial\nA\x00;B\n", "no text"),
        (b"\xff\xfen\x00a", "not written in utf-16"),
        (b"\x00\x01\x02\x03", "no text"),
    ],
)
def test_what_is_no_table_is_told_in_a_sentence(desk: Desk, content: bytes, words: str) -> None:
    answer = desk.upload(content, "printers.csv")
    assert answer.status_code == 422
    assert words in text_of(answer.text)
    assert desk.all(select(Import)) == []


def test_another_encoding_can_be_chosen(desk: Desk) -> None:
    answer = desk.upload("name;serial\nŻabka;S1\n".encode("cp1250"), encoding="cp1250")
    assert "Żabka" in desk.person.get(answer.location).text


def test_columns_are_chosen_by_hand_and_values_given_for_all_lines(desk: Desk) -> None:
    url = desk.check("x;y\nA;S1\nB;\n", column_name="0", column_serial="1", default_maker="Xerox")
    desk.commit(url)
    desk.work()
    assert [(p.name, p.maker) for p in made(desk)] == [("A", "Xerox"), ("B", "Xerox")]


def test_a_needed_column_must_be_chosen(desk: Desk) -> None:
    answer = desk.upload("x;y\nA;S1\n")
    sent = desk.person.post(answer.location, {"version": "1"})
    assert sent.status_code == 422
    assert "Name is needed" in text_of(sent.text)


def test_faults_name_line_column_value_and_cause(desk: Desk) -> None:
    desk.bring_in("name;serial\nOld;S1\n")
    url = desk.check("name;serial;button\nA;S1;\n;S2;\nC;S3;Nowhere\nD;S4;\nE;s4;\nF;S6;\n")
    assert [(line, field) for line, field, _ in desk.faults()] == [
        (2, "serial"),
        (3, "name"),
        (4, "button"),
        (6, "serial"),
    ]
    page = text_of(desk.person.get(url).text)
    assert "already that of Old" in page
    assert "Nowhere" in page
    assert "stands in line 5 already" in page
    row = desk.row(url)
    assert (row.rows, row.faulty, row.good) == (6, 4, 2)


def test_faults_are_a_file_for_mending_them(desk: Desk) -> None:
    url = desk.check("name;button\nA;Nowhere\n")
    file = desk.person.get(f"{url}?format=csv")
    assert file.mimetype == "text/csv"
    assert "Nowhere" in file.text
    narrowed = desk.person.get(f"{url}?verdict=warning")
    assert "Nowhere" not in narrowed.text


def test_all_or_nothing_unless_one_says_otherwise(desk: Desk) -> None:
    url = desk.check("name;button\nA;Nowhere\nB;\n")
    desk.commit(url)
    desk.work()
    assert made(desk) == []
    desk.commit(url, faulty="skip")
    desk.work()
    assert [p.name for p in made(desk)] == ["B"]
    assert "1 line of this file was imported" in text_of(desk.person.get(url).text)


def test_what_became_known_meanwhile_ends_it_with_nothing_made(desk: Desk) -> None:
    url = desk.check("name;serial\nA;S1\nB;S2\n")
    desk.bring_in("name;serial\nOther;S2\n")
    desk.commit(url)
    desk.work()
    assert desk.state(url) == "failed"
    assert [p.name for p in made(desk)] == ["Other"]
    assert "Line 3 has become faulty since the check" in text_of(desk.person.get(url).text)


def test_undo_takes_all_back_and_the_log_says_so(desk: Desk) -> None:
    url = desk.bring_in(GOOD)
    assert len(made(desk)) == 2
    desk.undo(url)
    assert desk.state(url) == "undone"
    for table in (Printer, Device, Ownership):
        assert desk.all(select(table)) == []
    events = [row.event for row in desk.all(select(AuditRow).order_by(AuditRow.seq))]
    assert [e for e in events if "import" in e] == [
        "organisation:import:uploaded",
        "printers:printers:imported",
        "organisation:import:committed",
        "organisation:import:undone",
    ]


def test_undo_is_refused_once_a_printer_is_in_use(desk: Desk) -> None:
    url = desk.bring_in("name;serial\nA;S1\nB;S2\n")
    printer = made(desk)[0]
    edit = f"/o/{desk.world.acme}/printers/{printer.public_id}/edit"
    from webapp.core.db import commit, db
    from webapp.core.tenancy import unscoped

    with desk.world.portal.app_context(), unscoped("somebody edits it"):
        db.session.scalars(select(Printer).where(Printer.id == printer.id)).one().location = edit
        commit()
    desk.undo(url)
    assert desk.state(url) == "committed"
    assert len(made(desk)) == 2
    assert "line 2: was changed since" in text_of(desk.person.get(url).text)


def test_confirming_twice_makes_them_once(desk: Desk) -> None:
    url = desk.check("name\nA\n")
    version = str(desk.row(url).version)
    for _click in range(2):
        sent = desk.person.post(f"{url}/commits", {"version": version})
        assert sent.status_code == 303
    desk.work()
    assert len(made(desk)) == 1


def test_who_comes_too_late_is_told_and_nothing_happens(desk: Desk) -> None:
    url = desk.check("name\nA\n")
    answer = desk.person.post(f"{url}/commits", {"version": "1"})
    assert answer.status_code == 303
    assert "Somebody was faster" in text_of(desk.person.get(url).text)
    assert desk.state(url) == "checked"


def test_discarding_leaves_nothing(desk: Desk) -> None:
    url = desk.check("name\nA\n")
    assert desk.person.post(f"{url}/removals").status_code == 303
    assert desk.person.get(url).status_code == 404
    for table in (Import, ImportRow, ImportFault):
        assert desk.all(select(table)) == []


def test_a_quote_that_is_not_closed_is_told_with_its_line(desk: Desk) -> None:
    url = desk.check('name;serial\nA;S1\nB;"S2\n')
    assert desk.state(url) == "uploaded"
    assert "Line 3 can't be read" in text_of(desk.person.get(f"{url}/mapping").text)
    assert desk.staged() == []


def test_readers_and_strangers_stay_out(desk: Desk, reader: Person, stranger: Person) -> None:
    url = desk.check("name\nA\n")
    steps = (f"{url}/mapping", url, f"{desk.base}/new/printers", f"{url}/progress")
    for step in steps:
        assert reader.get(step).status_code == 403, step
        assert stranger.get(step).status_code == 404, step
    for act in ("commits", "undos", "cancellations", "removals", "mapping"):
        assert reader.post(f"{url}/{act}").status_code == 403, act
        assert stranger.post(f"{url}/{act}").status_code == 404, act
    assert "list.csv" not in reader.get(f"{desk.base}/").text
    assert desk.state(url) == "checked"


def test_an_example_file_can_be_taken_and_imported(desk: Desk) -> None:
    file = desk.person.get(f"{desk.base}/new/printers/example.csv")
    desk.bring_in(file.data)
    assert [p.name for p in made(desk)] == ["Reception"]
