"""SNMPv3, judged by those who did not write it: net-snmp's commands, pysnmp, the vectors of the RFCs."""

import asyncio
import itertools
import shutil
import socket
import subprocess
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pysnmp.hlapi.v3arch import asyncio as pysnmp

from simulators.printer import Agent, Auth, Extension, Manners, Privacy, User, ber, values
from simulators.printer.messages import PduType, request
from simulators.printer.oids import Oid
from simulators.printer.usm import (
    DECRYPTION_ERROR,
    NOT_IN_WINDOW,
    UNKNOWN_CONTEXT,
    UNKNOWN_ENGINE,
    UNKNOWN_PDU_HANDLER,
    UNKNOWN_USER,
    UNSUPPORTED_LEVEL,
    WRONG_DIGEST,
    Engine,
    UserError,
)
from simulators.printer.usm_keys import Secret, localized, master_key, privacy_key
from simulators.printer.v3_messages import (
    AUTH,
    REPORTABLE,
    USM,
    Envelope,
    Scoped,
    Security,
    decode_envelope,
    decode_scoped,
)
from simulators.printer.values import Value

pytestmark = pytest.mark.feature("S-5", "B-11")

DESCR: Oid = (1, 3, 6, 1, 2, 1, 1, 1, 0)
NAME = (1, 3, 6, 1, 2, 1, 1, 5, 0)
OBJECTS: dict[Oid, Value] = {DESCR: values.string("Copier"), NAME: values.string("Hall")} | {
    (1, 3, 6, 1, 2, 1, 43, 1, n): values.string("x" * 60) for n in range(80)
}
PHRASES: dict[str, Any] = {"auth_phrase": "maplesyrup", "privacy_phrase": "fluctuations"}
SHORT = {Auth.SHA: "SHA", **{auth: f"SHA-{auth[3:]}" for auth in list(Auth)[1:]}}
LEVELS = [(None, None), *((auth, None) for auth in Auth), *itertools.product(Auth, Privacy)]


def user(auth: Auth | None, privacy: Privacy | None, **more: Any) -> User:
    return User(name="anna", auth=auth, privacy=privacy, **PHRASES, **more)


@pytest.fixture
def ask() -> Callable[..., str]:
    """net-snmp's command on an agent, as a user."""
    if not shutil.which("snmpget"):
        pytest.skip("net-snmp's commands are not installed (Debian package snmp)")

    def run(command: str, agent: Agent, who: User, *oids: str, more: tuple[str, ...] = ()) -> str:
        level = ("noAuthNoPriv", "authNoPriv", "authNoPriv", "authPriv")[who.level]
        words = [command, "-v3", "-l", level, "-u", who.name, "-On", "-t1", "-r1", "-m", ""]
        if who.auth:
            words += ["-a", SHORT[who.auth], "-A", who.auth_phrase]
        if who.privacy:
            words += ["-x", _cipher(who), "-X", who.privacy_phrase]
        done = subprocess.run(
            [*words, *more, f"{agent.host}:{agent.port}", *oids],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        return done.stdout + done.stderr

    return run


def _cipher(who: User) -> str:
    """net-snmp's AES-192 and AES-256 are Blumenthal's, with a C behind them Reeder's (Cisco's)."""
    assert who.privacy
    if who.privacy is Privacy.AES128:
        return "AES"
    return f"AES-{who.privacy[3:]}{'-C' if who.extension is Extension.REEDER else ''}"


@pytest.mark.parametrize("extension", Extension)
@pytest.mark.parametrize(("auth", "privacy"), LEVELS)
def test_net_snmp_reads_at_every_level(
    auth: Auth | None, privacy: Privacy | None, extension: Extension, ask: Callable[..., str]
) -> None:
    if privacy is None and extension is Extension.BLUMENTHAL:
        pytest.skip("no key is extended")
    who = user(auth, privacy, extension=extension)
    with Agent(OBJECTS, users=[who], manners=Manners(v3_only=True)) as agent:
        said = ask("snmpget", agent, who, "1.3.6.1.2.1.1.1.0")
    assert said == '.1.3.6.1.2.1.1.1.0 = STRING: "Copier"\n'


def test_net_snmp_walks_in_bulk_under_aes_256(ask: Callable[..., str]) -> None:
    who = user(Auth.SHA256, Privacy.AES256)
    with Agent(OBJECTS, users=[who]) as agent:
        walked = ask("snmpbulkwalk", agent, who, "1.3.6.1.2.1.43")
        assert agent.seen["GETBULK"] > 3
    assert walked.count("STRING") == 80


@pytest.mark.parametrize(
    ("wrong", "words", "counter"),
    [
        ({"auth_phrase": "mapleleaves"}, "Authentication failure", WRONG_DIGEST),
        ({"name": "otto"}, "Unknown user name", UNKNOWN_USER),
        ({"privacy_phrase": "wrong phrase"}, "Decryption error", DECRYPTION_ERROR),
    ],
)
def test_net_snmp_is_told_what_is_wrong(
    wrong: dict[str, str], words: str, counter: tuple[int, ...], ask: Callable[..., str]
) -> None:
    right = {"name": "anna", "auth": Auth.SHA, "privacy": Privacy.AES128, **PHRASES}
    with Agent(OBJECTS, users=[User(**right)]) as agent:
        said = ask("snmpget", agent, User(**{**right, **wrong}), "1.3.6.1.2.1.1.1.0")
        assert agent.engine.counters[counter] >= 1
    assert words in said


def test_net_snmp_learns_that_the_printer_was_restarted(ask: Callable[..., str]) -> None:
    """It is told the time under a digest, and asks once more."""
    who = user(Auth.SHA, None)
    with Agent(OBJECTS, users=[who]) as agent:
        agent.engine.restart()
        said = ask("snmpget", agent, who, "1.3.6.1.2.1.1.1.0", more=("-Z", "1,0"))
        assert agent.engine.counters[NOT_IN_WINDOW] >= 1
    assert "Copier" in said


def test_a_user_with_privacy_may_not_do_without(ask: Callable[..., str]) -> None:
    who = user(Auth.SHA, Privacy.AES128)
    with Agent(OBJECTS, users=[who]) as agent:
        said = ask("snmpget", agent, user(Auth.SHA, None), "1.3.6.1.2.1.1.1.0")
    assert "authorizationError" in said


def test_a_user_without_privacy_can_not_have_it(ask: Callable[..., str]) -> None:
    with Agent(OBJECTS, users=[user(Auth.SHA, None)]) as agent:
        said = ask("snmpget", agent, user(Auth.SHA, Privacy.AES128), "1.3.6.1.2.1.1.1.0")
        assert agent.engine.counters[UNSUPPORTED_LEVEL] >= 1
    assert "Unsupported security level" in said


def test_another_context_is_unknown(ask: Callable[..., str]) -> None:
    who = user(Auth.SHA, None)
    with Agent(OBJECTS, users=[who]) as agent:
        ask("snmpget", agent, who, "1.3.6.1.2.1.1.1.0", more=("-n", "jobs"))
        assert agent.engine.counters[UNKNOWN_CONTEXT] >= 1


_AUTHS = {
    Auth.SHA: pysnmp.USM_AUTH_HMAC96_SHA,
    Auth.SHA224: pysnmp.USM_AUTH_HMAC128_SHA224,
    Auth.SHA256: pysnmp.USM_AUTH_HMAC192_SHA256,
    Auth.SHA384: pysnmp.USM_AUTH_HMAC256_SHA384,
    Auth.SHA512: pysnmp.USM_AUTH_HMAC384_SHA512,
}
_CIPHERS = {
    (Privacy.AES128, Extension.REEDER): pysnmp.USM_PRIV_CFB128_AES,
    (Privacy.AES192, Extension.REEDER): pysnmp.USM_PRIV_CFB192_AES,
    (Privacy.AES256, Extension.REEDER): pysnmp.USM_PRIV_CFB256_AES,
    (Privacy.AES192, Extension.BLUMENTHAL): pysnmp.USM_PRIV_CFB192_AES_BLUMENTHAL,
    (Privacy.AES256, Extension.BLUMENTHAL): pysnmp.USM_PRIV_CFB256_AES_BLUMENTHAL,
}


@pytest.mark.parametrize("cipher", _CIPHERS)
def test_pysnmp_reads_with_every_digest(cipher: tuple[Privacy, Extension]) -> None:
    users = [
        User(name=auth, auth=auth, privacy=cipher[0], extension=cipher[1], **PHRASES)
        for auth in Auth
    ]
    with Agent(OBJECTS, users=users, manners=Manners(v3_only=True)) as agent:
        said = asyncio.run(_by_pysnmp(agent, users, _CIPHERS[cipher]))
    assert said == ["Copier"] * len(users)


async def _by_pysnmp(agent: Agent, users: list[User], cipher: Any) -> list[str]:
    engine, said = pysnmp.SnmpEngine(), []
    where = await pysnmp.UdpTransportTarget.create((agent.host, agent.port), timeout=1, retries=1)
    for one in users:
        assert one.auth
        auth = pysnmp.UsmUserData(
            one.name, one.auth_phrase, one.privacy_phrase, _AUTHS[one.auth], cipher
        )
        name = pysnmp.ObjectType(pysnmp.ObjectIdentity("1.3.6.1.2.1.1.1.0"))
        trouble, status, _, found = await pysnmp.get_cmd(
            engine, auth, where, pysnmp.ContextData(), name, lookupMib=False
        )
        assert not trouble, str(trouble)
        assert not status
        said.append(str(found[0][1]))
    engine.close_dispatcher()
    return said


def test_the_keys_are_those_of_rfc_3414() -> None:
    """A.3.2 and, for the longer key, draft-reeder's chain of the same example."""
    engine_id = bytes(11) + b"\x02"
    master = master_key(b"maplesyrup", Auth.SHA)
    assert master.hex() == "9fb5cc0381497b3793528939ff788d5d79145211"
    key = localized(master, engine_id, Auth.SHA)
    assert key.hex() == "6695febc9288e36282235fc7151f128497b38f3f"
    long = privacy_key(b"maplesyrup", Auth.SHA, Privacy.AES256, Extension.REEDER, engine_id)
    assert long.hex() == "6695febc9288e36282235fc7151f128497b38f3f9b8b6d78936ba6e7d19dfd9c"


# Messages by hand: what no good manager sends.


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def engine(clock: Clock) -> Engine:
    return Engine([user(Auth.SHA256, None)], clock=clock)


def message(engine: Engine, flags: int, said: Security, scoped: Scoped | None = None) -> bytes:
    scoped = scoped or Scoped(engine.engine_id, b"", request(PduType.GET, 5, DESCR))
    return Envelope(77, 1400, flags, USM, said, scoped.encoded()).encoded()


def signed(engine: Engine, said: Security, scoped: Scoped | None = None) -> bytes:
    who = user(Auth.SHA256, None)
    key = localized(
        master_key(who.auth_phrase.encode(), Auth.SHA256), engine.engine_id, Auth.SHA256
    )
    blank = message(engine, AUTH | REPORTABLE, Security(*_fields(said), bytes(24), b""), scoped)
    digest = Secret(Auth.SHA256, key).digest(blank)
    return message(engine, AUTH | REPORTABLE, Security(*_fields(said), digest, b""), scoped)


def _fields(said: Security) -> tuple[bytes, int, int, bytes]:
    return said.engine_id, said.boots, said.seconds, said.user


def counter_of(report: object) -> tuple[int, ...]:
    assert isinstance(report, bytes)
    pdu = decode_scoped(decode_envelope(report).data).pdu
    assert pdu.type is PduType.REPORT
    return pdu.varbinds[0][0]


def test_discovery_is_answered_with_engine_and_clock(engine: Engine, clock: Clock) -> None:
    clock.now += 42
    report = engine.open(message(engine, REPORTABLE, Security()))
    assert counter_of(report) == UNKNOWN_ENGINE
    said = decode_envelope(report).security  # type: ignore[arg-type]
    assert (said.engine_id, said.boots, said.seconds) == (engine.engine_id, 1, 42)
    assert decode_scoped(decode_envelope(report).data).pdu.request_id == 5  # type: ignore[arg-type]


@pytest.mark.parametrize(("off", "is_inside"), [(149, True), (-149, True), (151, False)])
def test_the_window_is_150_seconds(engine: Engine, clock: Clock, off: int, is_inside: bool) -> None:
    clock.now += 1000
    said = Security(engine.engine_id, 1, 1000 + off, b"anna")
    opened = engine.open(signed(engine, said))
    if is_inside:
        assert not isinstance(opened, bytes)
        assert opened is not None
    else:
        assert counter_of(opened) == NOT_IN_WINDOW
        assert decode_envelope(opened).flags & AUTH  # type: ignore[arg-type]


def test_a_message_of_before_the_restart_is_too_late(engine: Engine) -> None:
    said = Security(engine.engine_id, 1, 0, b"anna")
    assert not isinstance(engine.open(signed(engine, said)), bytes)
    engine.restart()
    assert counter_of(engine.open(signed(engine, said))) == NOT_IN_WINDOW


def test_a_message_for_another_engine_has_no_handler(engine: Engine) -> None:
    other = Scoped(b"\x80\x00\x00\x00\x05other", b"", request(PduType.GET, 5, DESCR))
    said = Security(engine.engine_id, 1, 0, b"anna")
    assert counter_of(engine.open(signed(engine, said, other))) == UNKNOWN_PDU_HANDLER


def test_who_does_not_want_a_report_gets_none(engine: Engine) -> None:
    assert engine.open(message(engine, 0, Security())) is None
    assert engine.counters[UNKNOWN_ENGINE] == 1


def test_privacy_without_digest_is_no_level(engine: Engine) -> None:
    assert engine.open(message(engine, 2 | REPORTABLE, Security())) is None


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_damaged_message_is_never_taken_for_a_good_one(data: st.DataObject) -> None:
    engine = Engine([user(Auth.SHA256, None)])
    good = signed(engine, Security(engine.engine_id, 1, 0, b"anna"))
    at = data.draw(st.integers(0, len(good) - 1))
    bad = good[:at] + bytes((good[at] ^ data.draw(st.integers(1, 255)),)) + good[at + 1 :]
    try:
        opened = engine.open(bad)
    except ber.BerError:
        return
    if opened is not None and not isinstance(opened, bytes):
        assert not opened.is_allowed


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_any_octets_behind_the_version_are_refused(octets: bytes) -> None:
    engine = Engine([user(Auth.SHA256, None)])
    packet = ber.sequence(ber.integer(3), octets)
    try:
        opened = engine.open(packet)
    except ber.BerError:
        return
    assert opened is None or isinstance(opened, bytes)


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": "x" * 33},
        {"name": "anna", "privacy": Privacy.AES128, "privacy_phrase": "fluctuations"},
        {"name": "anna", "auth": Auth.SHA, "auth_phrase": "short"},
    ],
)
def test_a_user_that_can_not_be_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(UserError):
        User(**wrong)


def test_an_agent_without_users_is_silent_in_v3() -> None:
    with Agent(OBJECTS) as agent, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.settimeout(0.3)
        asking.sendto(message(Engine([]), REPORTABLE, Security()), (agent.host, agent.port))
        with pytest.raises(TimeoutError):
            asking.recv(2000)
