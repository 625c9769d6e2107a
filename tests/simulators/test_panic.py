import json
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulators.printer import (
    Agent,
    PanicApp,
    PrinterMachine,
    RefusedError,
    Target,
    UnreachableError,
    load_model,
)
from tests.simulators.conftest import recordings
from tests.simulators.portal import OPEN, TOKEN, Portal, check_launch, problem

pytestmark = pytest.mark.feature("B-1", "S-5")

BLACK_PAGES = "1.3.6.1.4.1.253.8.53.13.2.1.6.1.20.34"


@pytest.fixture
def agent() -> Iterator[Agent]:
    with Agent(machine=PrinterMachine(load_model("xerox-altalink-c8045"), seed=7)) as agent:
        yield agent


@pytest.fixture
def server() -> Iterator[Portal]:
    with Portal() as server:
        yield server


def app(agent: Agent, server: Portal, folder: Path, **options: str) -> PanicApp:
    given = {"token": TOKEN, "portal": server.url} | options
    target = Target(host=agent.host, port=agent.port, timeout_seconds=0.2, retries=0)
    return PanicApp(target=target, state_file=folder / "panic.json", **given)


def test_it_sends_what_the_printer_says_and_gives_the_link(
    agent: Agent, server: Portal, tmp_path: Path
) -> None:
    pressed = app(agent, server, tmp_path, badge="anna@acme.example", ip="192.0.2.31")
    assert pressed.press() == OPEN
    [message] = server.launches
    check_launch(message)
    assert message["badge_email"] == "anna@acme.example"
    assert message["facts"] == {"ip": "192.0.2.31"}
    assert message["missing"] == []
    assert message["reading"]["1.3.6.1.2.1.1.2.0"] == ["oid", "1.3.6.1.4.1.253.8.62.1.35.2.3.1.1"]
    assert message["reading"][BLACK_PAGES][0] == "integer"
    assert server.pings == 1


@pytest.mark.skipif(not recordings(), reason="no recordings beside the repository")
@pytest.mark.parametrize("file", recordings(), ids=lambda file: file.stem)
def test_a_launch_of_every_recording_has_the_shape_of_the_contract(
    file: Path, server: Portal, tmp_path: Path
) -> None:
    with Agent.of_recording(file) as agent:
        app(agent, server, tmp_path).press()
    check_launch(server.launches[0])
    assert server.launches[0]["missing"] == []


def test_each_press_is_a_launch_of_its_own(agent: Agent, server: Portal, tmp_path: Path) -> None:
    pressed = app(agent, server, tmp_path)
    pressed.press()
    pressed.press()
    first, second = server.launches
    assert first["launch_id"] != second["launch_id"]


def test_without_the_portal_nothing_gathered_is_lost(agent: Agent, tmp_path: Path) -> None:
    with Portal() as server:
        app(agent, server, tmp_path).press()
    pressed = app(agent, server, tmp_path)
    with pytest.raises(UnreachableError):
        pressed.press()
    assert pressed.support_phone == "+49 30 5550 123"
    kept = pressed.gathered
    assert kept is not None
    assert BLACK_PAGES in kept["reading"]
    with Portal(port=server.port) as back:
        assert pressed.press() == OPEN
    assert back.launches == [json.loads(json.dumps(kept))]
    assert pressed.gathered is None


def test_a_launch_that_did_not_get_through_outlives_the_program(
    agent: Agent, server: Portal, tmp_path: Path
) -> None:
    server.answers = [(503, {}), (201, OPEN)]
    with pytest.raises(UnreachableError, match="503"):
        app(agent, server, tmp_path).press()
    app(agent, server, tmp_path).press()
    first, again = server.launches
    assert first == again


def test_a_launch_of_another_person_or_printer_is_not_resumed(
    agent: Agent, server: Portal, tmp_path: Path
) -> None:
    server.answers = [(503, {}), (201, OPEN)]
    with pytest.raises(UnreachableError):
        app(agent, server, tmp_path, badge="anna@acme.example").press()
    app(agent, server, tmp_path, badge="bert@acme.example").press()
    app(agent, server, tmp_path, badge="bert@acme.example", printer="other").press()
    assert len({launch["launch_id"] for launch in server.launches}) == 3
    assert server.launches[1]["badge_email"] == "bert@acme.example"


def test_a_launch_older_than_half_an_hour_is_gathered_anew(
    agent: Agent, server: Portal, tmp_path: Path
) -> None:
    server.answers = [(503, {}), (201, OPEN)]
    with pytest.raises(UnreachableError):
        app(agent, server, tmp_path).press()
    state = tmp_path / "panic.json"
    kept = json.loads(state.read_text())
    kept[server.url]["pending_since"] -= 31 * 60
    state.write_text(json.dumps(kept))
    app(agent, server, tmp_path).press()
    assert server.launches[0]["launch_id"] != server.launches[1]["launch_id"]


def test_the_phone_is_kept_by_portal_and_survives_an_answer_without_one(
    agent: Agent, server: Portal, tmp_path: Path
) -> None:
    server.answers = [(201, OPEN), (201, OPEN | {"support_phone": None})]
    pressed = app(agent, server, tmp_path)
    pressed.press()
    pressed.press()
    assert app(agent, server, tmp_path).support_phone == "+49 30 5550 123"
    with Portal() as other:
        elsewhere = app(agent, other, tmp_path)
        assert elsewhere.support_phone is None
        elsewhere.press()
    assert set(json.loads((tmp_path / "panic.json").read_text())) == {server.url, other.url}


def test_the_state_file_is_private_and_holds_no_token(
    agent: Agent, server: Portal, tmp_path: Path
) -> None:
    app(agent, server, tmp_path).press()
    state = tmp_path / "panic.json"
    assert stat.S_IMODE(state.stat().st_mode) == 0o600
    assert "secret" not in state.read_text()


@pytest.mark.parametrize("content", ["", "[]", "{", '{"http://x": 5}', '{"%s": {"unknown": 1}}'])
def test_a_broken_state_file_does_not_stop_the_button(
    content: str, agent: Agent, server: Portal, tmp_path: Path
) -> None:
    (tmp_path / "panic.json").write_text(content.replace("%s", server.url))
    assert app(agent, server, tmp_path).press() == OPEN


def test_a_state_file_that_can_not_be_written_does_not_stop_the_button(
    agent: Agent, server: Portal, tmp_path: Path
) -> None:
    (tmp_path / "panic.json").mkdir()
    pressed = app(agent, server, tmp_path)
    assert pressed.press() == OPEN
    assert "panic.json" in str(pressed.state_trouble)


@pytest.mark.parametrize(
    "ping",
    [(200, {"service": "hotel-wifi"}), (200, b"<html>Sign in"), (302, {}), (500, {}), (200, [])],
)
def test_somebody_else_s_answer_to_ping_is_no_portal(
    ping: tuple[int, object], agent: Agent, server: Portal, tmp_path: Path
) -> None:
    server.ping = ping
    with pytest.raises(UnreachableError):
        app(agent, server, tmp_path).press()
    assert server.launches == []


def test_a_refusal_says_what_the_portal_said(agent: Agent, server: Portal, tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="It is credential_invalid") as refused:
        app(agent, server, tmp_path, token="op_enrol_1_wrong").press()
    assert refused.value.status == 401
    app(agent, server, tmp_path).press()
    assert server.launches[0]["launch_id"] == server.launches[1]["launch_id"]


def test_too_many_is_told_with_the_time_to_wait_and_kept(
    agent: Agent, server: Portal, tmp_path: Path
) -> None:
    server.answers = [(429, problem("too_many")), (201, OPEN)]
    pressed = app(agent, server, tmp_path)
    with pytest.raises(RefusedError) as refused:
        pressed.press()
    assert refused.value.problem["retry_after"] == "17"
    pressed.press()
    assert server.launches[0] == server.launches[1]


def test_too_large_is_sent_again_without_the_last_subtree(
    agent: Agent, server: Portal, tmp_path: Path
) -> None:
    server.answers = [(413, problem("too_large")), (201, OPEN)]
    assert app(agent, server, tmp_path).press() == OPEN
    whole, smaller = server.launches
    assert whole["launch_id"] == smaller["launch_id"]
    assert smaller["missing"] == ["1.3.6.1.4.1.253.8.53.13.2"]
    assert BLACK_PAGES in whole["reading"]
    assert BLACK_PAGES not in smaller["reading"]


def test_a_silent_printer_is_launched_all_the_same(server: Portal, tmp_path: Path) -> None:
    with Agent({}) as agent:
        gone = app(agent, server, tmp_path, badge="anna@acme.example")
    assert gone.press() == OPEN
    [message] = server.launches
    assert message["reading"] == {}
    assert message["missing"] == ["1.3.6.1.2.1.1", "1.3.6.1.2.1.25.3", "1.3.6.1.2.1.43"]
