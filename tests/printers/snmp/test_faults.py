"""What is wrong: bits, alerts, panel, status, each where it knows more than the others."""

import pytest

from tests.printers.snmp.handmade import CONSOLE, DEVICE, STATUS, alert, decoded
from webapp.printers.snmp.decode import Decoded, reading_text
from webapp.printers.snmp.faults import error_bits
from webapp.printers.snmp.raw import RawValue

ERROR = f"{STATUS}.2.1"
DEVICE_STATUS = f"{DEVICE}.5.1"
PRINTER_STATUS = f"{STATUS}.1.1"
BROTHER_PANEL = "1.3.6.1.4.1.2435.2.3.9.4.2.1.5.4.5.2.0"


def told(result: Decoded) -> list[tuple[str, str]]:
    return [(fault.source, fault.text) for fault in result.faults]


@pytest.mark.feature("B-1")
@pytest.mark.parametrize(
    ("octets", "names"),
    [
        ("", []),
        ("00", []),
        ("0000", []),
        ("80", ["lowPaper"]),
        ("8000", ["lowPaper"]),
        ("40", ["noPaper"]),
        ("20", ["lowToner"]),
        ("2000", ["lowToner"]),
        ("2010", ["lowToner", "outputNearFull"]),
        ("a010", ["lowPaper", "lowToner", "outputNearFull"]),
        ("0100", ["serviceRequested"]),
        ("02", ["offline"]),
        ("0400", ["jammed"]),
        ("0c00", ["doorOpen", "jammed"]),
        ("0080", ["inputTrayMissing"]),
        ("0002", ["overduePreventMaint"]),
        ("0001", []),
        ("8000ffff", ["lowPaper"]),
    ],
)
def test_bit_0_is_the_top_bit_of_the_first_byte(octets: str, names: list[str]) -> None:
    assert list(error_bits(bytes.fromhex(octets))) == names


def test_a_printable_byte_is_a_byte() -> None:
    """A space is lowToner; elsewhere it was reported as a paper jam."""
    assert error_bits(b" ") == ("lowToner",)
    assert told(decoded({ERROR: " "})) == [("bit", "Toner low")]


def test_an_empty_error_state_is_nothing_known_and_zeros_are_no_error() -> None:
    assert decoded({ERROR: b""}).state.error_state is None
    assert decoded({ERROR: b"\0"}).state.error_state == ()


def test_the_states_are_those_of_the_printer_among_the_devices() -> None:
    rows = {
        f"{DEVICE}.2.1": "1.3.6.1.2.1.25.3.1.3",
        f"{DEVICE}.5.1": 5,
        f"{DEVICE}.2.4": "1.3.6.1.2.1.25.3.1.5",
        f"{DEVICE}.5.4": 2,
        f"{STATUS}.2.4": b"\x40",
    }
    result = decoded(rows)
    assert result.state.device_status == 2
    assert told(result) == [("bit", "Out of paper")]
    assert result.faults[0].oid == f"{STATUS}.2.4"


@pytest.mark.feature("B-1")
def test_alerts_stand_first_the_critical_ones_before_the_others() -> None:
    rows = alert(1, severity=4, code=1104, text="Cyan toner low") | {ERROR: b"\x24"}
    rows |= alert(2, severity=3, code=8, text="Paper jam in area 3")
    assert told(decoded(rows)) == [("alert", "Paper jam in area 3"), ("alert", "Cyan toner low")]


def test_a_bit_that_no_alert_tells_is_told_by_itself() -> None:
    rows = alert(1, severity=3, code=8, text="Paper jam in area 3") | {ERROR: b"\x28"}
    assert told(decoded(rows)) == [
        ("alert", "Paper jam in area 3"),
        ("bit", "Toner low"),
        ("bit", "Door open"),
    ]


@pytest.mark.parametrize(
    ("severity", "code", "text"),
    [
        (3, 1, "Ready"),
        (3, -1, "deleted"),
        (4, 501, "Ready for paper"),
        (4, 23, "Power saver"),
        (3, 23, ""),
        (4, -1, "Energiesparen"),
        (3, -1, "Energiesparen aktiv"),
        (3, 24, "Warming up"),
        (3, 507, "Printer ready to print"),
        (3, 1801, "Alert removed"),
        (1, 8, "Jam"),
        (5, 8, "Jam"),
        (4, 1, "Something of no name"),
        (4, 6, "Interlock closed"),
    ],
)
def test_stale_rows_savers_and_what_is_no_severity_are_no_faults(
    severity: int, code: int, text: str
) -> None:
    assert decoded(alert(severity=severity, code=code, text=text)).faults == ()


def test_a_critical_alert_of_an_unknown_code_is_a_fault() -> None:
    assert told(decoded(alert(severity=3, code=1, text="Call service 4-11"))) == [
        ("alert", "Call service 4-11")
    ]


def test_a_row_whose_severity_was_not_answered_counts_by_its_code() -> None:
    rows = alert(1, code=501, text="Lower lever") | alert(2, code=1, text="Wrong file format")
    assert told(decoded(rows)) == [("alert", "Lower lever")]


def test_an_alert_without_text_is_told_by_its_code() -> None:
    assert told(decoded(alert(severity=3, code=1101))) == [("alert", "Out of toner")]


def test_an_alert_without_text_and_known_code_says_nothing() -> None:
    assert decoded(alert(severity=3, code=29_999)).faults == ()


def test_the_panels_text_is_told_when_there_is_trouble() -> None:
    rows = {f"{CONSOLE}.1.1": "Cyan patron mycket låg", f"{CONSOLE}.1.2": "", ERROR: b"\x20"}
    result = decoded(rows)
    assert told(result) == [("panel", "Cyan patron mycket låg"), ("bit", "Toner low")]
    assert result.state.panel == ("Cyan patron mycket låg",)


def test_the_panels_text_is_no_fault_while_nothing_is_wrong() -> None:
    result = decoded({f"{CONSOLE}.1.1": "Välkommen", ERROR: b"\0", DEVICE_STATUS: 2})
    assert result.faults == ()
    assert result.state.panel == ("Välkommen",)


@pytest.mark.parametrize("text", ["Ready", "Bereit", "Sleep mode on", "Energiesparmodus", "Prêt"])
def test_the_panels_text_of_a_sound_printer_is_never_a_fault(text: str) -> None:
    rows = {f"{CONSOLE}.1.1": text, ERROR: b"\x80"}
    assert told(decoded(rows)) == [("bit", "Paper low")]


def test_what_alert_and_panel_both_say_is_told_once() -> None:
    rows = alert(severity=3, code=8, text="Paper jam. Open tray 2 and remove the paper")
    rows |= {f"{CONSOLE}.1.1": "PAPER JAM. OPEN TRAY 2", f"{CONSOLE}.1.2": "Paper jam. Open tray 2"}
    assert len(decoded(rows).faults) == 1


def test_an_alert_cut_inside_a_character_is_readable() -> None:
    text = "Papierstau Fach 2: Klappe öffnen, Papier gemäß".encode()[:-1]
    assert told(decoded(alert(severity=3, code=8, text=text))) == [
        ("alert", "Papierstau Fach 2: Klappe öffnen, Papier gemä")
    ]


@pytest.mark.feature("B-1")
def test_a_printer_that_is_down_without_a_bit_is_faulty() -> None:
    """A Brother without its second tray: error state 00, printer idle, device down."""
    result = decoded({DEVICE_STATUS: 5, PRINTER_STATUS: 3, ERROR: b"\0"})
    assert told(result) == [("status", "The printer reports that it is down")]


def test_the_bare_status_is_silent_where_something_says_more() -> None:
    assert told(decoded({DEVICE_STATUS: 5, ERROR: b"\x04"})) == [("bit", "Paper jam")]
    assert told(decoded({DEVICE_STATUS: 3})) == [("status", "The printer reports a warning")]
    assert told(decoded({DEVICE_STATUS: 2})) == []


def test_stand_by_is_running_and_other_together() -> None:
    result = decoded({DEVICE_STATUS: 2, PRINTER_STATUS: 1, ERROR: b"\0"})
    assert result.state.is_saving_power
    assert result.faults == ()


@pytest.mark.parametrize("text", ["SLEEP", "TRYB UŚPIENIA", "uyku", "Спящий режим"])
def test_a_power_saver_is_seen_in_many_languages(text: str) -> None:
    result = decoded(
        {"1.3.6.1.2.1.1.1.0": "Brother NC-8300h", BROTHER_PANEL: text, DEVICE_STATUS: 3}
    )
    assert result.state.is_saving_power
    assert result.faults == ()


@pytest.mark.feature("B-1")
def test_the_first_four_faults_are_the_messages_of_the_request() -> None:
    rows: dict[str, int | str | bytes] = {}
    for number in range(6):
        rows |= alert(number, severity=3, code=8, text=f"Jam {number}")
    result = decoded(rows)
    assert len(result.faults) == 6
    assert result.messages == ("Jam 0", "Jam 1", "Jam 2", "Jam 3")
    assert decoded({}).messages == ("", "", "", "")


def test_a_message_may_be_mapped_to_any_other_reading() -> None:
    rows = {"1.3.6.1.4.1.1": RawValue("string", b"Tray 3"), "1.3.6.1.4.1.2": RawValue("integer", 7)}
    assert reading_text(rows, "1.3.6.1.4.1.1") == "Tray 3"
    assert reading_text(rows, "1.3.6.1.4.1.2") == "7"
    assert reading_text(rows, "1.3.6.1.4.1.3") == ""


def test_a_table_of_alerts_without_end_is_cut() -> None:
    rows: dict[str, int | str | bytes] = {}
    for number in range(200):
        rows |= alert(number, severity=3, code=8, text=f"Jam number {number:04} of all")
    assert len(decoded(rows).faults) == 50
