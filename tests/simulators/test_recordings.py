from pathlib import Path

import pytest

from simulators.printer import values
from simulators.printer.oids import format_oid
from simulators.printer.overrides import overrides
from simulators.printer.recordings import (
    RecordingError,
    load_recording,
    parse_override,
    parse_snmprec,
)
from simulators.printer.snmpwalk import parse_snmpwalk
from simulators.printer.values import Type, Value
from tests.simulators.conftest import recordings

SYS = (1, 3, 6, 1, 2, 1, 1)


@pytest.mark.feature("S-5")
@pytest.mark.skipif(not recordings(), reason="no recordings beside the repository")
@pytest.mark.parametrize("file", recordings(), ids=lambda file: file.stem)
def test_every_recording_loads_with_every_line(file: Path) -> None:
    lines = {line.split(b"|")[0] for line in file.read_bytes().splitlines() if b"|" in line}
    assert len(load_recording(file)) == len(lines)


@pytest.mark.feature("S-5")
@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("2|-3", Value(Type.INTEGER, b"\xfd")),
        ("4|a|b", Value(Type.STRING, b"a|b")),
        ("4|", Value(Type.STRING, b"")),
        ("4x|00ff20", Value(Type.STRING, b"\x00\xff ")),
        ("4x|", Value(Type.STRING, b"")),
        ("4e|a\\x00b", Value(Type.STRING, b"a\x00b")),
        ("5|", values.NULL),
        ("6|0.0", Value(Type.OID, b"\x00")),
        ("6|.1.3.6", Value(Type.OID, b"+\x06")),
        ("64|10.0.0.1", Value(Type.IP, b"\x0a\x00\x00\x01")),
        ("64x|0a000001", Value(Type.IP, b"\x0a\x00\x00\x01")),
        ("65|4294967295", Value(Type.COUNTER32, b"\x00\xff\xff\xff\xff")),
        ("66|1", Value(Type.GAUGE32, b"\x01")),
        ("67|4280423", Value(Type.TIMETICKS, b"\x41\x50\x67")),
        ("68x|9f780400000000", Value(Type.OPAQUE, bytes.fromhex("9f780400000000"))),
        ("70|18446744073709551615", Value(Type.COUNTER64, b"\x00" + b"\xff" * 8)),
    ],
)
def test_every_type_of_snmprec_keeps_its_tag_and_octets(line: str, value: Value) -> None:
    assert parse_snmprec(f"1.3.6.1.2.1.1.1.0|{line}\n".encode()) == {(*SYS, 1, 0): value}


def test_octets_of_text_stay_as_they_are() -> None:
    shift_jis = "黒".encode("shift_jis")
    assert parse_snmprec(b"1.3.6.1.2.1.1.1.0|4|" + shift_jis)[*SYS, 1, 0].octets == shift_jis


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("1.3.6.1|2", r"line 2: is not OID\|type\|value"),
        ("1.3.x|2|1", r"line 2: '1.3.x' is no object identifier"),
        ("1.3.6.1|2|many", "line 2: 'many' is no INTEGER"),
        ("1.3.6.1|65|-1", "line 2: '-1' is no COUNTER32"),
        ("1.3.6.1|2|4294967296", "does not fit an INTEGER"),
        ("1.3.6.1|99|1", "line 2: '99' is no type"),
        ("1.3.6.1|130|", "END_OF_MIB_VIEW is no value"),
        ("1.3.6.1|4x|zz", "is no hex"),
        ("1.3.6.1|64|300.1.1.1", "is no IP"),
        ("1.3.6.1|2:numeric|1", "variation module"),
    ],
)
def test_a_bad_line_is_named_with_what_is_wrong(line: str, why: str) -> None:
    with pytest.raises(RecordingError, match=why):
        parse_snmprec(f"1.3.6.1.2.1.1.1.0|4|ok\n{line}\n".encode())


def test_a_file_that_is_no_recording_is_refused(tmp_path: Path) -> None:
    empty = tmp_path / "empty.snmprec"
    empty.write_bytes(b"# nothing\n")
    with pytest.raises(RecordingError, match="holds no object"):
        load_recording(empty)
    with pytest.raises(RecordingError, match="No such file"):
        load_recording(tmp_path / "absent.snmprec")


WALK = b"""\
.1.3.6.1.2.1.1.1.0 = STRING: "Printer with \\"quotes\\", back\\\\slash
and a second line"
.1.3.6.1.2.1.1.2.0 = OID: .1.3.6.1.4.1.253.8.62.1
.1.3.6.1.2.1.1.3.0 = Timeticks: (4280423) 11:53:24.23
iso.3.6.1.2.1.1.4.0 = ""
.1.3.6.1.2.1.1.5.0 = STRING: plain, without quotes
.1.3.6.1.2.1.2.2.1.6.1 = Hex-STRING: 00 11 22 33
44 FF
.1.3.6.1.2.1.2.2.1.8.1 = INTEGER: up(1)
.1.3.6.1.2.1.25.3.2.1.5.1 = INTEGER: -3
.1.3.6.1.2.1.4.20.1.1.10.0.0.1 = IpAddress: 10.0.0.1
.1.3.6.1.2.1.2.2.1.10.1 = Counter32: 4294967295
.1.3.6.1.2.1.2.2.1.5.1 = Gauge32: 1000
.1.3.6.1.2.1.31.1.1.1.6.1 = Counter64: 18446744073709551615
.1.3.6.1.2.1.25.3.5.1.2.1 = BITS: 80 00 0
.1.3.6.1.4.1.2021.10.1.6.1 = Opaque: Float: 0.500000
.1.3.6.1.2.1.99.1 = Wrong Type (should be Gauge32 or Unsigned32): INTEGER: 7
.1.3.6.1.2.1.99.2 = NULL
.1.3.6.1.2.1.99.3 = No more variables left in this MIB View (It is past the end of the MIB tree)
"""


@pytest.mark.feature("S-5")
def test_the_text_of_snmpwalk_is_read_with_its_types() -> None:
    text = b'Printer with "quotes", back\\slash\nand a second line'
    assert {format_oid(oid): value.as_json() for oid, value in parse_snmpwalk(WALK).items()} == {
        "1.3.6.1.2.1.1.1.0": ("string", text.hex()),
        "1.3.6.1.2.1.1.2.0": ("oid", "1.3.6.1.4.1.253.8.62.1"),
        "1.3.6.1.2.1.1.3.0": ("timeticks", 4280423),
        "1.3.6.1.2.1.1.4.0": ("string", ""),
        "1.3.6.1.2.1.1.5.0": ("string", b"plain, without quotes".hex()),
        "1.3.6.1.2.1.2.2.1.6.1": ("string", "0011223344ff"),
        "1.3.6.1.2.1.2.2.1.8.1": ("integer", 1),
        "1.3.6.1.2.1.25.3.2.1.5.1": ("integer", -3),
        "1.3.6.1.2.1.4.20.1.1.10.0.0.1": ("ip", "10.0.0.1"),
        "1.3.6.1.2.1.2.2.1.10.1": ("counter32", 2**32 - 1),
        "1.3.6.1.2.1.2.2.1.5.1": ("gauge32", 1000),
        "1.3.6.1.2.1.31.1.1.1.6.1": ("counter64", 2**64 - 1),
        "1.3.6.1.2.1.25.3.5.1.2.1": ("string", "8000"),
        "1.3.6.1.4.1.2021.10.1.6.1": ("opaque", "9f78043f000000"),
        "1.3.6.1.2.1.99.1": ("integer", 7),
        "1.3.6.1.2.1.99.2": ("null", ""),
    }


def test_text_that_is_no_walk_is_refused_by_line() -> None:
    with pytest.raises(ValueError, match="line 1: is not `OID = TYPE: value`"):
        parse_snmpwalk(b"Timeout: No Response from 10.0.0.1\n")
    with pytest.raises(ValueError, match="line 2: type 'Strange' is not known"):
        parse_snmpwalk(b".1.3.6.1 = INTEGER: 1\n.1.3.6.2 = Strange: 1\n")


def test_overrides_replace_the_serial_wherever_it_stands() -> None:
    ricoh_serial = (1, 3, 6, 1, 4, 1, 367, 3, 2, 1, 2, 1, 4, 0)
    standard, copy = (1, 3, 6, 1, 2, 1, 43, 5, 1, 1, 17, 1), (1, 3, 6, 1, 4, 1, 9, 1, 0)
    recorded = {
        ricoh_serial: values.string("E216R220016"),
        standard: values.string("OLD1"),
        copy: values.string("OLD1"),
        (*SYS, 1, 0): values.string("RICOH"),
    }
    assert overrides(recorded, serial="NEW9", name="hall", location="Berlin") == {
        ricoh_serial: values.string("NEW9"),
        standard: values.string("NEW9"),
        copy: values.string("NEW9"),
        (*SYS, 5, 0): values.string("hall"),
        (*SYS, 6, 0): values.string("Berlin"),
    }


def test_a_setting_is_read_by_name_number_or_hex() -> None:
    assert parse_override("1.3.6.1=string:a:b=c") == ((1, 3, 6, 1), values.string("a:b=c"))
    assert parse_override(".1.3.6.1=65:7") == ((1, 3, 6, 1), values.counter32(7))
    assert parse_override("1.3.6.1=4x:0400") == ((1, 3, 6, 1), values.string(b"\x04\x00"))


@pytest.mark.parametrize("text", ["1.3.6.1", "1.3.6.1=hello", "x=string:a", "1.3=nothing:1"])
def test_a_setting_that_means_nothing_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no"):
        parse_override(text)
