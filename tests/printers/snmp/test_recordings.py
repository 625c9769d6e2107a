"""Recordings of real printers, decoded; what is expected was read in each file by eye."""

from dataclasses import dataclass, field

import pytest

from tests.printers.snmp.recordings import FOLDER, all_names, needs_recordings
from webapp.printers.snmp.decode import Decoded, decode
from webapp.printers.snmp.raw import parse, to_wire
from webapp.printers.snmp.recordings import load

pytestmark = needs_recordings


@dataclass(frozen=True, kw_only=True)
class Expected:
    maker: str = ""
    model: str = ""
    serial: str = ""
    total: int | None = None
    black: int | None = None
    colour: int | None = None
    life: int | None = None
    supplies: int = 0
    levels: dict[str, int | None] = field(default_factory=dict)
    states: dict[str, str] = field(default_factory=dict)
    faults: tuple[str, ...] = ()
    doubtful: tuple[str, ...] = ()


EXPECTED = {
    "librenms__jetdirect_m130nw": Expected(
        maker="HP",
        model="HP LaserJet MFP M130nw",
        serial="VNCRC48198",
        total=15_232,
        black=15_232,
        life=15_232,
        supplies=2,
        levels={"Black Cartridge HP CF217A": 28, "Imaging Drum HP CF219A": 71},
    ),
    "librenms__jetdirect_m880": Expected(
        maker="HP",
        model="HP Color LaserJet flow MFP M880",
        supplies=15,
        levels={"Black Cartridge": 92, "Cyan Cartridge 8": 16, "Stapler 1 HP C80": None},
        states={"Stapler 1 HP C80": "some"},
    ),
    "librenms__jetdirect_context": Expected(
        maker="HP",
        model="HP Color LaserJet M452nw",
        serial="AAA0A00000",
        supplies=4,
        levels={"Black Cartridge HP CF410A": 54, "Yellow Cartridge HP CF412A": 71},
    ),
    "librenms__xerox": Expected(
        maker="Xerox",
        model="AltaLink C8045",
        supplies=12,
        levels={"Black Toner, PN 006R01509": 20, "Cyan Toner, PN 006R01512": 66},
        states={"Waste Toner Container, PN 008R13061": "low"},
    ),
    "librenms__xerox_phaser": Expected(maker="Xerox", model="Xerox Phaser 4600"),
    "librenms__xerox_color": Expected(maker="Xerox", model="Xerox Color 570"),
    "librenms__fujifilmprinter_c7580": Expected(
        maker="Fujifilm",
        model="FUJIFILM Apeos C7580",
        serial="TC101642170085",
        supplies=10,
        levels={"Black Drum Cartridge": 99, "Black Toner 2": 90, "Waste Toner Container": None},
    ),
    "librenms__canonprinter_lbp": Expected(
        maker="Canon",
        model="Canon LBP6670",
        serial="MKRA012345",
        supplies=1,
        levels={"Canon Cartridge 719/719H": 70},
    ),
    "librenms__canonprinter_tm": Expected(
        maker="Canon",
        model="Canon TM-5300",
        total=21_588,
        life=21_588,
        supplies=6,
        levels={"CANON Yellow Ink Tank": 60, "CANON Cyan Ink Tank": 70},
    ),
    "librenms__ricoh_mpc2503": Expected(
        maker="Ricoh",
        model="MP C2503",
        serial="E216R220016",
        total=580_249,
        life=580_249,
        supplies=5,
        levels={"黑色碳粉": 80, "青色碳粉": 30, "黃色碳粉": 20},
    ),
    "librenms__gestetner": Expected(
        maker="Gestetner", model="Gestetner MPC2500/DSc525", serial="M6394300657"
    ),
    "librenms__savin_c4503": Expected(maker="Savin", model="SAVIN MP C4503"),
    "librenms__dell-laser_s5830dn": Expected(
        maker="Dell",
        model="Dell S5830dn",
        serial="7XQ1R92-132-13",
        supplies=4,
        levels={"Black Toner": 49, "Imaging Unit": 72, "Maintenance Kit": 83, "Roller Kit": 89},
    ),
    "librenms__samsungprinter_m4080fx": Expected(
        maker="Samsung",
        model="Samsung M408x Series",
        total=22_934,
        life=22_934,
        supplies=7,
        levels={"Black Toner Cartridge": 88, "Fuser": 75},
        faults=("Paper low",),
    ),
    "librenms__konica_2": Expected(
        maker="Konica Minolta",
        model="Konica Minolta bizhub 25e",
        supplies=4,
        levels={"Black Toner": 8, "Drum": 99},
        states={"Black Toner": "low", "Drum": "ok"},
    ),
    "librenms__brother": Expected(
        maker="Brother",
        model="Brother MFC-L2710DW series",
        serial="000A5J431816",
        supplies=2,
        levels={"Black Toner Cartridge": None, "Drum Unit": 96},
        states={"Black Toner Cartridge": "some"},
    ),
    "librenms__kyocera": Expected(maker="Kyocera", model="FS-1028MFP", serial="QUV9600664"),
    "librenms__okilan": Expected(maker="OKI", model="MC342"),
    "librenms__lexmarkprinter": Expected(maker="Lexmark", model="Lexmark T640"),
    "librenms__zebra": Expected(maker="Zebra", model="ZTC TLP 2824 Plus", serial="37J162600538"),
    "bieniu-brother__dcp-9020cdw": Expected(
        maker="Brother",
        model="DCP-9020CDW series",
        serial="E71833C4J372261",
        total=4_939,
        black=1_762,
        colour=3_177,
        life=4_939,
    ),
    "bieniu-brother__hl-l2340dw": Expected(
        maker="Brother",
        model="HL-L2340DW series",
        serial="SERIAL_NUMBER",
        total=986,
        life=1_279,
        doubtful=("total_differs_from_life",),
    ),
    "bieniu-brother__mfc-j680dw": Expected(
        maker="Brother",
        model="MFC-J680DW",
        serial="SERIAL_NUMBER",
        total=952,
        black=461,
        colour=491,
    ),
    "issue__brother_mfcj5110dw_tray2_missing__bieniu-850": Expected(
        maker="Brother",
        model="Brother MFC-J5110DW",
        faults=("The printer reports that it is down",),
    ),
    "issue__brother_mfcj5110dw_idle__bieniu-850": Expected(
        maker="Brother", model="Brother MFC-J5110DW"
    ),
    "issue__hp_designjet_z5200__fi4glpi-1698": Expected(faults=("Lower lever",)),
    "issue__lexmark_swedish_console__centreon-794": Expected(
        faults=("Cyan patron mycket låg, 412 återstående sidor ca",)
    ),
    "issue__hp_officejet8600_supplies_index0__fi-agent-658": Expected(
        supplies=4, states={"black ink": "unknown", "magenta ink": "unknown"}
    ),
    "issue__kyocera_fsc8520mfp__fi-agent-520": Expected(
        supplies=5,
        levels={"TK-895C": 71, "TK-895M": None},
        states={"Waste Toner Box": "unknown"},
    ),
    "issue__konica_bizhub750i__captured_in_test_file": Expected(
        maker="Konica Minolta", model="KONICA MINOLTA bizhub 750i", total=757_288, black=757_288
    ),
}


def recorded(name: str) -> Decoded:
    return decode(load(FOLDER / f"{name}.snmprec"))


@pytest.mark.parametrize("name", all_names())
def test_every_recording_is_decoded_and_survives_the_wire(name: str) -> None:
    reading = load(FOLDER / f"{name}.snmprec")
    result = decode(reading)
    assert parse(to_wire(reading)) == reading
    assert len(result.missing) + len(result.supplies) + len(result.identity.model) > 0
    assert all(fault.text for fault in result.faults)


@pytest.mark.feature("B-1")
@pytest.mark.parametrize("name", EXPECTED)
def test_a_recording_says_what_stands_in_it(name: str) -> None:
    expected, result = EXPECTED[name], recorded(name)
    identity, counters = result.identity, result.counters
    assert (identity.maker, identity.model, identity.serial) == (
        expected.maker,
        expected.model,
        expected.serial,
    )
    figures = (counters.total, counters.black, counters.colour, counters.life)
    assert tuple(figure.value if figure else None for figure in figures) == (
        expected.total,
        expected.black,
        expected.colour,
        expected.life,
    )
    assert len(result.supplies) == expected.supplies
    supplies = {supply.description: supply for supply in result.supplies}
    assert {text: supplies[text].percent for text in expected.levels} == expected.levels
    assert {text: supplies[text].state for text in expected.states} == expected.states
    assert tuple(fault.text for fault in result.faults) == expected.faults
    assert result.doubtful == expected.doubtful


def test_a_power_saver_in_polish_is_seen_and_is_no_fault() -> None:
    result = recorded("bieniu-brother__dcp-9020cdw")
    assert result.state.panel == ("TRYB UŚPIENIA",)
    assert result.state.is_saving_power
    assert result.faults == ()
