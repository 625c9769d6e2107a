"""Every recorded printer over the wire, in every version: what is decoded is what the recording holds."""

from pathlib import Path

import pytest

from tests.printers.read_table import line, masked, read_over_the_wire, same
from tests.printers.snmp.recordings import FOLDER, all_names, needs_recordings
from webapp.printers.snmp.decode import decode
from webapp.printers.snmp.recordings import load

TABLE = Path(__file__).parents[3] / "docs" / "printers-read.md"


@pytest.mark.feature("B-11")
@needs_recordings
@pytest.mark.parametrize("name", all_names())
def test_a_recording_is_read_alike_in_v1_v2c_and_v3(name: str) -> None:
    file = FOLDER / f"{name}.snmprec"
    told = decode(load(file))
    answers = read_over_the_wire(file)
    assert [answer.version for answer in answers] == ["1", "2c", "3"]
    for answer in answers:
        assert answer.gaps == ()
        assert same(decode(answer.reading), told)


@pytest.mark.feature("B-11")
def test_a_printer_that_does_not_say_who_made_it_is_told_by_its_trees(tmp_path: Path) -> None:
    """No system group at all: the reader steps from one enterprise's number to the next."""
    file = tmp_path / "nameless.snmprec"
    file.write_text(
        "1.3.6.1.4.1.9.1.1.0|4|something else\n"
        "1.3.6.1.4.1.2435.2.3.9.1.1.7.0|4|MFG:Brother;MDL:HL-L2370DN;\n"
        "1.3.6.1.4.1.2435.2.3.9.4.2.1.5.5.1.0|4|E78098L9N123456\n"
    )
    for answer in read_over_the_wire(file):
        identity = decode(answer.reading).identity
        assert (identity.maker, identity.model) == ("Brother", "HL-L2370DN")
        assert identity.serial == "E78098L9N123456"


@needs_recordings
def test_the_table_in_the_documentation_is_of_these_recordings() -> None:
    """`python -m tests.printers.read_table > docs/printers-read.md` when this fails."""
    for name in all_names()[::12]:
        assert line(FOLDER / f"{name}.snmprec") in TABLE.read_text().splitlines()


@pytest.mark.parametrize(
    ("serial", "shown"),
    [("E78098L9N1", "E7········"), ("MKRA012345", "MKRA012345"), ("AB1", "AB1"), ("", "")],
)
def test_serials_of_other_people_are_masked(serial: str, shown: str) -> None:
    assert masked(serial) == shown
