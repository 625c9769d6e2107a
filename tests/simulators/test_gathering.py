import socket
import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest

from simulators.printer import Agent, Manners, PrinterMachine, Target, load_model, values
from simulators.printer.client import BrokenAnswerError, Manager, NoAnswerError
from simulators.printer.gathering import DEFAULT_PLAN, checked_plan, gather, subtrees
from simulators.printer.messages import Version, decode_message
from simulators.printer.oids import format_oid, is_below, parse_oid
from simulators.printer.values import Value

SYSTEM = "1.3.6.1.2.1.1"
XEROX_PLAN = {
    "": [SYSTEM, "1.3.6.1.2.1.25.3", "1.3.6.1.2.1.43"],
    "1.3.6.1.4.1.253": ["1.3.6.1.4.1.253.8.53.13.2"],
    "1.3.6.1.4.1.25": ["1.3.6.1.4.1.25.1"],
}

pytestmark = pytest.mark.feature("B-1", "S-5")


class Looping(threading.Thread):
    """Answers every question with the same object."""

    def __init__(self, server: socket.socket) -> None:
        super().__init__(daemon=True)
        self._server = server

    def run(self) -> None:
        while (asked := self._server.recvfrom(65_535))[0]:
            message = decode_message(asked[0])
            again = message.pdu.answer((parse_oid("1.3.6.1.2.1.1.1.0"), values.string("again")))
            self._server.sendto(replace(message, pdu=again).encoded(), asked[1])

    def end(self, port: int) -> None:
        self._server.sendto(b"", ("127.0.0.1", port))
        self.join()


def target(agent: Agent, **options: object) -> Target:
    defaults: dict[str, object] = {"timeout_seconds": 0.1, "retries": 1}
    return Target(host=agent.host, port=agent.port, **defaults | options)  # type: ignore[arg-type]


def machine(model: str = "xerox-altalink-c8045") -> PrinterMachine:
    return PrinterMachine(load_model(model), seed=7)


@pytest.fixture
def xerox() -> Iterator[Agent]:
    with Agent(machine=machine(), speed=0) as agent:
        yield agent


def expected(agent: Agent, roots: list[str]) -> dict[str, tuple[str, int | str]]:
    trees = [parse_oid(root) for root in roots]
    return {
        format_oid(oid): value.as_json()
        for oid, value in agent.objects()
        if any(is_below(oid, root) for root in trees)
    }


@pytest.mark.parametrize("version", list(Version))
def test_it_reads_the_subtrees_for_all_and_those_of_the_maker(
    xerox: Agent, version: Version
) -> None:
    reading = gather(target(xerox, version=version), XEROX_PLAN)
    roots = [*XEROX_PLAN[""], "1.3.6.1.4.1.253.8.53.13.2"]
    assert reading.objects == expected(xerox, roots)
    assert reading.missing == []
    assert xerox.seen["GETBULK" if version is Version.V2C else "GETNEXT"] > 0


def test_prefixes_count_by_whole_numbers_and_the_longest_comes_last() -> None:
    plan = {
        "": ["1.1"],
        "1.3.6.1.4.1.253.8": ["1.2"],
        "1.3.6.1.4.1.253": ["1.3"],
        "1.3.6.1.4.1.25": ["1.4"],
    }
    assert subtrees(plan, "1.3.6.1.4.1.253.8.62") == ["1.1", "1.3", "1.2"]
    assert subtrees(plan, None) == ["1.1"]


@pytest.mark.parametrize("plan", [None, [], {}, {"1.3": ["1.3"]}, {"": ["x"]}, {"": 5}, {"": [5]}])
def test_a_plan_that_can_not_be_used_is_replaced(plan: object) -> None:
    assert checked_plan(plan) == DEFAULT_PLAN


def test_one_object_can_stand_for_a_subtree(xerox: Agent) -> None:
    reading = gather(target(xerox), {"": ["1.3.6.1.2.1.1.1.0", "1.3.6.1.2.1.99"]})
    assert list(reading.objects) == ["1.3.6.1.2.1.1.1.0"]
    assert reading.missing == []


def test_a_printer_that_is_silent_to_bulk_is_walked_step_by_step() -> None:
    with Agent(machine=machine("hp-laserjet-m880"), speed=0, manners=Manners(bulk=False)) as agent:
        reading = gather(target(agent), DEFAULT_PLAN)
        assert reading.objects == expected(agent, list(DEFAULT_PLAN[""]))
        assert agent.seen["GETBULK"] == 1


def test_a_printer_of_v1_only_is_asked_with_v1() -> None:
    with Agent(machine=machine(), speed=0, manners=Manners(v1_only=True)) as agent:
        reading = gather(target(agent), XEROX_PLAN)
        assert reading.missing == []
        assert len(reading.objects) > 150


def test_lost_answers_cost_time_but_no_objects() -> None:
    with Agent(machine=machine(), speed=0, manners=Manners(lost_share=0.2), seed=3) as agent:
        reading = gather(target(agent, retries=9), {"": [SYSTEM]})
        assert reading.objects == expected(agent, [SYSTEM])


def test_damaged_answers_never_stop_it() -> None:
    with Agent(machine=machine(), speed=0, manners=Manners(garbled_share=0.5), seed=3) as agent:
        reading = gather(target(agent, retries=3), {"": [SYSTEM, "1.3.6.1.2.1.43.11"]})
    assert reading.objects
    assert set(reading.missing) <= {SYSTEM, "1.3.6.1.2.1.43.11"}


def test_a_silent_printer_yields_nothing_and_names_what_is_missing() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
        silent = Target(host="127.0.0.1", port=port, timeout_seconds=0.05, retries=0)
        reading = gather(silent, XEROX_PLAN)
    assert reading.objects == {}
    assert reading.missing == XEROX_PLAN[""]


def test_a_reading_ends_at_4000_objects_and_says_where() -> None:
    root = parse_oid("1.3.6.1.2.1.43.1")
    many: dict[tuple[int, ...], Value] = {(*root, n): values.integer(n) for n in range(4_200)}
    with Agent(many) as agent:
        reading = gather(target(agent), {"": ["1.3.6.1.2.1.43", "1.3.6.1.2.1.99"]})
    assert len(reading.objects) == 4_000
    assert reading.missing == ["1.3.6.1.2.1.43"]


def test_a_reading_ends_before_it_is_too_large_to_send() -> None:
    root = parse_oid("1.3.6.1.2.1.43.1")
    many: dict[tuple[int, ...], Value] = {
        (*root, n): values.string(b"x" * 1000) for n in range(400)
    }
    with Agent(many) as agent:
        reading = gather(target(agent), {"": ["1.3.6.1.2.1.43"]})
    assert 480_000 < reading.octets <= 500_000
    assert reading.missing == ["1.3.6.1.2.1.43"]


def test_a_printer_that_loops_is_left() -> None:
    """One that always gives the same next object, as some do."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        looping = Looping(server)
        looping.start()
        port = server.getsockname()[1]
        with Manager(Target(host="127.0.0.1", port=port, version=Version.V1)) as printer:
            with pytest.raises(BrokenAnswerError, match="go backwards"):
                list(printer.walk(parse_oid(SYSTEM)))
        looping.end(port)


def test_asking_a_closed_port_ends_in_time() -> None:
    with Agent({parse_oid("1.3.6.1"): values.integer(1)}) as agent:
        gone = target(agent, retries=0)
    with Manager(gone) as printer, pytest.raises(NoAnswerError):
        printer.get(parse_oid("1.3.6.1"))
