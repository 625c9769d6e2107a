"""Printers that are read in SNMPv3: every level, digest, cipher and key extension; and what is said when it fails."""

import dataclasses
import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from simulators.printer import Agent, Auth, Extension, Manners, Privacy, User
from simulators.printer.machines import PrinterMachine
from simulators.printer.models import load_model
from webapp.printers.snmp import wire
from webapp.printers.snmp.collect import Collected, Gap, collect, collect_all
from webapp.printers.snmp.decode import decode
from webapp.printers.snmp.sessions import Target
from webapp.printers.snmp.users import AUTHS, EXTENSIONS, PRIVACIES, BadUser, V3User

pytestmark = pytest.mark.feature("B-11")

ANNA = V3User(
    name="anna",
    auth="sha256",
    auth_phrase="maplesyrup",
    privacy="aes256",
    privacy_phrase="fluctuations",
)
STRENGTHS = [*itertools.product(AUTHS, PRIVACIES, EXTENSIONS)]


@pytest.fixture(autouse=True)
def _a_loop_of_its_own() -> Iterator[None]:
    """Tests of the poll turn the clock of the process's loop; none of that reaches here."""
    wire._forget()
    yield
    wire._forget()


def user_of(user: V3User) -> User:
    """The same user on the printer's side."""
    return User(
        name=user.name,
        auth=Auth(user.auth) if user.auth else None,
        auth_phrase=user.auth_phrase,
        privacy=Privacy(user.privacy) if user.privacy else None,
        privacy_phrase=user.privacy_phrase,
        extension=Extension(user.extension),
    )


@contextmanager
def guarded(*users: V3User, **how: Any) -> Iterator[Agent]:
    """A printer that speaks v3 alone."""
    machine = PrinterMachine(load_model("xerox-altalink-c8045"), seed=7, serial="3718264951")
    manners = how.pop("manners", Manners(v3_only=True))
    with Agent(machine=machine, users=map(user_of, users), manners=manners, **how) as agent:
        yield agent


def target(agent: Agent, user: V3User = ANNA) -> Target:
    return Target(agent.host, agent.port, user=user, timeout_seconds=0.5, retries=1)


def serial_of(got: Collected) -> str:
    return decode(got.reading).identity.serial


def test_a_printer_is_read_whole_under_aes_256() -> None:
    with guarded(ANNA) as agent:
        got = collect(target(agent))
        assert agent.seen["GETBULK"] > 5
    assert (got.version, got.gaps) == ("3", ())
    assert serial_of(got) == "3718264951"
    assert len(decode(got.reading).supplies) == 11


def test_every_strength_is_read() -> None:
    """Thirty users of one printer, each with a digest, a cipher and a key extension of its own."""
    users = [
        dataclasses.replace(
            ANNA, name="-".join(strength), auth=strength[0], privacy=strength[1],
            extension=strength[2],
        )
        for strength in STRENGTHS
    ]  # fmt: skip
    with guarded(*users) as agent:
        got = collect_all([target(agent, user) for user in users])
    assert [(serial_of(one), one.gaps) for one in got] == [("3718264951", ())] * 30


@pytest.mark.parametrize(
    "user",
    [
        V3User(name="nobody"),
        V3User(name="signed", auth="sha", auth_phrase="maplesyrup"),
    ],
)
def test_lesser_levels_are_read(user: V3User) -> None:
    with guarded(user) as agent:
        assert serial_of(collect(target(agent, user))) == "3718264951"


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"name": "otto"}, "unknown_user"),
        ({"auth_phrase": "mapleleaves"}, "wrong_secret"),
        ({"auth": "sha512"}, "wrong_secret"),
        ({"privacy_phrase": "wrong phrase"}, "wrong_privacy"),
        ({"privacy": ""}, "not_allowed"),
    ],
)
def test_what_is_wrong_with_the_user_is_said_at_once(wrong: dict[str, str], why: str) -> None:
    with guarded(ANNA) as agent:
        got = collect(target(agent, dataclasses.replace(ANNA, **wrong)))
    assert (got.has_answered, got.gaps) == (False, (Gap("", why),))
    assert got.seconds < 1


def test_the_other_key_extension_is_a_wrong_key() -> None:
    """AES-256 under SHA-1, whose key is too short by twelve bytes: the two drafts part ways."""
    reeder = dataclasses.replace(ANNA, auth="sha")
    with guarded(reeder) as agent:
        got = collect(target(agent, dataclasses.replace(reeder, extension="blumenthal")))
    assert got.gaps == (Gap("", "wrong_privacy"),)


def test_users_of_one_name_do_not_get_mixed_up() -> None:
    """Two customers call theirs "admin", with other secrets; both are asked at the same moment."""
    one = dataclasses.replace(ANNA, name="admin")
    two = dataclasses.replace(one, auth_phrase="other phrase", auth="sha512", privacy="aes128")
    with guarded(one) as first, guarded(two) as second:
        pairs = [(first, one), (second, two), (first, two), (second, one)] * 3
        got = collect_all([target(agent, user) for agent, user in pairs])
    assert [serial_of(answer) for answer in got] == ["3718264951", "3718264951", "", ""] * 3


def test_a_changed_secret_is_used_from_then_on() -> None:
    new = dataclasses.replace(ANNA, auth_phrase="a new phrase")
    with guarded(ANNA) as agent:
        assert collect(target(agent)).has_answered
    with guarded(new) as agent:
        assert collect(target(agent, new)).has_answered
        assert not collect(target(agent)).has_answered


def test_a_printer_that_was_restarted_is_read_again() -> None:
    with guarded(ANNA) as agent:
        assert collect(target(agent)).has_answered
        agent.engine.restart()
        assert serial_of(collect(target(agent))) == "3718264951"


def test_a_printer_without_v3_is_silent_and_not_asked_in_the_clear() -> None:
    with guarded(manners=Manners()) as agent:
        got = collect(target(agent))
        assert agent.seen["GET"] == 0
    assert got.gaps == (Gap("", "silent"),)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "ü" * 17}, "name"),
        ({"auth": "md4"}, "auth"),
        ({"auth": ""}, "privacy"),
        ({"auth_phrase": "short"}, "auth_phrase"),
        ({"privacy_phrase": ""}, "privacy_phrase"),
        ({"extension": "cisco"}, "extension"),
    ],
)
def test_a_user_that_can_not_be_is_refused_by_field(wrong: dict[str, str], field: str) -> None:
    with pytest.raises(BadUser) as refused:
        dataclasses.replace(ANNA, **wrong).check()
    assert refused.value.field == field


def test_secrets_are_not_printed() -> None:
    shown = repr(Target("192.0.2.7", community="geheim", user=ANNA))
    assert not any(secret in shown for secret in ("geheim", "maplesyrup", "fluctuations"))


def test_another_printer_at_the_same_address_is_read() -> None:
    """It was swapped: the engine behind the address has another id, and the keys are others."""
    with guarded(ANNA) as agent:
        assert collect(target(agent)).has_answered
        port = agent.port
    with guarded(ANNA, port=port) as other:
        got = collect(target(other))
    assert serial_of(got) == "3718264951"
