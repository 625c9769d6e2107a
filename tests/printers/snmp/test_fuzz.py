"""Anything may come over the wire: it is refused by name or it is decoded, never an accident."""

from contextlib import suppress

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from webapp.printers.snmp.decode import Decoded, decode
from webapp.printers.snmp.profiles import all_profiles
from webapp.printers.snmp.raw import NUMBERS, BadReading, RawValue, parse, to_wire
from webapp.printers.snmp.recordings import parse_snmprec
from webapp.printers.snmp.texts import device_id, label, sentence

quick = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=20), inner),
    max_leaves=12,
)


def _interesting() -> list[str]:
    """Columns that the decoder looks at, so that fuzz meets its branches."""
    standard = [f"1.3.6.1.2.1.43.11.1.1.{n}" for n in range(2, 10)]
    standard += [f"1.3.6.1.2.1.43.18.1.1.{n}" for n in range(2, 10)]
    standard += ["1.3.6.1.2.1.1", "1.3.6.1.2.1.43.5.1.1.17", "1.3.6.1.2.1.43.10.2.1.4"]
    standard += ["1.3.6.1.2.1.43.10.2.1.3", "1.3.6.1.2.1.43.16.5.1.2", "1.3.6.1.2.1.43.12.1.1.4"]
    standard += ["1.3.6.1.2.1.25.3.2.1.2", "1.3.6.1.2.1.25.3.2.1.3", "1.3.6.1.2.1.25.3.2.1.5"]
    standard += ["1.3.6.1.2.1.25.3.5.1.1", "1.3.6.1.2.1.25.3.5.1.2", "1.3.6.1.2.1.43.7.1.1.4"]
    makers = all_profiles().values()
    tables = [oid for p in makers for t in p.tables.values() for oid in (t.key, t.value) if oid]
    return standard + tables + [oid for p in makers for oid in p.serial.oids if oid[0] == "1"]


tails = st.lists(st.integers(0, 4) | st.integers(0, 2**32 - 1), min_size=0, max_size=3)
oids = st.builds(
    lambda base, tail: ".".join([base, *map(str, tail)]), st.sampled_from(_interesting()), tails
)
words = [
    b"Xerox",
    b"Ready",
    b"MFG:HP;MDL:9;",
    b"Total Impressions",
    b"\x01\x15",
    b"\xc3",
    b"\xff\xfe",
]
octets = st.binary(max_size=40) | st.sampled_from(words)
kinds = st.sampled_from(list(NUMBERS))
values = (
    octets.map(lambda value: RawValue("string", value))
    | octets.map(lambda value: RawValue("opaque", value))
    | kinds.flatmap(
        lambda kind: st.integers(*NUMBERS[kind]).map(lambda value: RawValue(kind, value))
    )
    | st.integers(-110, 120).map(lambda value: RawValue("integer", value))
    | st.sampled_from(["1.3.6.1.2.1.25.3.1.5", "1.3.6.1.4.1.253.8.62.1.9", "0.0"]).map(
        lambda value: RawValue("oid", value)
    )
    | st.just(RawValue("ip", "192.0.2.7"))
)
readings = st.dictionaries(oids, values, max_size=40)


@quick
@given(JSON)
def test_any_json_is_parsed_or_refused(document: object) -> None:
    with suppress(BadReading):
        assert all(oid and raw.kind for oid, raw in parse(document).items())


entries = st.tuples(st.sampled_from([*NUMBERS, "string", "opaque", "oid", "ip"]), JSON)


@quick
@given(st.dictionaries(oids, entries, max_size=5))
def test_any_value_is_parsed_or_refused(document: dict[str, object]) -> None:
    with suppress(BadReading):
        assert all(oid and raw.kind for oid, raw in parse(document).items())


@quick
@given(st.text(max_size=200) | st.lists(st.text("0123456789.|x \n", max_size=30)).map("\n".join))
def test_any_text_is_a_recording_or_refused(text: str) -> None:
    with suppress(BadReading):
        assert parse(to_wire(parse_snmprec(text))) == parse_snmprec(text)


@quick
@given(readings)
def test_any_reading_is_decoded_and_survives_the_wire(reading: dict[str, RawValue]) -> None:
    result = decode(reading)
    assert parse(to_wire(reading)) == reading
    _holds_what_it_promises(result)
    _holds_what_it_promises(decode(reading, before=result))


@quick
@given(st.binary(max_size=300), st.sampled_from([None, 0, 5, 17, 106, 2004, 2025, -1]))
def test_any_octets_are_some_printable_text(octets: bytes, charset: int | None) -> None:
    for text in (label(octets, charset), sentence(octets, charset)):
        assert text.isprintable()
        assert text == text.strip()
        device_id(text)


def _holds_what_it_promises(result: Decoded) -> None:
    assert len(result.messages) == 4
    assert all(supply.percent in {None, *range(101)} for supply in result.supplies)
    assert {supply.state for supply in result.supplies} <= {"ok", "low", "empty", "unknown", "some"}
    assert all(fault.text and fault.text.isprintable() for fault in result.faults)
    counters = result.counters
    for counter in (counters.total, counters.black, counters.colour, counters.large, counters.life):
        assert counter is None or (counter.value >= 0 and counter.oids)
