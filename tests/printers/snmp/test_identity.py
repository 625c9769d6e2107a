"""Which printer it is."""

import pytest

from tests.printers.snmp.handmade import DESCR, DEVICE, OBJECT_ID, SERIAL, XEROX_ID, decoded
from webapp.printers.snmp.decode import Missing
from webapp.printers.snmp.identity import clean_serial

HP_SERIAL = "1.3.6.1.4.1.11.2.3.9.4.2.1.1.3.3.0"
RICOH_ID = "1.3.6.1.4.1.367.1.1"
KYOCERA_ID = "1.3.6.1.4.1.1347.41"
PRINTER = "1.3.6.1.2.1.25.3.1.5"


@pytest.mark.feature("B-1")
@pytest.mark.parametrize(
    ("object_id", "descr", "profile", "maker"),
    [
        (XEROX_ID, "Xerox AltaLink C8045; SS 100.002", "xerox", "Xerox"),
        (XEROX_ID, "", "xerox", "Xerox"),
        ("", "Xerox Phaser 4600; System 35.004", "xerox", "Xerox"),
        ("1.3.6.1.4.1.297.1.11.93.1.2.3", "FUJI XEROX ApeosPort-V C3375", "xerox", "Fuji Xerox"),
        ("1.3.6.1.4.1.297.1.11.93.2.1.2", "FUJIFILM Apeos C7580", "fujifilm", "Fujifilm"),
        (RICOH_ID, "RICOH MP C2503 1.35 / RICOH Network Printer C model", "ricoh", "Ricoh"),
        (RICOH_ID, "SAVIN MP C4503 1.18 / SAVIN Network Printer C model", "ricoh", "Savin"),
        (RICOH_ID, "Gestetner MPC2500/DSc525 1.71 / Gestetner", "ricoh", "Gestetner"),
        (KYOCERA_ID, "TA_UTAX Printing System", "kyocera", "UTAX"),
        (KYOCERA_ID, "HP ETHERNET MULTI-ENVIRONMENT,ROM J.sp.00,JETDIRECT EX", "hp", "HP"),
        ("1.3.6.1.4.1.641.1.71106749", "Dell 2335dn MFP", "dell", "Dell"),
        ("1.3.6.1.4.1.253.8.62.1.9", "Dell C3765dnf Color MFP", "dell", "Dell"),
        ("1.3.6.1.4.1.18334.1.1.1.2.1", "Develop ineo+ 280", "konica_minolta", "Develop"),
        ("1.3.6.1.4.1.99999", "ACME Printer 9", "standard", ""),
    ],
)
def test_the_maker_is_told_by_object_id_and_text_together(
    object_id: str, descr: str, profile: str, maker: str
) -> None:
    known = {DESCR: descr, OBJECT_ID: object_id} if object_id else {DESCR: descr}
    identity = decoded(known).identity
    assert (identity.profile, identity.maker) == (profile, maker)


def test_an_object_id_is_compared_by_whole_numbers() -> None:
    assert decoded({OBJECT_ID: "1.3.6.1.4.1.253.8.62.10"}).identity.maker == ""


def test_without_text_and_object_id_the_device_description_tells_the_maker() -> None:
    identity = decoded({f"{DEVICE}.2.1": PRINTER, f"{DEVICE}.3.1": "Brother MFC-J5110DW"}).identity
    assert (identity.maker, identity.model) == ("Brother", "Brother MFC-J5110DW")


def test_without_any_text_the_private_rows_tell_the_maker() -> None:
    assert decoded({"1.3.6.1.4.1.1347.43.5.1.1.28.1": "QUV9600664"}).identity.maker == "Kyocera"


@pytest.mark.feature("B-1")
@pytest.mark.parametrize(
    ("answered", "serial"),
    [
        ("VNCRC48198", "VNCRC48198"),
        ("  e71833c4j372261 ", "E71833C4J372261"),
        (b"3718264951\0\0", "3718264951"),
        (b"\x01\x15VNCRC48198", "VNCRC48198"),
        (b"\x01\x15U64969H9N19924\n32", "U64969H9N19924"),
    ],
)
def test_a_serial_has_one_form(answered: str | bytes, serial: str) -> None:
    identity = decoded({DESCR: "Xerox", SERIAL: answered}).identity
    assert identity.serial == serial


def test_the_serial_as_answered_is_kept() -> None:
    assert decoded({SERIAL: "  e71833 "}).identity.raw_serial == "  e71833 "
    assert decoded({SERIAL: b"\x01\x15VNC"}).identity.raw_serial == "0115564e43"


@pytest.mark.parametrize(
    "answered",
    ["", "0", "0000000000", "XXXXXXXXXX", "xxx", "not available", "N/A", "-", "\0\0", "?"],
)
def test_what_is_no_serial_is_refused_and_said(answered: str) -> None:
    result = decoded({DESCR: "Xerox", SERIAL: answered})
    assert result.identity.serial == ""
    why = "not_usable" if answered else "not_answered"
    assert Missing("serial", why) in result.missing
    assert clean_serial(answered) == ""


def test_a_serial_that_is_a_text_of_a_page_is_none() -> None:
    assert clean_serial("A" * 65) == ""
    assert clean_serial("A" * 64) == "A" * 64


def test_the_other_serials_of_a_printer_are_its_aliases() -> None:
    identity = decoded({DESCR: "JETDIRECT", SERIAL: "CNB1", HP_SERIAL: b"\x01\x15CNB2"}).identity
    assert (identity.serial, identity.aliases) == ("CNB1", ("CNB2",))


def test_the_same_serial_from_two_places_is_no_alias() -> None:
    identity = decoded({DESCR: "JETDIRECT", SERIAL: "CNB1", HP_SERIAL: b"\x01\x15cnb1"}).identity
    assert identity.aliases == ()


def test_dells_suffix_is_kept_and_the_service_tag_is_an_alias() -> None:
    identity = decoded({DESCR: "Dell S5830dn version NH62", SERIAL: "7XQ1R92-132-13"}).identity
    assert (identity.serial, identity.aliases) == ("7XQ1R92-132-13", ("7XQ1R92",))


def test_hps_serial_may_stand_in_its_description_alone() -> None:
    descr = "HP ETHERNET MULTI-ENVIRONMENT,SN:AAA0A00000,FN:1G11F33,PID:Purchasing Color Laser"
    identity = decoded({DESCR: descr}).identity
    assert (identity.serial, identity.model) == ("AAA0A00000", "Purchasing Color Laser")


def test_the_model_is_that_of_the_device_whose_type_is_printer() -> None:
    rows = {
        f"{DEVICE}.2.0": "1.3.6.1.2.1.25.3.1.3",
        f"{DEVICE}.3.0": "Processor",
        f"{DEVICE}.2.7": PRINTER,
        f"{DEVICE}.3.7": "Xerox VersaLink C405; System Software 50.1",
    }
    assert decoded({DESCR: "Xerox", **rows}).identity.model == "Xerox VersaLink C405"


def test_the_model_of_an_ieee_1284_id_is_its_mdl_field() -> None:
    text = "MFG:Xerox; CMD:PCL, PJL; MDL:AltaLink C8045; CLS:Printer; DES:Xerox AltaLink C8045"
    rows = {DESCR: "Xerox AltaLink", "1.3.6.1.4.1.253.8.51.1.2.1.20.1": text}
    assert decoded(rows).identity.model == "AltaLink C8045"


@pytest.mark.feature("B-1")
def test_name_and_location_are_as_set_on_the_printer() -> None:
    rows = {"1.3.6.1.2.1.1.5.0": "prn-3-west", "1.3.6.1.2.1.1.6.0": "Lager Süd\r\n 2. OG"}
    identity = decoded(rows).identity
    assert (identity.name, identity.location) == ("prn-3-west", "Lager Süd 2. OG")


def test_a_location_left_empty_is_not_the_same_as_one_not_answered() -> None:
    missing = decoded({"1.3.6.1.2.1.1.6.0": ""}).missing
    assert Missing("location", "empty") in missing
    assert Missing("name", "not_answered") in missing


def test_a_text_cut_inside_a_character_loses_that_character_alone() -> None:
    cut = "Büro München Süd".encode()[:-2]
    assert cut[-1] == 0xC3
    assert decoded({"1.3.6.1.2.1.1.6.0": cut}).identity.location == "Büro München S"


def test_a_text_in_the_printers_own_character_set_is_read_in_it() -> None:
    charset = "1.3.6.1.2.1.43.7.1.1.4.1.1"
    latin2 = {charset: 5, "1.3.6.1.2.1.1.6.0": "Dział księgowości".encode("iso8859-2")}
    roman8 = {charset: 2004, "1.3.6.1.2.1.1.6.0": "Büro".encode("hp-roman8")}
    assert decoded(latin2).identity.location == "Dział księgowości"
    assert decoded(roman8).identity.location == "Büro"


def test_utf_8_is_believed_before_the_declared_character_set() -> None:
    rows = {"1.3.6.1.2.1.43.7.1.1.4.1.1": 5, "1.3.6.1.2.1.1.6.0": "Księgowość"}
    assert decoded(rows).identity.location == "Księgowość"
