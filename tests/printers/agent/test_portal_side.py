"""What the portal makes of a site agent's messages, and the screens of agents (B-12)."""

from __future__ import annotations

import gzip
import json
import re
import uuid
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from tests.cast import Person, sign_in
from tests.printers.conftest import SERIAL, Field, acme
from tests.printers.desk import base, change, hidden, rows, text_of
from webapp.alarms.models import Condition
from webapp.core.clock import utcnow
from webapp.core.db import commit
from webapp.core.tenancy import scope
from webapp.printers.agents.models import PrinterAgent, PrinterSighting
from webapp.printers.agents.services import AgentFacts, add_agent, notice_silent_agents
from webapp.printers.models import PanicButton, PanicLaunch, Printer, PrinterReading

__all__ = ["acme"]
pytestmark = pytest.mark.feature("B-12")

URL = "/device/v1/printers"
THEN = "2030-01-01T00:00:00Z"
XEROX = "1.3.6.1.4.1.253.8.62.1.19.4.5.1"


class Agent:
    """A site agent by hand: what it sends, word for word."""

    def __init__(self, acme: Field) -> None:
        self.acme, self.credential = acme, ""
        self.client: FlaskClient = acme.world.portal.test_client(use_cookies=False)
        with acme.world.portal.test_request_context(), scope(acme.world.acme_id):
            _agent, self.token = add_agent(
                AgentFacts(name="Padova"), organisation_id=acme.world.acme_id, now=utcnow()
            )
            commit()

    def enrol(self, install_id: str = "9d7a7c1e-0000-4000-8000-000000000001") -> TestResponse:
        answer = self.client.post(
            f"{URL}/agents", json={"install_id": install_id, "host": "nas"}, headers=_as(self.token)
        )
        if answer.status_code == 201:
            self.credential = answer.json["credential"]  # type: ignore[index]
        return answer

    def send(self, *readings: Any, **more: Any) -> TestResponse:
        body = {"sent_at": utcnow().isoformat(), "readings": list(readings), **more}
        return self.client.post(f"{URL}/readings", json=body, headers=_as(self.credential))

    def configuration(self, **headers: str) -> TestResponse:
        return self.client.get(
            f"{URL}/agent/configuration", headers={**_as(self.credential), **headers}
        )


def _as(bearer: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {bearer}"}


def reading(
    serial: str = SERIAL, total: int = 1000, at: datetime | None = None, **more: Any
) -> dict[str, Any]:
    return {
        "reading_id": str(uuid.uuid4()),
        "measured_at": (at or utcnow()).isoformat(),
        "address": "192.168.10.7",
        "reading": {
            "1.3.6.1.2.1.1.2.0": ["oid", XEROX],
            "1.3.6.1.2.1.1.1.0": ["string", b"Xerox AltaLink C8045".hex()],
            "1.3.6.1.2.1.43.5.1.1.17.1": ["string", serial.encode().hex()],
            "1.3.6.1.2.1.43.10.2.1.4.1.1": ["counter32", total],
        },
        **more,
    }


@pytest.fixture
def agent(acme: Field) -> Iterator[Agent]:
    made = Agent(acme)
    assert made.enrol().status_code == 201
    return made


def stored(agent: Agent) -> list[PrinterReading]:
    return rows(agent.acme.world, select(PrinterReading).order_by(PrinterReading.at))


def test_the_same_reading_again_is_known(agent: Agent) -> None:
    one = reading()
    assert agent.send(one).json == {"accepted": 1, "known": 0, "unknown": 0, "refused": []}
    assert agent.send(one, one).json == {"accepted": 0, "known": 2, "unknown": 0, "refused": []}
    assert len(stored(agent)) == 1


def test_rubbish_in_one_reading_refuses_that_one(agent: Agent) -> None:
    bad = reading(reading={"1.3.6": ["nonsense", 3]})
    answer = agent.send(reading(), bad).json
    assert answer is not None
    assert (answer["accepted"], len(answer["refused"])) == (1, 1)
    assert answer["refused"][0]["reading_id"] == bad["reading_id"]
    assert answer["refused"][0]["code"] == "invalid_message"


@pytest.mark.parametrize("hours", [-30, 7000])
def test_the_agents_clock_is_wrong_and_readings_are_dated_right(agent: Agent, hours: int) -> None:
    wrong = utcnow() + timedelta(hours=hours)
    body = {
        "sent_at": wrong.isoformat(),
        "readings": [reading(at=wrong - timedelta(minutes=90))],
    }
    sent = agent.client.post(f"{URL}/readings", json=body, headers=_as(agent.credential))
    assert sent.status_code == 200
    (row,) = stored(agent)
    assert abs(utcnow() - timedelta(minutes=90) - row.at) < timedelta(seconds=20)
    assert (
        abs(rows(agent.acme.world, select(PrinterAgent))[0].clock_off_seconds - hours * 3600) < 20
    )


def test_an_older_reading_that_comes_late_changes_no_present(agent: Agent) -> None:
    agent.send(reading(total=2000))
    agent.send(reading(total=1500, at=utcnow() - timedelta(hours=5)))
    printer = rows(agent.acme.world, select(Printer).where(Printer.serial == SERIAL))[0]
    assert (printer.pages_total, printer.counters_doubtful) == (2000, False)
    assert [r.pages_total for r in stored(agent)] == [1500, 2000]


def test_what_waited_for_long_alarms_nobody(agent: Agent) -> None:
    jam = {"1.3.6.1.2.1.25.3.5.1.2.1": ["string", "04"]}
    late = reading(at=utcnow() - timedelta(hours=20))
    late["reading"] |= jam
    agent.send(late)
    assert rows(agent.acme.world, select(Condition)) == []
    now = reading()
    now["reading"] |= jam
    agent.send(now)
    assert [c.kind for c in rows(agent.acme.world, select(Condition))] == ["printer_fault"]


def test_gzip_is_taken_and_a_bomb_is_not(agent: Agent) -> None:
    def post(body: bytes) -> TestResponse:
        headers = {**_as(agent.credential), "Content-Encoding": "gzip"}
        return agent.client.post(
            f"{URL}/readings", data=body, headers=headers, content_type="application/json"
        )

    good = json.dumps({"sent_at": utcnow().isoformat(), "readings": [reading()]}).encode()
    assert post(gzip.compress(good)).status_code == 200
    assert post(gzip.compress(b"[" * (20 << 20))).status_code == 413
    assert post(good).status_code == 400
    assert post(gzip.compress(good)[:-9]).status_code == 400
    assert post(zlib.compress(good)).status_code == 400
    launch = agent.client.post(
        f"{URL}/agent/launch",
        data=gzip.compress(b"{}"),
        headers={**_as(agent.credential), "Content-Encoding": "gzip"},
        content_type="application/json",
    )
    assert launch.status_code == 415


@pytest.mark.parametrize(
    "body",
    [
        {}, [], {"sent_at": "yesterday"}, {"sent_at": "2030-01-01T00:00:00"},
        {"sent_at": "2030-01-01T00:00:00Z", "readings": [{}]},
        {"sent_at": "2030-01-01T00:00:00Z", "queued": -1},
        {"sent_at": "0001-01-01T00:00:00Z", "readings": []},
        {"sent_at": "9999-12-31T23:59:59Z", "readings": []},
        {"sent_at": THEN, "looks": [{"address": "x" * 99, "asked_at": THEN}]},
        {"sent_at": THEN, "looks": [{"address": "not an address", "asked_at": THEN}]},
    ],
)  # fmt: skip
def test_bad_messages_are_answered_and_harm_nothing(agent: Agent, body: Any) -> None:
    answer = agent.client.post(f"{URL}/readings", json=body, headers=_as(agent.credential))
    assert answer.status_code in (200, 422), answer.text
    assert stored(agent) == []


@pytest.mark.parametrize(
    ("sent_at", "measured_at"),
    [
        ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"),
        ("9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z"),
    ],
)
def test_clocks_that_no_host_has(agent: Agent, sent_at: str, measured_at: str) -> None:
    body = {"sent_at": sent_at, "readings": [{**reading(), "measured_at": measured_at}]}
    answer = agent.client.post(f"{URL}/readings", json=body, headers=_as(agent.credential))
    assert (answer.status_code, answer.json["accepted"]) == (200, 1)  # type: ignore[index]


def test_a_second_installation_is_refused_and_the_first_may_ask_again(agent: Agent) -> None:
    first = agent.credential
    assert agent.enrol().status_code == 201
    assert agent.credential != first
    again = agent.client.get(f"{URL}/agent/configuration", headers=_as(first))
    assert again.status_code == 401
    other = agent.enrol("9d7a7c1e-0000-4000-8000-000000000002")
    assert (other.status_code, other.json["code"]) == (409, "token_used")  # type: ignore[index]


def test_a_token_dies_after_seven_days(acme: Field) -> None:
    made = Agent(acme)
    with time_machine.travel(utcnow() + timedelta(days=8), tick=False):
        answer = made.enrol()
    assert (answer.status_code, answer.json["code"]) == (410, "token_expired")  # type: ignore[index]


@pytest.mark.parametrize("path", ["readings", "agent/launch", "agents"])
def test_other_credentials_open_nothing(agent: Agent, path: str) -> None:
    for bearer in (agent.acme.token, "op_agent_aaaaaaaaaaaa_" + "x" * 43, ""):
        answer = agent.client.post(f"{URL}/{path}", json={}, headers=_as(bearer))
        assert answer.status_code == 401
    mine = agent.client.post(f"{URL}/launch", json={}, headers=_as(agent.credential))
    assert mine.status_code == 401


def test_the_configuration_has_an_etag_and_names_what_is_off(agent: Agent) -> None:
    agent.send(reading())
    first = agent.configuration()
    assert first.json["off"] == []  # type: ignore[index]
    tag = first.headers["ETag"]
    assert agent.configuration(**{"If-None-Match": tag}).status_code == 304
    change(agent.acme.world, select(Printer).where(Printer.serial == SERIAL), polled_by="none")
    second = agent.configuration(**{"If-None-Match": tag})
    assert second.json["off"] == [{"serial": SERIAL, "address": "192.168.10.7"}]  # type: ignore[index]


def test_looks_say_who_is_silent_and_who_is_back(agent: Agent) -> None:
    agent.send(reading())
    look = {"serial": SERIAL, "address": "192.168.10.7", "asked_at": utcnow().isoformat()}
    agent.send(looks=[{**look, "outcome": "silent", "failures": 1}])
    printer = select(Printer).where(Printer.serial == SERIAL)
    assert rows(agent.acme.world, printer)[0].state == "online"
    agent.send(looks=[{**look, "outcome": "silent", "failures": 2}])
    assert rows(agent.acme.world, printer)[0].state == "offline"
    agent.send(reading(total=1001))
    assert rows(agent.acme.world, printer)[0].state == "online"


def test_a_launch_by_the_agent_opens_the_form_of_the_printer(agent: Agent) -> None:
    body = {"launch_id": str(uuid.uuid4()), "facts": {"serial": SERIAL}}
    answer = agent.client.post(f"{URL}/agent/launch", json=body, headers=_as(agent.credential))
    assert (answer.status_code, answer.json["outcome"]) == (201, "open")  # type: ignore[index]
    (launch,) = rows(agent.acme.world, select(PanicLaunch))
    assert launch.printer_id is not None


def test_an_agent_that_says_nothing_alarms_and_recovers(acme: Field) -> None:
    with time_machine.travel(datetime(2030, 6, 3, 9, tzinfo=UTC), tick=False) as traveller:
        made = Agent(acme)
        made.enrol()
        made.send()
        for minutes in (16, 3):
            traveller.shift(timedelta(minutes=minutes))
            with acme.world.portal.app_context():
                notice_silent_agents()
        assert rows(acme.world, select(PrinterAgent))[0].state == "offline"
        (condition,) = rows(acme.world, select(Condition))
        assert (condition.kind, condition.state) == ("printer_agent_silent", "open")
        made.send()
        assert rows(acme.world, select(PrinterAgent))[0].state == "online"


def test_unknown_printers_are_offered_and_added_with_what_they_said(
    agent: Agent, admin: Person
) -> None:
    agent.send(reading("NEW1", 500), reading("NEW2", 700))
    agent.send(reading("NEW1", 510))
    url = f"{base(agent.acme.world)}/agents"
    page = admin.get(url).text
    assert "Seen by an agent, not yet added" in page
    seen = rows(agent.acme.world, select(PrinterSighting).order_by(PrinterSighting.serial))
    assert [s.serial for s in seen] == ["NEW1", "NEW2"]
    added = admin.post(
        f"{url}/sightings", data={"sighting": [seen[0].public_id], "button": agent.acme.button}
    )
    assert added.status_code == 303
    printer = rows(agent.acme.world, select(Printer).where(Printer.serial == "NEW1"))[0]
    assert (printer.polled_by, printer.pages_total, printer.maker) == ("agent", 510, "Xerox")
    assert [s.serial for s in rows(agent.acme.world, select(PrinterSighting))] == ["NEW2"]
    assert agent.send(reading("NEW1", 520)).json["accepted"] == 1  # type: ignore[index]
    assert "NEW1" in admin.get(f"{base(agent.acme.world)}?q=NEW1").text


def test_a_serial_that_came_to_be_known_meanwhile_is_passed_over(
    agent: Agent, admin: Person
) -> None:
    agent.send(reading("NEW1"))
    (seen,) = rows(agent.acme.world, select(PrinterSighting))
    wanted = select(Printer).where(Printer.serial == SERIAL)
    change(agent.acme.world, wanted, serial="NEW1")
    url = f"{base(agent.acme.world)}/agents"
    admin.post(f"{url}/sightings", data={"sighting": [seen.public_id], "button": ""})
    assert "stays here" in text_of(admin.get(url).text)


def test_the_screens_of_an_agents_life(acme: Field, admin: Person) -> None:
    url = f"{base(acme.world)}/agents"
    assert "No site agent yet" in admin.get(url).text
    assert admin.post(url, data={"name": ""}).status_code == 422
    form = {"name": "Padova", "quick_minutes": "5", "full_hours": "6", "search_hours": "24"}
    assert admin.post(url, data={**form, "quick_minutes": "0"}).status_code == 422
    nonce = hidden(admin.get(f"{url}/new").text, "nonce")
    made = admin.post(url, data={**form, "nonce": nonce})
    token = re.search(r"op_agentsetup_[a-z0-9]{12}_[A-Za-z0-9_-]{43}", made.text)
    assert token is not None
    assert rows(acme.world, select(PrinterAgent.name)) == ["Padova"]
    (agent,) = rows(acme.world, select(PrinterAgent))
    page = f"{url}/{agent.public_id}"
    assert token[0] not in admin.get(page).text
    version = hidden(admin.get(f"{page}/edit").text, "version")
    sent = admin.post(f"{page}/edit", data={**form, "name": "Padova 2", "version": version})
    assert sent.status_code == 303, text_of(sent.text)
    stale = admin.post(f"{page}/edit", data={**form, "name": "Padova 3", "version": version})
    assert stale.status_code == 409
    assert admin.post(f"{page}/closures").status_code == 303
    assert "It reads nothing" in admin.get(page).text
    assert admin.post(f"{page}/openings").status_code == 303
    for act in ("setups", "revocations"):
        assert admin.get(f"{page}/confirm/{act}").status_code == 200
    assert "op_agentsetup_" in admin.post(f"{page}/setups").text
    assert admin.post(f"{page}/revocations").status_code == 303


def test_strangers_find_no_agent(acme: Field) -> None:
    Agent(acme)
    (agent,) = rows(acme.world, select(PrinterAgent))
    stranger = sign_in(acme.world, "admin@globex.test")
    assert stranger.get(f"{base(acme.world)}/agents/{agent.public_id}").status_code == 404
    own = f"/o/{acme.world.globex}/printers/agents/{agent.public_id}"
    assert stranger.get(own).status_code == 404
    assert stranger.post(f"{own}/revocations").status_code == 404


def test_a_button_of_nobody_else_is_chosen(agent: Agent, admin: Person) -> None:
    agent.send(reading("NEW1"))
    (seen,) = rows(agent.acme.world, select(PrinterSighting))
    url = f"{base(agent.acme.world)}/agents/sightings"
    refused = admin.post(url, data={"sighting": [seen.public_id], "button": "abcdefghjkmn"})
    assert refused.status_code == 422
    assert rows(agent.acme.world, select(PanicButton.public_id)) == [agent.acme.button]
