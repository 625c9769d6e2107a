"""Asking live agents: good ones, and those that answer half, late, garbled, in circles, or not."""

import multiprocessing
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from simulators.printer.agent import Agent, Manners
from simulators.printer.faults import FaultKind
from simulators.printer.machines import PrinterMachine
from simulators.printer.models import load_model
from simulators.printer.oids import Oid, parse_oid
from simulators.printer.trees import Tree
from simulators.printer.values import NULL, Value, integer
from tests.printers.snmp.recordings import FOLDER, needs_recordings
from webapp.printers.snmp.collect import (
    ENDLESS,
    LATE,
    LOOP,
    NOT_ASKED,
    SILENT,
    UNKNOWN_HOST,
    Collected,
    Gap,
    Limits,
    collect,
    collect_all,
)
from webapp.printers.snmp.decode import decode
from webapp.printers.snmp.recordings import load
from webapp.printers.snmp.sessions import Target

HASTE = {"timeout_seconds": 0.3, "retries": 0}
SUPPLIES = "1.3.6.1.2.1.43.11"
WANTED = ("1.3.6.1.2.1.1.", "1.3.6.1.2.1.25.3.2.", "1.3.6.1.2.1.25.3.5.", "1.3.6.1.2.1.43.11.")


def ask(agent: Agent, limits: Limits | None = None, **how: Any) -> Collected:
    return collect(Target(agent.host, agent.port, **{**HASTE, **how}), limits)


@contextmanager
def altalink(manners: Manners | None = None, **how: Any) -> Iterator[Agent]:
    machine = PrinterMachine(load_model("xerox-altalink-c8045"), seed=7, serial="3718264951")
    with Agent(machine=machine, manners=manners, speed=0, seed=7, **how) as agent:
        yield agent


@pytest.mark.feature("B-1")
def test_a_printer_is_read_whole() -> None:
    with altalink() as agent:
        got = ask(agent)
    result = decode(got.reading)
    assert (got.version, got.gaps) == ("2c", ())
    assert (result.identity.maker, result.identity.serial) == ("Xerox", "3718264951")
    total, black, colour = result.counters.total, result.counters.black, result.counters.colour
    assert total
    assert black
    assert colour
    assert result.counters.large
    assert total.value == black.value + colour.value
    assert len(result.supplies) == 11


@pytest.mark.feature("B-1")
@pytest.mark.parametrize("kind", list(FaultKind))
def test_a_fault_is_the_first_message_and_is_told_once(kind: FaultKind) -> None:
    machine = PrinterMachine(load_model("xerox-altalink-c8045"), seed=7)
    machine.break_down(kind)
    with Agent(machine=machine, speed=0) as agent:
        result = decode(ask(agent).reading)
    assert result.messages == (machine.faults[0].text, "", "", "")


def test_one_get_of_ten_comes_before_any_table() -> None:
    with altalink() as agent:
        ask(agent, Limits(total_seconds=5))
        assert agent.seen["GET"] == 1
        assert agent.seen["GETBULK"] > 5
        assert agent.seen["GETNEXT"] == 0


@needs_recordings
@pytest.mark.parametrize("version", ["1", "2c"])
@pytest.mark.parametrize(
    "name", ["librenms__xerox", "librenms__jetdirect_m880", "librenms__canonprinter_tm"]
)
def test_a_recorded_printer_comes_over_the_wire_unchanged(name: str, version: str) -> None:
    path = FOLDER / f"{name}.snmprec"
    recorded = load(path)
    with Agent.of_recording(path) as agent:
        got = ask(agent, version=version)
    assert got.gaps == ()
    assert {oid for oid in recorded if oid.startswith(WANTED)} <= set(got.reading)
    assert {oid: recorded[oid] for oid in got.reading} == got.reading
    assert decode(got.reading).supplies == decode(recorded).supplies


def test_v1_that_refuses_a_whole_get_is_asked_singly() -> None:
    machine = PrinterMachine(load_model("xerox-altalink-c8045"), seed=7, serial="3718264951")
    objects = dict(machine.objects())
    del objects[parse_oid("1.3.6.1.2.1.1.6.0")]
    with Agent(objects) as agent:
        got = ask(agent, version="1")
        assert (agent.seen["GET"], agent.seen["GETBULK"]) == (11, 0)
    assert (got.version, got.gaps) == ("1", ())
    assert decode(got.reading).identity.serial == "3718264951"


def test_a_printer_that_only_speaks_v1_is_found_out() -> None:
    with altalink(Manners(v1_only=True)) as agent:
        got = ask(agent)
    assert (got.version, got.gaps) == ("1", ())
    assert decode(got.reading).counters.total


def test_v1_alone_is_not_asked_for_when_v2c_is_wanted() -> None:
    with altalink(Manners(v1_only=True)) as agent:
        got = ask(agent, version="2c")
    assert not got.has_answered
    assert got.gaps == (Gap("", SILENT),)


def test_where_bulk_is_barred_tables_come_one_by_one() -> None:
    with altalink(Manners(bulk=False)) as agent:
        got = ask(agent)
        assert agent.seen["GETBULK"] == 1
    assert got.gaps == ()
    assert len(decode(got.reading).supplies) == 11


def test_hp_is_never_asked_in_bulk() -> None:
    machine = PrinterMachine(load_model("hp-laserjet-m880"), seed=7)
    with Agent(machine=machine) as agent:
        got = ask(agent)
        assert agent.seen["GETBULK"] == 0
    assert decode(got.reading).counters.colour


def test_an_answer_too_big_for_one_packet_is_asked_singly() -> None:
    with altalink(Manners(max_octets=300)) as agent:
        got = ask(agent)
        assert agent.seen["GET"] == 11
    assert decode(got.reading).identity.serial == "3718264951"


def test_silence_is_an_answer_of_nothing() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as nobody:
        nobody.bind(("127.0.0.1", 0))
        got = collect(Target("127.0.0.1", nobody.getsockname()[1], **HASTE))
    assert (got.has_answered, got.gaps) == (False, (Gap("", SILENT),))
    assert decode(got.reading).messages == ("", "", "", "")


def test_a_wrong_community_is_silence() -> None:
    with altalink(community="secret") as agent:
        assert not ask(agent).has_answered
        assert ask(agent, community="secret").has_answered


def test_a_host_that_does_not_exist_is_said() -> None:
    assert collect(Target("no-such-printer.invalid")).gaps == (Gap("", UNKNOWN_HOST),)
    assert collect(Target("a" * 300)).gaps == (Gap("", UNKNOWN_HOST),)


class Twisted(Tree):
    """A tree whose successors go wrong below one subtree."""

    root = parse_oid(SUPPLIES)

    def after(self, oid: Oid) -> tuple[Oid, Value] | None:
        if oid[: len(self.root)] == self.root and len(oid) > len(self.root):
            return self.wrong(oid)
        return super().after(oid)

    def wrong(self, oid: Oid) -> tuple[Oid, Value] | None:
        raise NotImplementedError


class Circle(Twisted):
    def wrong(self, oid: Oid) -> tuple[Oid, Value]:
        first = (*self.root, 1, 1, 9, 1, 1)
        return (*first[:-1], oid[-1] % 7 + 1), integer(5)


class Spiral(Twisted):
    def wrong(self, oid: Oid) -> tuple[Oid, Value]:
        return (*oid[:-1], oid[-1] + 1), integer(5)


class Hollow(Twisted):
    """Answers of no type that a reading knows."""

    def wrong(self, oid: Oid) -> tuple[Oid, Value] | None:
        after_all = (*self.root[:-1], self.root[-1] + 1)
        return Tree.after(self, after_all) if oid[-1] > 30 else ((*oid[:-1], oid[-1] + 1), NULL)


def twist(agent: Agent, kind: type[Twisted]) -> None:
    objects = dict(agent.objects())
    objects[(*Twisted.root, 1, 1, 9, 1, 1)] = integer(5)
    agent._tree = kind(objects)


@pytest.mark.parametrize("bulk", [True, False])
def test_a_table_that_runs_in_circles_is_left(bulk: bool) -> None:
    with altalink(Manners(bulk=bulk)) as agent:
        twist(agent, Circle)
        got = ask(agent)
    assert Gap(SUPPLIES, LOOP) in got.gaps
    assert decode(got.reading).counters.total


def test_a_table_without_end_is_left() -> None:
    with altalink() as agent:
        twist(agent, Spiral)
        got = ask(agent, Limits(rows_per_subtree=100))
    assert got.gaps == (Gap(SUPPLIES, ENDLESS),)
    assert sum(oid.startswith(SUPPLIES) for oid in got.reading) == 100


def test_a_reading_never_grows_beyond_what_the_wire_takes() -> None:
    with altalink() as agent:
        got = ask(agent, Limits(entries=60))
    assert len(got.reading) == 60
    assert {gap.why for gap in got.gaps} == {ENDLESS, NOT_ASKED}


def test_values_of_no_known_type_are_left_out() -> None:
    with altalink() as agent:
        twist(agent, Hollow)
        got = ask(agent)
    assert got.gaps == ()
    assert decode(got.reading).identity.serial == "3718264951"


@contextmanager
def dying(agent: Agent, after: int) -> Iterator[int]:
    """A relay to the agent that lets so many answers through, then none; its port."""
    front = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    front.bind(("127.0.0.1", 0))
    front.settimeout(5)

    def serve() -> None:
        back = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        back.settimeout(5)
        with back:
            for _ in range(after):
                question, peer = front.recvfrom(65_535)
                back.sendto(question, (agent.host, agent.port))
                front.sendto(back.recv(65_535), peer)

    thread = threading.Thread(target=serve)
    thread.start()
    yield front.getsockname()[1]
    thread.join()
    front.close()


def test_a_printer_that_dies_half_way_yields_what_it_gave() -> None:
    with altalink() as agent, dying(agent, after=8) as port:
        got = collect(Target("127.0.0.1", port, **HASTE))
    result = decode(got.reading)
    assert (result.identity.maker, result.identity.serial) == ("Xerox", "3718264951")
    assert [gap.why for gap in got.gaps[:2]] == [SILENT, SILENT]
    assert {gap.why for gap in got.gaps[2:]} == {NOT_ASKED}


def test_a_slow_printer_is_cut_off_by_the_total_time() -> None:
    with altalink(Manners(delay_seconds=0.1)) as agent:
        got = ask(agent, Limits(total_seconds=1), timeout_seconds=1.0)
    assert got.seconds < 1.5
    assert got.reading
    assert got.gaps[0].why == LATE
    assert {gap.why for gap in got.gaps[1:]} == {NOT_ASKED}


def test_garbage_and_lost_packets_never_raise() -> None:
    with altalink(Manners(garbled_share=0.2, lost_share=0.05)) as agent:
        got = ask(agent, Limits(total_seconds=2), retries=1)
    decode(got.reading)
    assert got.seconds < 2.5


def test_many_are_asked_at_once_and_come_back_in_order() -> None:
    with altalink(Manners(delay_seconds=0.02)) as one, altalink() as two:
        targets = [Target(agent.host, agent.port) for agent in (one, two)]
        got = collect_all([*targets, Target("no-such-printer.invalid")])
    assert [answer.target.port for answer in got] == [one.port, two.port, 161]
    assert [answer.has_answered for answer in got] == [True, True, False]
    assert collect_all([]) == []


def _serial(target: Target, found: Any) -> None:
    found.put(decode(collect(target).reading).identity.serial)


def test_a_forked_worker_has_an_engine_of_its_own() -> None:
    context = multiprocessing.get_context("fork")
    found = context.Queue()
    with altalink() as agent:
        assert ask(agent).has_answered
        target = Target(agent.host, agent.port)
        child = context.Process(target=_serial, args=(target, found))
        child.start()
        assert found.get(timeout=20) == "3718264951"
        child.join(20)
    assert child.exitcode == 0


def test_ipv6_is_as_good() -> None:
    if not socket.has_ipv6 or not Path("/proc/net/if_inet6").exists():
        pytest.skip("this machine has no IPv6")
    with altalink(host="::1") as agent:
        assert ask(agent).has_answered
