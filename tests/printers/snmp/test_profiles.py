"""Maker profiles are data: adding a maker is adding a file, and a bad file is named."""

from pathlib import Path

import pytest

from tests.printers.snmp.handmade import DESCR, OBJECT_ID, reading
from webapp.printers.snmp import profiles
from webapp.printers.snmp.decode import decode
from webapp.printers.snmp.profiles import BadProfile, gather_subtrees, load_folder, load_profile

GOOD = """
maker = "Acme"
[match]
object_ids = ["1.3.6.1.4.1.99999"]
descr = '^Acme'
[gather]
subtrees = ["1.3.6.1.4.1.99999.1"]
[tables.pages]
kind = "label"
key = "1.3.6.1.4.1.99999.1.2"
value = "1.3.6.1.4.1.99999.1.3"
[serial]
oids = ["1.3.6.1.4.1.99999.1.9.0", "standard"]
[counters]
total = ["pages:All pages", "life"]
large = [{ sum = ["pages:Large black"], optional = ["pages:Large colour"], unless = "colour" }]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "standard.toml").write_text((profiles.FOLDER / "standard.toml").read_text())
    return tmp_path


def test_adding_a_maker_is_adding_a_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "acme.toml").write_text(GOOD)
    monkeypatch.setattr(profiles, "all_profiles", lambda: load_folder(folder))
    monkeypatch.setattr("webapp.printers.snmp.identity.all_profiles", profiles.all_profiles)
    result = decode(
        reading(
            {
                DESCR: "Acme 9000",
                OBJECT_ID: "1.3.6.1.4.1.99999.5",
                "1.3.6.1.4.1.99999.1.9.0": "a-1",
                "1.3.6.1.4.1.99999.1.2.4": "All pages",
                "1.3.6.1.4.1.99999.1.3.4": 77,
            }
        )
    )
    assert (result.identity.maker, result.identity.serial) == ("Acme", "A-1")
    assert result.counters.total is not None
    assert result.counters.total.oid == "1.3.6.1.4.1.99999.1.3.4"
    assert gather_subtrees()["1.3.6.1.4.1.99999"] == ["1.3.6.1.4.1.99999.1"]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('maker = "Acme"', "", "`maker`"),
        ('maker = "Acme"', "maker = 7", "$.maker"),
        ('maker = "Acme"', 'maker = "Acme"\ncolour = 1', "`colour`"),
        ('maker = "Acme"', 'maker = "Acme', "Illegal character"),
        ("descr = '^Acme'", "descr = '(Acme'", "match.descr: is not a pattern"),
        ("[serial]", "[serial]\ndescr = 'S/N'", "serial.descr: needs exactly one group"),
        ("[serial]", "[serial]\nalias = ['A']", "serial.alias[0]: needs exactly one group"),
        ('["1.3.6.1.4.1.99999"]', '["enterprises.9"]', "match.object_ids: 'enterprises.9' is not"),
        ("99999.1.9.0", "99999.7.9.0", "serial.oids: 1.3.6.1.4.1.99999.7.9.0 lies in none of"),
        ("99999.1.9.0", "99999.1..0", "serial.oids: '1.3.6.1.4.1.99999.1..0' is not an OID"),
        ("99999.1.3", "99999.3", "tables.pages: 1.3.6.1.4.1.99999.3 lies in none of"),
        ('kind = "label"', 'kind = "row"', "$.tables[...].kind"),
        ('kind = "label"', 'kind = "records"', "tables.pages.key"),
        ("pages:All pages", "sheets:All pages", "counters.total: there is no table 'sheets'"),
        ("pages:Large colour", "sheets:x", "counters.large: there is no table 'sheets'"),
        ("pages:All pages", "lifetime", "counters.total: 'lifetime' is not an OID"),
        ('sum = ["pages:Large black"]', "sum = []", "counters.large: sum is empty"),
        ('unless = "colour"', 'unless = "red"', "$.counters.large"),
        ('unless = "colour"', 'without = "sheets"', "counters.large: there is no table 'sheets'"),
    ],
)
def test_a_bad_profile_is_named_with_file_and_key(
    tmp_path: Path, old: str, new: str, says: str
) -> None:
    assert old in GOOD
    path = tmp_path / "acme.toml"
    path.write_text(GOOD.replace(old, new, 1))
    with pytest.raises(BadProfile) as problem:
        load_profile(path)
    assert str(problem.value).startswith("acme.toml")
    assert says in str(problem.value)


def test_there_is_always_a_standard_profile(tmp_path: Path) -> None:
    with pytest.raises(BadProfile, match=r"standard\.toml is missing"):
        load_folder(tmp_path)


def test_every_profile_that_is_shipped_is_good_and_names_its_maker() -> None:
    shipped = profiles.all_profiles()
    assert {"standard", "xerox", "hp", "brother", "konica_minolta", "ricoh"} <= set(shipped)
    assert all(profile.maker for name, profile in shipped.items() if name != "standard")


@pytest.mark.feature("B-1")
def test_a_device_is_told_which_subtrees_to_read() -> None:
    subtrees = gather_subtrees()
    assert subtrees[""] == ["1.3.6.1.2.1.1", "1.3.6.1.2.1.25.3", "1.3.6.1.2.1.43"]
    assert "1.3.6.1.4.1.253.8.53.13.2.1.6.1" in subtrees["1.3.6.1.4.1.253.8.62.1"]


def test_a_model_may_be_kept_from_being_polled() -> None:
    gather = profiles.Gather(no_poll=("M1212nf",))
    profile = profiles.Profile(maker="HP", gather=gather)
    assert not profiles.is_polled(profile, "HP LaserJet m1212NF MFP")
    assert profiles.is_polled(profile, "HP LaserJet M130nw")
