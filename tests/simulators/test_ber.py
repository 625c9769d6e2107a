import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.printer import ber
from simulators.printer.messages import Message, PduType, Version, decode_message, request

ARCS = st.integers(0, 2**32 - 1)


@pytest.mark.parametrize(
    ("number", "octets"),
    [
        (0, "00"),
        (127, "7f"),
        (128, "0080"),
        (-1, "ff"),
        (-128, "80"),
        (-129, "ff7f"),
        (2**31 - 1, "7fffffff"),
        (-(2**31), "80000000"),
        (2**32 - 1, "00ffffff" + "ff"),
    ],
)
def test_integers_take_as_few_octets_as_hold_them(number: int, octets: str) -> None:
    assert ber.integer_content(number).hex() == octets
    assert ber.signed(bytes.fromhex(octets)) == number


def test_an_object_identifier_is_encoded_as_in_x690() -> None:
    assert ber.oid_content((2, 999, 3)).hex() == "883703"  # the example of X.690 8.19.5
    assert ber.oid_from(bytes.fromhex("883703")) == (2, 999, 3)
    assert ber.oid_content((1, 3, 6, 1, 4, 1, 253)).hex() == "2b06010401817d"


@given(st.integers(0, 2), st.integers(0, 39), st.lists(ARCS, max_size=40))
def test_object_identifiers_come_back(first: int, second: int, rest: list[int]) -> None:
    oid = (first, second, *rest)
    assert ber.oid_from(ber.oid_content(oid)) == oid


@given(st.binary(max_size=70_000))
def test_contents_of_any_length_come_back(content: bytes) -> None:
    tag, back, end = ber.read(ber.tlv(0x04, content))
    assert (tag, back) == (0x04, content)
    assert end == len(ber.tlv(0x04, content))


def test_a_request_looks_as_rfc_1157_wants_it() -> None:
    pdu = request(PduType.GET, 1, (1, 3, 6, 1, 2, 1, 1, 1, 0))
    packet = Message(Version.V1, b"public", pdu).encoded()
    assert packet.hex() == (
        "3026020100040670 75626c6963a019020101020100020100300e300c06082b060102010101000500"
    ).replace(" ", "")
    assert decode_message(packet).pdu == pdu


@pytest.mark.feature("Q-14")
@given(st.binary(max_size=300))
def test_rubbish_is_refused_and_nothing_else(packet: bytes) -> None:
    with pytest.raises(ber.BerError):
        decode_message(packet)


@pytest.mark.feature("Q-14")
@given(st.data())
def test_a_damaged_message_is_refused_or_read(data: st.DataObject) -> None:
    pdu = request(PduType.GETBULK, 77, (1, 3, 6, 1, 2, 1), (1, 3, 6, 1, 4), index=20)
    packet = bytearray(Message(Version.V2C, b"public", pdu).encoded())
    for _ in range(data.draw(st.integers(1, 4))):
        packet[data.draw(st.integers(0, len(packet) - 1))] = data.draw(st.integers(0, 255))
    try:
        message = decode_message(bytes(packet))
    except ber.BerError:
        return
    assert decode_message(message.encoded()).pdu == message.pdu
