import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulators.printer import Agent, Manners, values
from simulators.printer.messages import (
    Message,
    Pdu,
    PduType,
    Status,
    Version,
    decode_message,
    request,
)
from simulators.printer.recordings import load_recording
from simulators.printer.snmpwalk import parse_snmpwalk
from simulators.printer.values import Type, Value
from tests.simulators.conftest import NetSnmp, recording, recordings

DESCR, CONTACT = (1, 3, 6, 1, 2, 1, 1, 1, 0), (1, 3, 6, 1, 2, 1, 1, 4, 0)
BIG_COUNTER, AFTER_IT = (1, 3, 6, 1, 2, 1, 31, 1, 0), (1, 3, 6, 1, 2, 1, 43, 1, 0)
OBJECTS = {
    DESCR: values.string("Copier"),
    CONTACT: values.string("Anna"),
    (1, 3, 6, 1, 2, 1, 2, 1, 0): values.integer(2),
    BIG_COUNTER: Value(Type.COUNTER64, b"\x01\x00\x00\x00\x00"),
    AFTER_IT: values.string("x" * 900),
    (1, 3, 6, 1, 2, 1, 43, 2, 0): values.string("y" * 900),
}


@pytest.fixture
def agent() -> Iterator[Agent]:
    with Agent(OBJECTS) as agent:
        yield agent


def exchange(agent: Agent, version: Version, pdu: Pdu, community: bytes = b"public") -> Pdu | None:
    """What comes back within half a second; silence is None."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.settimeout(0.5)
        asking.sendto(Message(version, community, pdu).encoded(), (agent.host, agent.port))
        try:
            return decode_message(asking.recv(65_535)).pdu
        except TimeoutError:
            return None


@pytest.mark.feature("S-5", "B-11")
@pytest.mark.skipif(not recordings(), reason="no recordings beside the repository")
@pytest.mark.parametrize("version", ["-v1", "-v2c"])
@pytest.mark.parametrize("file", recordings(), ids=lambda file: file.stem)
def test_net_snmp_walks_every_recording_to_its_end(
    file: Path, version: str, net_snmp: NetSnmp
) -> None:
    """What snmpwalk prints is read back, and is the recording (v1 has no Counter64)."""
    recorded = load_recording(file)
    with Agent(recorded) as agent:
        printed = net_snmp("snmpwalk" if version == "-v1" else "snmpbulkwalk", agent, version, ".1")
    if version == "-v1":
        recorded = {o: value for o, value in recorded.items() if value.type != Type.COUNTER64}
    walked = parse_snmpwalk(printed.replace("End of MIB\n", "").strip().encode())
    assert list(walked) == sorted(recorded)
    assert {oid: readable(value) for oid, value in walked.items()} == {
        oid: readable(value) for oid, value in recorded.items()
    }


def readable(value: Value) -> tuple[str, int | str]:
    """net-snmp prints a string that ends in NUL without it."""
    kind, content = value.as_json()
    return kind, content.rstrip("0") if kind == "string" and isinstance(content, str) else content


@pytest.mark.feature("S-5")
def test_a_missing_object_is_an_error_in_v1_and_an_exception_in_v2c(
    agent: Agent, net_snmp: NetSnmp
) -> None:
    unknown, no_instance = "1.3.6.1.2.1.1.99.0", "1.3.6.1.2.1.1.1.7"
    assert "(noSuchName)" in net_snmp("snmpget", agent, "-v1", unknown)
    assert "No Such Object" in net_snmp("snmpget", agent, "-v2c", unknown)
    assert "No Such Instance" in net_snmp("snmpget", agent, "-v2c", no_instance)
    assert "past the end of the MIB" in net_snmp("snmpgetnext", agent, "-v2c", "1.3.6.1.3")
    assert "(noSuchName)" in net_snmp("snmpgetnext", agent, "-v1", "1.3.6.1.3")


@pytest.mark.feature("S-5")
def test_an_error_of_v1_names_the_variable_by_its_place(agent: Agent) -> None:
    pdu = request(PduType.GET, 9, DESCR, (1, 3, 9), CONTACT)
    answer = exchange(agent, Version.V1, pdu)
    assert answer == pdu.refusal(Status.NO_SUCH_NAME, 2)


def test_v1_passes_over_a_counter64_and_v2c_gives_it(agent: Agent, net_snmp: NetSnmp) -> None:
    before = "1.3.6.1.2.1.31"
    assert ".31.1.0 = Counter64: 4294967296" in net_snmp("snmpgetnext", agent, "-v2c", before)
    assert ".43.1.0 = STRING" in net_snmp("snmpgetnext", agent, "-v1", before)
    assert "(noSuchName)" in net_snmp("snmpget", agent, "-v1", "1.3.6.1.2.1.31.1.0")


@pytest.mark.feature("S-5")
def test_too_much_is_too_big_in_v1_with_and_in_v2c_without_the_variables(agent: Agent) -> None:
    pdu = request(PduType.GET, 5, AFTER_IT, (1, 3, 6, 1, 2, 1, 43, 2, 0))
    assert exchange(agent, Version.V1, pdu) == pdu.refusal(Status.TOO_BIG)
    answer = exchange(agent, Version.V2C, pdu)
    assert answer == Pdu(PduType.RESPONSE, 5, Status.TOO_BIG, 0, ())


@pytest.mark.feature("S-5")
def test_a_bulk_is_cut_to_what_fits(agent: Agent) -> None:
    answer = exchange(agent, Version.V2C, request(PduType.GETBULK, 5, (1, 3), index=50))
    assert answer
    assert [oid for oid, _ in answer.varbinds] == sorted(OBJECTS)[:5]


@pytest.mark.feature("S-5")
def test_a_bulk_takes_non_repeaters_once_and_ends_with_the_view(agent: Agent) -> None:
    pdu = request(PduType.GETBULK, 5, (1, 3), BIG_COUNTER, status=1, index=9)
    with Agent(OBJECTS, manners=Manners(max_octets=60_000)) as roomy:
        answer = exchange(roomy, Version.V2C, pdu)
    assert answer
    assert [oid for oid, _ in answer.varbinds] == [DESCR, *sorted(OBJECTS)[4:], sorted(OBJECTS)[5]]
    assert answer.varbinds[-1][1].type is Type.END_OF_MIB_VIEW


def test_a_bulk_without_repetitions_is_answered_empty(agent: Agent) -> None:
    answer = exchange(agent, Version.V2C, request(PduType.GETBULK, 5, DESCR, index=-4))
    assert answer == Pdu(PduType.RESPONSE, 5, 0, 0, ())


@pytest.mark.feature("S-5")
def test_strangers_and_rubbish_get_silence(agent: Agent) -> None:
    get = request(PduType.GET, 5, DESCR)
    assert exchange(agent, Version.V2C, get, community=b"private") is None
    assert exchange(agent, Version.V1, request(PduType.GETBULK, 5, DESCR, index=3)) is None
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        for packet in (b"", b"hello", b"\x30\x84\xff\xff\xff\xff", b"\x30\x00", b"\x30" * 1400):
            asking.sendto(packet, (agent.host, agent.port))
    answer = exchange(agent, Version.V2C, get)
    assert answer is not None
    assert answer.varbinds == ((DESCR, values.string("Copier")),)
    assert agent.seen["wrong community"] == 1
    assert agent.seen["malformed"] == 5


def test_nothing_can_be_set(agent: Agent, net_snmp: NetSnmp) -> None:
    setting = ("1.3.6.1.2.1.1.4.0", "s", "Eve")
    assert "notWritable" in net_snmp("snmpset", agent, "-v2c", *setting)
    assert "noSuchName" in net_snmp("snmpset", agent, "-v1", *setting)
    assert "Anna" in net_snmp("snmpget", agent, "-v2c", "1.3.6.1.2.1.1.4.0")


def test_a_printer_of_v1_only_is_silent_to_v2c(net_snmp: NetSnmp) -> None:
    with Agent(OBJECTS, manners=Manners(v1_only=True)) as agent:
        assert "Timeout" in net_snmp("snmpget", agent, "-v2c", "1.3.6.1.2.1.1.1.0")
        assert "Copier" in net_snmp("snmpget", agent, "-v1", "1.3.6.1.2.1.1.1.0")


def test_bad_manners_delay_lose_and_damage() -> None:
    get = request(PduType.GET, 5, DESCR)
    with Agent(OBJECTS, manners=Manners(delay_seconds=0.2)) as slow:
        began = time.monotonic()
        assert exchange(slow, Version.V2C, get)
        assert time.monotonic() - began >= 0.2
    with Agent(OBJECTS, manners=Manners(lost_share=1.0)) as mute:
        assert exchange(mute, Version.V2C, get) is None
    with Agent(OBJECTS, manners=Manners(garbled_share=1.0), seed=1) as garbling:
        whole = Message(Version.V2C, b"public", get.answer((DESCR, OBJECTS[DESCR]))).encoded()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
            asking.settimeout(1)
            asking.sendto(
                Message(Version.V2C, b"public", get).encoded(), (garbling.host, garbling.port)
            )
            assert asking.recv(65_535) != whole


def test_an_override_shows_at_once_and_keeps_the_order(agent: Agent, net_snmp: NetSnmp) -> None:
    agent.set("1.3.6.1.2.1.1.5.0", values.string("hall"))
    agent.set(DESCR, values.string("Other"))
    printed = net_snmp("snmpwalk", agent, "-v2c", "1.3.6.1.2.1.1")
    assert [line.split(" = ")[1] for line in printed.splitlines()] == [
        'STRING: "Other"',
        'STRING: "Anna"',
        'STRING: "hall"',
    ]


def test_the_port_is_free_again_after_the_end_and_taken_before() -> None:
    with Agent(OBJECTS) as first:
        with pytest.raises(OSError, match="in use"):
            Agent(OBJECTS, port=first.port).start()
    with Agent(OBJECTS, port=first.port) as again:
        assert exchange(again, Version.V2C, request(PduType.GET, 1, DESCR))


def test_it_answers_a_thousand_requests_a_second(agent: Agent) -> None:
    """Measured in processor time, client included, so that a busy machine does not matter."""
    packet = Message(Version.V2C, b"public", request(PduType.GET, 5, DESCR)).encoded()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.connect((agent.host, agent.port))
        asking.settimeout(2)
        began = time.process_time()
        for _ in range(1000):
            asking.send(packet)
            asking.recv(65_535)
    assert time.process_time() - began < 1


def test_the_recording_of_a_real_xerox_is_served_as_it_is(net_snmp: NetSnmp) -> None:
    with Agent.of_recording(recording("librenms__xerox")) as agent:
        assert "AltaLink C8045" in net_snmp("snmpget", agent, "-v2c", "1.3.6.1.2.1.1.1.0")
