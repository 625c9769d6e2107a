"""Printers and requests as programs read and work on them."""

from __future__ import annotations

from typing import Any

import pytest
import time_machine

from tests.api.programs import MakeProgram, Program, make_program, program
from tests.printers.conftest import SERIAL, Field
from tests.printers.desk import call_for_help
from webapp.core.clock import utcnow
from webapp.core.db import commit
from webapp.core.tenancy import scope
from webapp.orgs.permissions import Permission
from webapp.printers.services import add_printer

__all__ = ["make_program", "program"]

pytestmark = pytest.mark.feature("P-32")


def press(field: Field) -> None:
    call_for_help(field, badge_email="mia@acme.test", message="It makes a noise.")


def all_of(program: Program, path: str, what: str) -> list[dict[str, Any]]:
    """Every page, by following `next`."""
    found: list[dict[str, Any]] = []
    answer = program.get(path)
    while True:
        assert answer.status_code == 200, answer.text
        assert answer.json
        found.extend(answer.json[what])
        if answer.json["next"] is None:
            return found
        answer = program.call("GET", answer.json["next"].removeprefix("http://localhost"))


def only_request(program: Program) -> dict[str, Any]:
    found = all_of(program, "/printer-requests", "requests")
    assert len(found) == 1
    return found[0]


def test_printers_are_listed_in_the_order_of_their_names(acme: Field, program: Program) -> None:
    found = all_of(program, "/printers", "printers")
    assert [p["name"] for p in found] == ["Colour 2nd floor", "Reception"]
    first = found[0]
    assert first["serial"] == SERIAL
    assert first["button"] == {"id": acme.button, "name": "Alliance building"}
    assert first["state"] == "not_set_up"
    assert set(first["counters"]) == {"total", "black", "colour", "large"}


def test_pages_hold_every_printer_once(acme: Field, program: Program) -> None:
    with acme.world.portal.app_context(), scope(acme.world.acme_id):
        for number in range(25):
            add_printer(
                f"P {number % 7}", organisation_id=acme.world.acme_id, button=None, now=utcnow()
            )
        commit()
    found = all_of(program, "/printers?limit=4&state=not_set_up&state=online", "printers")
    assert len(found) == len({p["id"] for p in found}) == 27


def test_filters_narrow(acme: Field, program: Program) -> None:
    def names(query: str) -> list[str]:
        return [p["name"] for p in all_of(program, f"/printers?{query}", "printers")]

    assert names(f"serial={SERIAL.lower()}") == ["Colour 2nd floor"]
    assert names(f"button={acme.button}") == ["Colour 2nd floor", "Reception"]
    assert names("button=abcdefghjkmn") == []
    assert names("state=alarm") == []


@pytest.mark.parametrize(
    ("query", "where"),
    [
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=many", "limit"),
        ("limit=1&limit=2", "limit"),
        ("after=nonsense", "after"),
        ("state=broken", "state"),
        ("stat=online", ""),
        ("serial=", "serial"),
        ("button=1", "button"),
    ],
)
def test_a_bad_parameter_is_refused_by_name(
    acme: Field, program: Program, query: str, where: str
) -> None:
    answer = program.get(f"/printers?{query}")
    assert answer.status_code == 422
    assert answer.json
    assert where in answer.json["errors"][0]["where"]


def test_an_unchanged_answer_is_not_sent_twice(acme: Field, program: Program) -> None:
    for path in ("/printers", f"/printers/{acme.printer}", "/organisation"):
        first = program.get(path)
        again = program.get(path, headers={"If-None-Match": first.headers["ETag"]})
        assert again.status_code == 304
        assert again.data == b""
    acme.launch()
    changed = program.get("/printers", headers={"If-None-Match": first.headers["ETag"]})
    assert changed.status_code == 200


def test_a_request_is_found_with_all_that_is_known(acme: Field, program: Program) -> None:
    press(acme)
    found = only_request(program)
    assert found["state"] == "new"
    assert found["email"] == "mia@acme.test"
    assert found["printer"]["serial"] == SERIAL
    assert found["reasons"][0]["fr"]
    detail = program.get(f"/printer-requests/{found['id']}").json
    assert detail
    assert detail["message"] == "It makes a noise."
    assert [h["kind"] for h in detail["history"]] == ["opened"]
    assert detail["machine"]["address"] == "192.0.2.31"
    assert detail["url"].startswith(f"http://localhost/o/{acme.world.acme}/printers/requests/")


def test_since_and_state_narrow_requests(acme: Field, program: Program) -> None:
    with time_machine.travel("2026-03-02T08:00:00Z", tick=True):
        press(acme)
    press(acme)
    everything = all_of(program, "/printer-requests", "requests")
    assert [r["number"] for r in everything] == [1, 2]
    since = all_of(program, "/printer-requests?since=2026-03-03T00:00:00%2B01:00", "requests")
    assert [r["number"] for r in since] == [2]
    assert all_of(program, "/printer-requests?state=done", "requests") == []
    of = all_of(program, f"/printer-requests?printer={acme.printer}&state=new", "requests")
    assert len(of) == 2
    naive = program.get("/printer-requests?since=2026-03-03T00:00:00")
    assert naive.status_code == 422


def test_a_program_works_on_a_request(acme: Field, program: Program) -> None:
    press(acme)
    path = f"/printer-requests/{only_request(program)['id']}"
    steps = [
        ("notes", {"text": "Spare part is ordered"}, "new"),
        ("assignments", {"email": "Admin@acme.test"}, "in_progress"),
        ("answers", {"text": "Tomorrow at nine."}, "in_progress"),
        ("completions", None, "done"),
        ("completions", None, "done"),
        ("reopenings", {"email": "admin@acme.test"}, "in_progress"),
        ("returns", None, "new"),
    ]
    for step, body, state in steps:
        answer = program.post(f"{path}/{step}", json=body)
        assert answer.status_code == 201, f"{step}: {answer.text}"
        assert answer.json
        assert answer.json["state"] == state, step
    history = answer.json["history"]
    kinds = [h["kind"] for h in history]
    assert kinds == [
        "opened",
        "note",
        "assigned",
        "answered",
        "done",
        "reopened",
        "given_back",
    ]
    assert history[1]["by"] == "Ticket system"


@pytest.mark.parametrize(
    ("step", "body", "status"),
    [
        ("notes", {"text": ""}, 422),
        ("notes", {"text": "  \n"}, 422),
        ("notes", {"text": "x" * 4001}, 422),
        ("notes", {"txt": "x"}, 422),
        ("notes", [], 422),
        ("notes", None, 415),
        ("assignments", {"email": "nobody@acme.test"}, 422),
        ("assignments", {"email": "admin@globex.test"}, 422),
        ("reopenings", {"email": "admin@acme.test"}, 409),
        ("answers", {"text": 7}, 422),
    ],
)
def test_what_can_not_be_done_changes_nothing(
    acme: Field, program: Program, step: str, body: Any, status: int
) -> None:
    press(acme)
    path = f"/printer-requests/{only_request(program)['id']}"
    before = program.get(path).json
    assert program.post(f"{path}/{step}", json=body).status_code == status
    assert program.get(path).json == before


def test_reading_is_not_working(acme: Field, program: Program, make_program: MakeProgram) -> None:
    press(acme)
    path = f"/printer-requests/{only_request(program)['id']}/completions"
    reader = make_program(Permission.PRINTER_REQUESTS_READ)
    assert reader.post(path).status_code == 403


@pytest.mark.feature("Q-20")
def test_another_organisations_things_are_unknown(
    acme: Field, program: Program, make_program: MakeProgram
) -> None:
    press(acme)
    request = only_request(program)["id"]
    globex = make_program(maker="admin@globex.test")
    assert globex.get(f"/printers/{acme.printer}").status_code == 404
    assert globex.get(f"/printer-requests/{request}").status_code == 404
    assert globex.post(f"/printer-requests/{request}/completions").status_code == 404
    assert all_of(globex, "/printers", "printers") == []
    assert all_of(globex, f"/printer-requests?printer={acme.printer}", "requests") == []
    assert all_of(globex, f"/printers?button={acme.button}", "printers") == []
