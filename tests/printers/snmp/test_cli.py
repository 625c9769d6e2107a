"""`flask printers collect`."""

import json
import socket
from collections.abc import Iterator

import pytest
from click.testing import CliRunner, Result

from simulators.printer import Auth, Privacy, User, values
from simulators.printer.agent import Agent, Manners
from simulators.printer.faults import FaultKind
from simulators.printer.machines import PrinterMachine
from simulators.printer.models import load_model
from webapp.printers.cli import printers
from webapp.printers.snmp.raw import parse


@pytest.fixture
def agent() -> Iterator[Agent]:
    machine = PrinterMachine(
        load_model("xerox-altalink-c8045"),
        seed=7,
        serial="3718264951",
        name="prn-3",
        location="2. OG",
    )
    with Agent(machine=machine, speed=0) as running:
        yield running


@pytest.fixture
def silence() -> Iterator[int]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as nobody:
        nobody.bind(("127.0.0.1", 0))
        yield nobody.getsockname()[1]


def run(*arguments: str) -> Result:
    return CliRunner().invoke(printers, ["collect", "--timeout", "0.2", *arguments])


def test_it_prints_what_a_printer_says_and_what_is_missing(agent: Agent) -> None:
    result = run(f"127.0.0.1:{agent.port}")
    assert result.exit_code == 0
    for text in (
        "Xerox",
        "AltaLink C8045",
        "3718264951",
        "prn-3",
        "2. OG",
        "impressions",
        "supply",
    ):
        assert text in result.output


def test_faults_are_printed(agent: Agent) -> None:
    machine = agent._machine
    assert isinstance(machine, PrinterMachine)
    agent.change(lambda: machine.break_down(FaultKind.JAM))
    assert "Paper jam" in run(f"127.0.0.1:{agent.port}").output


def test_json_is_one_object_a_printer_with_the_reading_in_it(agent: Agent) -> None:
    result = run("--json", f"127.0.0.1:{agent.port}")
    said = json.loads(result.output)
    assert said["decoded"]["identity"]["serial"] == "3718264951"
    assert said["decoded"]["counters"]["large"]["value"] > 0
    assert len(parse(said["reading"])) > 100


def test_v1_can_be_asked_for(agent: Agent) -> None:
    assert "SNMP v1," in run("--v1", f"127.0.0.1:{agent.port}").output


def test_one_of_two_that_answers_is_enough(agent: Agent, silence: int) -> None:
    result = run(f"127.0.0.1:{agent.port}", f"127.0.0.1:{silence}")
    assert result.exit_code == 0
    assert f"127.0.0.1:{silence}\n  no answer" in result.output


def test_if_nothing_answered_it_ends_with_one(silence: int) -> None:
    result = run(f"127.0.0.1:{silence}", "no-such-printer.invalid")
    assert result.exit_code == 1
    assert "no answer" in result.output
    assert "no-such-printer.invalid:161\n  there is no such host" in result.output


def test_half_an_answer_is_said_to_be_half() -> None:
    machine = PrinterMachine(load_model("kyocera-fs-4200dn"), seed=7)
    with Agent(machine=machine, manners=Manners(), speed=0) as agent:
        output = run(f"127.0.0.1:{agent.port}").output
    assert "missing     colour: not answered" in output
    assert "missing     location: left empty on the printer" in output


@pytest.mark.parametrize(
    "host", ["printer:0", "printer:65536", "printer:snmp", ":161", "[::1]:x", "printer:-1", ""]
)
def test_what_is_no_host_is_refused_by_name(host: str) -> None:
    result = run(host)
    assert result.exit_code == 2
    assert f"{host!r} is not a host" in result.output


STRONG = (
    *("--v3-user", "anna", "--auth", "sha512", "--auth-phrase", "maplesyrup"),
    *("--privacy", "aes256", "--privacy-phrase", "fluctuations"),
)


@pytest.mark.feature("B-11")
def test_it_asks_in_v3() -> None:
    machine = PrinterMachine(load_model("xerox-altalink-c8045"), seed=7, serial="3718264951")
    user = User(
        name="anna",
        auth=Auth.SHA512,
        auth_phrase="maplesyrup",
        privacy=Privacy.AES256,
        privacy_phrase="fluctuations",
    )
    with Agent(machine=machine, users=[user], manners=Manners(v3_only=True)) as agent:
        good = run("--timeout", "1", *STRONG, f"127.0.0.1:{agent.port}")
        bad = run(*STRONG, "--auth-phrase", "wrong phrase", f"127.0.0.1:{agent.port}")
    assert good.exit_code == 0
    assert "3718264951" in good.output
    assert "SNMP v3" in good.output
    assert (bad.exit_code, "wrong authentication phrase" in bad.output) == (1, True)


def test_a_user_that_can_not_be_is_a_usage_error() -> None:
    result = run("--v3-user", "anna", "--auth", "sha", "--auth-phrase", "short", "127.0.0.1")
    assert result.exit_code == 2
    assert "at least 8 characters" in result.output


def discover(*arguments: str) -> Result:
    return CliRunner().invoke(printers, ["discover", *arguments])


@pytest.mark.feature("B-11")
def test_discover_finds_the_printer_among_the_silent(agent: Agent) -> None:
    result = discover("127.0.0.0/28", "--port", str(agent.port), "--json")
    assert result.exit_code == 0
    (found,) = map(json.loads, result.output.splitlines())
    assert (found["address"], found["maker"], found["model"], found["serial"]) == (
        "127.0.0.1", "Xerox", "AltaLink C8045", "3718264951",
    )  # fmt: skip


@pytest.mark.feature("B-11")
def test_discover_does_not_take_a_switch_for_a_printer() -> None:
    switch = {
        (1, 3, 6, 1, 2, 1, 1, 1, 0): values.string("Cisco IOS"),
        (1, 3, 6, 1, 2, 1, 1, 2, 0): values.oid("1.3.6.1.4.1.9.1.1"),
    }
    with Agent(switch) as agent:  # type: ignore[arg-type]
        result = discover("127.0.0.1", "--port", str(agent.port))
    assert result.exit_code == 1
    assert result.output.startswith("0 printers, 1 other device")


@pytest.mark.parametrize("wrong", ["10.0.0.0/8", "printer.example", "300.1.1.0/24"])
def test_discover_refuses_what_is_no_network_of_sane_size(wrong: str) -> None:
    assert discover(wrong).exit_code == 2
