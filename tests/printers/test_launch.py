"""The app's message (B-1, B-2): known, unknown, repeated, hostile."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from tests.cast import World
from tests.printers.conftest import SERIAL, Field
from webapp.core.clock import utcnow
from webapp.core.db import commit, db
from webapp.core.tenancy import scope, unscoped
from webapp.devices.access import ENROLMENT, issue
from webapp.devices.models import Credential
from webapp.printers.models import PanicLaunch, Printer, PrinterReading
from webapp.printers.services import add_printer
from webapp.printers.snmp import raw
from webapp.printers.snmp import recordings as walks

RECORDINGS = Path(__file__).parents[3] / "shared/data/snmprec"


def stored(world: World, statement: Any) -> Any:
    with world.portal.app_context(), unscoped("looking at what was stored"):
        return db.session.scalar(statement)


@pytest.mark.feature("B-1")
def test_ping_tells_that_the_portal_is_there_and_what_to_read(acme: Field) -> None:
    answer = acme.client.get("/device/v1/ping")
    assert answer.status_code == 200
    assert answer.json is not None
    assert answer.json["service"] == "outpost"
    assert "1.3.6.1.2.1.43" in answer.json["gather"][""]
    assert any(prefix.startswith("1.3.6.1.4.1.253") for prefix in answer.json["gather"])


@pytest.mark.feature("B-2")
def test_a_known_serial_is_answered_with_its_button(acme: Field) -> None:
    answer = acme.launch(badge_email="anna@acme.test")
    assert answer.status_code == 201
    assert answer.json is not None
    assert answer.json["outcome"] == "open"
    assert answer.json["support_phone"] == "+32 2 555 12 34"
    assert answer.json["printer"] == {"name": "Colour 2nd floor", "location": "Alliance, 2nd floor"}
    assert "/p/" in answer.json["url"]


@pytest.mark.feature("B-2")
def test_serials_are_compared_as_people_and_printers_write_them(acme: Field) -> None:
    answer = acme.launch(facts={"serial": f"  {SERIAL.lower()}\x01 "})
    assert answer.json
    assert answer.json["outcome"] == "open"


@pytest.mark.feature("B-2")
@pytest.mark.parametrize("serial", ["UNKNOWN1", "0000000", "XXXXXX", "", None])
def test_an_unknown_or_unusable_serial_asks_for_the_code(acme: Field, serial: str | None) -> None:
    answer = acme.launch(facts={"serial": serial})
    assert answer.json
    assert answer.json["outcome"] == "code_needed"
    assert "printer" not in answer.json


@pytest.mark.feature("B-1")
def test_a_serial_of_another_organisation_counts_as_unknown(acme: Field, world: World) -> None:
    with world.portal.app_context(), scope(world.globex_id):
        _, theirs = issue(
            ENROLMENT, organisation_id=world.globex_id, name="", created_by="", now=utcnow()
        )
        commit()
    answer = acme.launch(token=theirs)
    assert answer.json
    assert answer.json["outcome"] == "code_needed"


def test_the_same_serial_of_two_makers_is_told_apart_by_the_maker(
    acme: Field, world: World
) -> None:
    with world.portal.app_context(), scope(world.acme_id):
        button_id = db.session.scalar(
            select(Printer.button_id).where(Printer.public_id == acme.printer)
        )
        first = db.session.scalars(select(Printer).where(Printer.public_id == acme.printer)).one()
        first.maker = "Xerox"
        twin = add_printer(
            "Twin",
            organisation_id=world.acme_id,
            button=None,
            serial=SERIAL,
            maker="Ricoh",
            now=utcnow(),
        )
        twin.button_id = button_id
        commit()
    reading = {"1.3.6.1.2.1.1.1.0": ["string", b"RICOH IM C3000".hex()]}
    reading["1.3.6.1.2.1.1.2.0"] = ["oid", "1.3.6.1.4.1.367.1.1"]
    answer = acme.launch(reading=reading)
    assert answer.json
    assert answer.json["printer"]["name"] == "Twin"


@pytest.mark.feature("B-1")
def test_the_reading_is_stored_raw_and_decoded(acme: Field, world: World) -> None:
    reading = {
        "1.3.6.1.2.1.1.1.0": ["string", b"Xerox AltaLink C8045".hex()],
        "1.3.6.1.2.1.43.10.2.1.4.1.1": ["counter32", 580249],
        "1.3.6.1.2.1.43.5.1.1.17.1": ["string", SERIAL.encode().hex()],
    }
    acme.launch(facts={"ip": "192.0.2.31"}, reading=reading)
    kept = stored(world, select(PrinterReading))
    assert kept.pages_total == 580249
    assert kept.decoded["serial"] == SERIAL
    printer = stored(world, select(Printer).where(Printer.public_id == acme.printer))
    assert printer.pages_total == 580249
    assert str(printer.address) == "192.0.2.31"
    assert printer.state == "online"


@pytest.mark.feature("B-1")
def test_what_the_app_knows_itself_wins_over_the_reading(acme: Field, world: World) -> None:
    reading = {"1.3.6.1.2.1.43.10.2.1.4.1.1": ["counter32", 5]}
    facts = {
        "serial": SERIAL,
        "counters": {"total": 77},
        "faults": ["Paper jam", "", "Tray 2 empty"],
    }
    acme.launch(facts=facts, reading=reading)
    kept = stored(world, select(PrinterReading)).decoded
    assert kept["counters"]["total"] == 77
    assert kept["faults"] == ["Paper jam", "Tray 2 empty"]


@pytest.mark.skipif(not RECORDINGS.is_dir(), reason="the recordings of real printers are not here")
@pytest.mark.feature("B-1")
def test_every_recording_of_a_real_printer_can_launch(acme: Field, world: World) -> None:
    recordings = sorted(RECORDINGS.glob("*.snmprec"))
    for path in recordings:
        wire = raw.to_wire(walks.load(path))
        answer = acme.launch(facts={}, reading=dict(list(wire.items())[:4000]))
        assert answer.status_code == 201, (path.name, answer.text)
    assert stored(world, select(func.count()).select_from(PanicLaunch)) == len(recordings)


@pytest.mark.feature("B-1")
def test_the_same_launch_twice_is_one_launch_with_the_newest_link(
    acme: Field, world: World
) -> None:
    number = str(uuid.uuid4())
    first, second = acme.launch(launch_id=number), acme.launch(launch_id=number)
    assert first.status_code == second.status_code == 201
    assert stored(world, select(func.count()).select_from(PanicLaunch)) == 1
    assert stored(world, select(func.count()).select_from(PrinterReading)) == 1
    assert acme.client.get(first.json["url"]).status_code == 410  # type: ignore[index]
    assert acme.client.get(second.json["url"]).status_code == 303  # type: ignore[index]


@pytest.mark.feature("B-1")
def test_a_revoked_token_is_answered_like_an_unknown_one(acme: Field, world: World) -> None:
    with world.portal.app_context(), unscoped("revoking"):
        db.session.scalars(select(Credential)).one().revoked_at = utcnow()
        commit()
    revoked, unknown = acme.launch(), acme.launch(token="op_enrol_aaaaaaaaaaaa_" + "x" * 43)
    assert revoked.status_code == unknown.status_code == 401
    assert revoked.json == unknown.json
    assert revoked.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.feature("B-1")
def test_the_token_shows_when_it_was_used_last(acme: Field, world: World) -> None:
    assert stored(world, select(Credential.last_used_at)) is None
    acme.launch()
    assert stored(world, select(Credential.last_used_at)) is not None


BAD = {
    "no JSON": (b"{", 400, "invalid_json"),
    "not UTF-8": (b'{"badge_email": "\xff\xfe"}', 400, "invalid_json"),
    "no object": (b"[]", 422, "invalid_message"),
    "no id": (b"{}", 422, "invalid_message"),
    "id of the wrong form": (b'{"launch_id": "7"}', 422, "invalid_message"),
    "a megabyte of junk": (b"x" * 1_048_576, 413, "too_large"),
    "a megabyte of JSON": (b'{"launch_id":"' + b"a" * 1_048_576 + b'"}', 413, "too_large"),
    "deep nesting": (b'{"reading": {"1.3": ["integer", ' + b"[" * 100_000, 400, "invalid_json"),
}


@pytest.mark.feature("B-1", "Q-14")
@pytest.mark.parametrize("kind", BAD)
def test_a_body_that_is_no_launch_gets_a_clear_answer(acme: Field, kind: str) -> None:
    body, status, code = BAD[kind]
    headers = {"Authorization": f"Bearer {acme.token}", "Content-Type": "application/json"}
    answer = acme.client.post("/device/v1/printers/launch", data=body, headers=headers)
    assert answer.status_code == status
    assert answer.mimetype == "application/problem+json"
    assert answer.json
    assert answer.json["code"] == code
    assert answer.json["detail"]


@pytest.mark.parametrize(
    ("part", "where"),
    [
        ({"facts": {"serial": 7}}, "facts.serial"),
        ({"facts": {"counters": {"total": -1}}}, "facts.counters.total"),
        ({"facts": {"counters": {"total": 2**63}}}, "facts.counters.total"),
        ({"facts": {"faults": ["a"] * 5}}, "facts.faults"),
        ({"facts": {"name": "nul\x00"}}, ""),
        ({"facts": {"model": "m" * 121}}, "facts.model"),
        ({"reading": {"1.3.x": ["integer", 1]}}, "reading"),
        ({"reading": {"1.3.6": ["integer", "one"]}}, "reading.1.3.6"),
        ({"reading": {"1.3.6": ["string", "abc"]}}, "reading.1.3.6"),
        ({"reading": {"1.3.6": ["float", 1]}}, "reading.1.3.6"),
        ({"reading": {"1.3.6": [1]}}, "reading"),
        ({"badge_email": {"a": 1}}, "badge_email"),
    ],
)
@pytest.mark.feature("B-1", "Q-14")
def test_a_wrong_part_is_named(acme: Field, part: dict[str, Any], where: str) -> None:
    answer = acme.launch(**part)
    assert answer.status_code == 422, answer.text
    assert answer.json
    assert answer.json["code"] == "invalid_message"
    assert answer.json["errors"][0]["where"].startswith(where)


def test_a_wrong_content_type_is_named(acme: Field) -> None:
    headers = {"Authorization": f"Bearer {acme.token}", "Content-Type": "text/plain"}
    answer = acme.client.post("/device/v1/printers/launch", data=b"{}", headers=headers)
    assert answer.status_code == 415
    assert answer.json
    assert answer.json["code"] == "unsupported_media_type"


@pytest.mark.parametrize(
    "text", ["'; DROP TABLE printers; --", "<script>alert(1)</script>", "\r\nBcc: x@y"]
)
@pytest.mark.feature("Q-14")
def test_sql_html_and_line_breaks_are_only_text(acme: Field, world: World, text: str) -> None:
    facts = {"serial": text, "model": text, "name": text, "location": text, "faults": [text]}
    answer = acme.launch(facts=facts, badge_email=text)
    assert answer.status_code == 201
    kept = stored(world, select(PanicLaunch.facts))
    assert "\n" not in kept["model"]
    assert kept["model"].startswith(text.strip()[:5])
    assert stored(world, select(PanicLaunch.answers)) == {"email": ""}


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=30),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4)
    ),
    max_leaves=12,
)


@pytest.mark.feature("Q-14")
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(facts=json_values, reading=json_values, badge=json_values)
def test_no_message_breaks_the_portal(acme: Field, facts: Any, reading: Any, badge: Any) -> None:
    answer = acme.launch(facts=facts, reading=reading, badge_email=badge)
    assert answer.status_code in (201, 422, 429), answer.text
