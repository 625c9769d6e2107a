"""Printers that answer badly, each in its own way: the reader keeps what it got, says what is missing, and ends."""

import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulators.printer import Agent, Manners, Mischief
from simulators.printer.machines import PrinterMachine
from simulators.printer.models import load_model
from tests.printers.snmp.test_v3 import ANNA, user_of
from webapp.printers.snmp.collect import Collected, Limits, collect, collect_all
from webapp.printers.snmp.decode import decode
from webapp.printers.snmp.raw import parse, to_wire
from webapp.printers.snmp.sessions import Target

pytestmark = pytest.mark.feature("B-11", "Q-6")

LIMITS = Limits(total_seconds=1.5, entries=600, rows_per_subtree=300)
HASTE: dict[str, Any] = {"timeout_seconds": 0.3, "retries": 0}
WAYS: dict[str, dict[str, Any]] = {
    "v1": {"version": "1"},
    "v2c": {"version": "2c"},
    "v3": {"user": ANNA},
}
HARMLESS = {Mischief.DUPLICATE, Mischief.OVERSIZED, Mischief.SAME_AGAIN, Mischief.UNORDERED}
HARMLESS |= {Mischief.WRONG_TYPES, Mischief.NO_VARIABLES, Mischief.WRONG_NAMES}


@contextmanager
def bad(kind: Mischief, *, after: int = 0, **manners: Any) -> Iterator[Agent]:
    machine = PrinterMachine(load_model("xerox-altalink-c8045"), seed=7, serial="3718264951")
    how = Manners(mischief=kind, mischief_after=after, **manners)
    with Agent(machine=machine, manners=how, users=[user_of(ANNA)], speed=0, seed=5) as agent:
        yield agent


def holds(got: Collected) -> None:
    """What any answer leads to: bounds that are kept, a reading that can be stored and decoded."""
    assert got.seconds < LIMITS.total_seconds + 2
    assert len(got.reading) <= LIMITS.entries
    assert parse(to_wire(got.reading)) == got.reading
    decode(got.reading)
    assert got.has_answered or got.gaps


@pytest.mark.parametrize("kind", Mischief)
def test_bad_from_the_start(kind: Mischief) -> None:
    with bad(kind) as agent:
        answers = collect_all(
            [Target(agent.host, agent.port, **way, **HASTE) for way in WAYS.values()], LIMITS
        )
    for got in answers:
        holds(got)
    if kind in (Mischief.SILENT, Mischief.GARBAGE, Mischief.NESTED, Mischief.ERRORS):
        assert not any(got.has_answered for got in answers)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", Mischief)
def test_bad_in_the_middle_of_a_walk(kind: Mischief, way: str) -> None:
    """The first GET is answered well: who and how it is stays known whatever follows."""
    with bad(kind, after=4) as agent:
        got = collect(Target(agent.host, agent.port, **WAYS[way], **HASTE), LIMITS)
    holds(got)
    assert decode(got.reading).identity.serial == "3718264951"
    if kind not in HARMLESS:
        assert got.gaps


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        (Mischief.SILENT, "silent"),
        (Mischief.WRONG_ID, "silent"),
        (Mischief.TRUNCATED, "silent"),
        (Mischief.ENDLESS, "endless"),
        (Mischief.LOOPING, "loop"),
    ],
)
def test_the_gap_says_why(kind: Mischief, why: str) -> None:
    with bad(kind, after=4, bulk=False) as agent:
        target = Target(agent.host, agent.port, timeout_seconds=0.5, retries=0)
        got = collect(target, Limits(entries=600, rows_per_subtree=100))
    assert why in {gap.why for gap in got.gaps}


def test_an_answer_that_comes_twice_is_taken_once() -> None:
    with bad(Mischief.DUPLICATE) as agent:
        got = collect(Target(agent.host, agent.port, timeout_seconds=1))
    assert got.gaps == ()
    assert len(decode(got.reading).supplies) == 11


def test_late_answers_to_earlier_questions_are_passed_over() -> None:
    """Each answer comes after the question was given up."""
    with bad(Mischief.DUPLICATE, delay_seconds=0.15) as agent:
        got = collect(Target(agent.host, agent.port, **HASTE), Limits(total_seconds=1))
    holds(got)
    assert {gap.why for gap in got.gaps} <= {"silent", "late", "not_asked"}


def test_many_bad_printers_do_not_hold_up_a_good_one() -> None:
    machine = PrinterMachine(load_model("xerox-altalink-c8045"), seed=7, serial="3718264951")
    with bad(Mischief.NESTED) as one, bad(Mischief.GARBAGE) as two, Agent(machine=machine) as good:
        worse = [Target(agent.host, agent.port, **HASTE) for agent in (one, two)] * 20
        got = collect_all([*worse, Target(good.host, good.port)], Limits(total_seconds=10))
    assert got[-1].gaps == ()
    assert got[-1].seconds < 5


@pytest.mark.parametrize("kind", [Mischief.ENDLESS, Mischief.MANY_VARIABLES, Mischief.OVERSIZED])
def test_memory_is_bounded(kind: Mischief) -> None:
    with bad(kind, after=4) as agent:
        tracemalloc.start()
        collect(Target(agent.host, agent.port, **HASTE), LIMITS)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < 50_000_000


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
@given(
    kind=st.sampled_from(Mischief),
    after=st.integers(0, 40),
    way=st.sampled_from(sorted(WAYS)),
    bulk=st.booleans(),
    garbled=st.sampled_from([0.0, 0.1, 0.5]),
    lost=st.sampled_from([0.0, 0.1]),
)
def test_any_mixture_ends_in_a_reading(
    kind: Mischief, after: int, way: str, bulk: bool, garbled: float, lost: float
) -> None:
    with bad(kind, after=after, bulk=bulk, garbled_share=garbled, lost_share=lost) as agent:
        limits = Limits(total_seconds=0.6, entries=600, rows_per_subtree=300)
        holds(collect(Target(agent.host, agent.port, **WAYS[way], **HASTE), limits))
