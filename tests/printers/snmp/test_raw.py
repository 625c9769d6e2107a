"""Readings as they come over the wire: everything good gets in, everything else is named."""

import json
from pathlib import Path

import pytest

from webapp.printers.snmp.raw import MAX_ENTRIES, BadReading, RawValue, parse, parse_oid, to_wire
from webapp.printers.snmp.recordings import load, parse_snmprec

GOOD = {
    "1.3.6.1.2.1.1.1.0": ["string", "5865726f78"],
    "1.3.6.1.2.1.1.2.0": ["oid", "1.3.6.1.4.1.253.8.62.1"],
    "1.3.6.1.2.1.4.20.1.1.1": ["ip", "192.0.2.7"],
    "1.3.6.1.2.1.43.11.1.1.9.1.1": ["integer", -3],
    "1.3.6.1.2.1.43.10.2.1.4.1.1": ["counter32", 4_294_967_295],
    "1.3.6.1.2.1.2.2.1.5.1": ["gauge32", 100],
    "1.3.6.1.2.1.1.3.0": ["timeticks", 4280423],
    "1.3.6.1.2.1.31.1.1.1.6.1": ["counter64", 2**64 - 1],
    "1.3.6.1.4.1.1.1": ["opaque", "9f7804"],
}


@pytest.mark.feature("B-1")
def test_every_type_of_the_wire_comes_in_and_goes_out_unchanged() -> None:
    reading = parse(json.loads(json.dumps(GOOD)))
    assert reading["1.3.6.1.2.1.1.1.0"] == RawValue("string", b"Xerox")
    assert reading["1.3.6.1.2.1.43.11.1.1.9.1.1"].number == -3
    assert to_wire(reading) == GOOD
    assert parse(to_wire(reading)) == reading


def test_hex_may_have_blanks_and_numbers_may_be_text() -> None:
    reading = parse({"1.3.6.1": ["string", "58 65 72"], "1.3.6.2": ["counter32", "17"]})
    assert reading == {"1.3.6.1": RawValue("string", b"Xer"), "1.3.6.2": RawValue("counter32", 17)}


def test_a_leading_dot_is_no_part_of_an_oid() -> None:
    assert list(parse({".1.3.6.1": ["integer", 1]})) == ["1.3.6.1"]


@pytest.mark.parametrize(
    ("document", "says"),
    [
        ([], "maps each OID"),
        ({"printer": ["integer", 1]}, "'printer' is not an OID"),
        ({"1": ["integer", 1]}, "not an OID"),
        ({"1.3..6": ["integer", 1]}, "not an OID"),
        ({"1.03.6": ["integer", 1]}, "not an OID"),
        ({"1.3.6\n": ["integer", 1]}, "not an OID"),
        ({"1.3.٣": ["integer", 1]}, "not an OID"),
        ({"3.1": ["integer", 1]}, "no OID can have"),
        ({"1.40": ["integer", 1]}, "no OID can have"),
        ({"1.3.4294967296": ["integer", 1]}, "no OID can have"),
        ({".".join(["1"] * 129): ["integer", 1]}, "not an OID"),
        ({"1.3": ["integer", 1], ".1.3": ["integer", 1]}, "stands twice"),
        ({"1.3": "integer"}, "expected [type, value]"),
        ({"1.3": ["integer"]}, "expected [type, value]"),
        ({"1.3": ["integer", 1, 2]}, "expected [type, value]"),
        ({"1.3": ["float", 1]}, "'float' is not a type; types are integer"),
        ({"1.3": [None, 1]}, "not a type"),
        ({"1.3": [["integer"], 1]}, "not a type"),
        ({"1.3": ["integer", 1.5]}, "not a whole number"),
        ({"1.3": ["integer", True]}, "not a whole number"),
        ({"1.3": ["integer", None]}, "not a whole number"),
        ({"1.3": ["integer", "one"]}, "not a whole number"),
        ({"1.3": ["integer", 2**31]}, "does not fit integer"),
        ({"1.3": ["counter32", -1]}, "does not fit counter32"),
        ({"1.3": ["counter64", 10**400]}, "does not fit counter64"),
        ({"1.3": ["string", 7]}, "hex text"),
        ({"1.3": ["string", "Xerox"]}, "not hex"),
        ({"1.3": ["string", "585"]}, "not hex"),
        ({"1.3": ["opaque", "zz"]}, "not hex"),
        ({"1.3": ["oid", "0"]}, "not an OID"),
        ({"1.3": ["ip", "192.0.2"]}, "not an IPv4 address"),
        ({"1.3": ["ip", "192.0.2.256"]}, "not an IPv4 address"),
        ({"1.3": ["ip", "192.0.2.²"]}, "not an IPv4 address"),
        ({"1.3": ["ip", None]}, "not an IPv4 address"),
    ],
)
def test_what_is_wrong_is_named_with_its_entry(document: object, says: str) -> None:
    with pytest.raises(BadReading) as problem:
        parse(document)
    assert says in str(problem.value)
    assert len(str(problem.value)) < 300


def test_a_reading_has_a_greatest_size() -> None:
    parse({f"1.3.{n}": ["integer", n] for n in range(MAX_ENTRIES)})
    with pytest.raises(BadReading, match="at most 4000 entries, this one 4001"):
        parse({f"1.3.{n}": ["integer", n] for n in range(MAX_ENTRIES + 1)})


def test_a_value_has_a_greatest_size() -> None:
    parse({"1.3": ["string", "00" * 65_535]})
    for text in ("00" * 65_536, "00" * 1_000_000):
        with pytest.raises(BadReading, match=r"1\.3: the value is longer than 65535 bytes"):
            parse({"1.3": ["string", text]})


def test_object_ids_may_be_as_short_as_null_itself() -> None:
    assert parse_oid("0.0") == "0.0"


def test_a_recording_is_read_with_its_types(tmp_path: Path) -> None:
    text = (
        "1.3.6.1.2.1.1.1.0|4|Zebra|Net\n"
        "1.3.6.1.2.1.1.2.0|6|.1.3.6.1.4.1.1129.1.2.1\n"
        "1.3.6.1.2.1.1.3.0|67|19568677\n"
        "\n"
        "1.3.6.1.2.1.1.6.0|4x|426f6f7468\n"
        "1.3.6.1.2.1.4.20.1.1.1|64x|c0000207\n"
        "1.3.6.1.2.1.4.20.1.3.1|64|255.255.255.0\n"
        "1.3.6.1.2.1.31.1.1.1.6.1|70|18446744073709551615\n"
        "1.3.6.1.9|5|\n"
    )
    path = tmp_path / "zebra.snmprec"
    path.write_text(text)
    reading = load(path)
    assert reading["1.3.6.1.2.1.1.1.0"] == RawValue("string", b"Zebra|Net")
    assert reading["1.3.6.1.2.1.1.2.0"] == RawValue("oid", "1.3.6.1.4.1.1129.1.2.1")
    assert reading["1.3.6.1.2.1.1.6.0"] == RawValue("string", b"Booth")
    assert reading["1.3.6.1.2.1.4.20.1.1.1"] == RawValue("ip", "192.0.2.7")
    assert len(reading) == 7


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("1.3.6", "'' is not the number of a type"),
        ("1.3.6|4e|x", "'4e' is not the number of a type"),
        ("1.3.6|99|x", "type 99 is not known"),
        ("1.3.6|2|much", "not a whole number"),
        ("1.3.6|4x|zz", "not hex"),
        ("1.3.6|64x|c000", "not an IPv4 address"),
        ("1.3.6|67x|10", "timeticks is not written in hex"),
        ("one|2|1", "not an OID"),
    ],
)
def test_a_broken_recording_is_named_with_its_line(line: str, says: str) -> None:
    with pytest.raises(BadReading) as problem:
        parse_snmprec(f"1.3.6.1|2|1\n{line}\n")
    assert str(problem.value).startswith("line 2: ")
    assert says in str(problem.value)
