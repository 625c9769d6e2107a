import time
from collections.abc import Callable

import pytest

from simulators.printer import Agent, FaultKind, PrinterMachine, load_model, model_names
from simulators.printer.models import UnknownModelError
from simulators.printer.oids import parse_oid
from simulators.printer.recordings import Objects
from tests.simulators.conftest import NetSnmp

XEROX, HOUR, YEAR = "xerox-altalink-c8045", 3600.0, 365 * 86_400.0
DEVICE_STATUS, PRINTER_STATUS = "1.3.6.1.2.1.25.3.2.1.5.1", "1.3.6.1.2.1.25.3.5.1.1.1"
ERROR_STATE, PANEL = "1.3.6.1.2.1.25.3.5.1.2.1", "1.3.6.1.2.1.43.16.5.1.2.1.1"
ALERT = "1.3.6.1.2.1.43.18.1.1"

pytestmark = pytest.mark.feature("S-5")


def machine(model: str = XEROX, seed: int = 7, **options: str) -> PrinterMachine:
    return PrinterMachine(load_model(model), seed=seed, **options)


def said(objects: Objects, oid: str) -> int | str | None:
    """An object as people read it: strings as text, absent ones as None."""
    value = objects.get(parse_oid(oid))
    if value is None:
        return None
    kind, content = value.as_json()
    return bytes.fromhex(str(content)).decode() if kind == "string" else content


def live_until(machine: PrinterMachine, holds: Callable[[], bool], *, within: float = YEAR) -> None:
    until = machine.now + within
    while not holds() and machine.now < until:
        machine.advance(30)
    assert holds()


@pytest.mark.parametrize("model", model_names())
def test_every_model_shows_all_that_a_reader_of_printers_asks_for(model: str) -> None:
    printer = machine(model, serial="SERIAL1", name="hall", location="Berlin")
    objects = printer.objects()
    assert said(objects, "1.3.6.1.2.1.1.5.0") == "hall"
    assert said(objects, "1.3.6.1.2.1.1.6.0") == "Berlin"
    assert said(objects, "1.3.6.1.2.1.43.5.1.1.17.1") == "SERIAL1"
    assert said(objects, "1.3.6.1.2.1.25.3.2.1.3.1") == printer.model.name
    assert said(objects, "1.3.6.1.2.1.43.10.2.1.4.1.1") == printer.counted("*") > 0
    assert (said(objects, DEVICE_STATUS), said(objects, PRINTER_STATUS)) == (2, 3)
    assert said(objects, PANEL) == "Ready"
    for at, supply in enumerate(printer.model.supplies, start=1):
        assert said(objects, f"1.3.6.1.2.1.43.11.1.1.6.1.{at}") == supply.name
        assert 0 <= int(said(objects, f"1.3.6.1.2.1.43.11.1.1.9.1.{at}") or 0) <= supply.max


@pytest.mark.parametrize("model", model_names())
def test_the_same_seed_gives_the_same_life_however_time_is_cut(model: str) -> None:
    one, other = machine(model), machine(model)
    for _ in range(200):
        one.advance(HOUR)
    other.advance(200 * HOUR)
    assert one.objects() == other.objects()
    assert machine(model, seed=8).objects() != machine(model).objects()


def test_the_counters_of_a_xerox_stand_at_its_own_oids_and_add_up() -> None:
    printer = machine()
    before = printer.counted("*")
    printer.advance(24 * HOUR)
    objects = printer.objects()
    table = "1.3.6.1.4.1.253.8.53.13.2.1.6.1.20"
    total, colour, black, large_colour, large_black = (
        int(said(objects, f"{table}.{column}") or 0) for column in (1, 33, 34, 43, 44)
    )
    assert total == colour + black == said(objects, "1.3.6.1.2.1.43.10.2.1.4.1.1")
    assert before < total < before + 24 * 2 * 220
    assert 0 < large_colour < colour
    assert 0 < large_black < black
    assert said(objects, "1.3.6.1.4.1.253.8.53.3.2.1.3.1") == printer.serial


def test_the_counter_table_of_a_ricoh_is_told_by_its_types() -> None:
    objects = machine("ricoh-mp-c2503").objects()
    table = "1.3.6.1.4.1.367.3.2.1.2.19.5.1"
    by_type = {
        said(objects, f"{table}.2.{row}"): int(said(objects, f"{table}.9.{row}") or 0)
        for row in (1, 2, 3, 4, 7, 8, 9)
    }
    assert by_type[10] == by_type[200] + by_type[400]
    assert by_type[400] == by_type[401] + by_type[402]


@pytest.mark.parametrize(
    ("kind", "bits", "statuses", "code", "severity", "panel"),
    [
        (FaultKind.JAM, "0400", (5, 1), 8, 3, "Paper jam in Area 2"),
        (FaultKind.COVER_OPEN, "0800", (5, 1), 3, 3, "Front Door is open"),
        (FaultKind.PAPER_OUT, "4000", (5, 1), 808, 3, "Tray 1 is empty. Add paper"),
        (FaultKind.TONER_LOW, "2000", (3, 3), 1104, 4, "Black Toner, PN 006R01509 is low"),
        (FaultKind.TONER_EMPTY, "1000", (5, 1), 1101, 3, "Replace Black Toner, PN 006R01509"),
        (FaultKind.SERVICE, "0100", (5, 1), 30, 3, "Call service: 010-330"),
    ],
)
def test_a_fault_shows_in_bits_statuses_alert_and_panel_and_goes_again(
    kind: FaultKind,
    bits: str,
    statuses: tuple[int, int],
    code: int,
    severity: int,
    panel: str,
) -> None:
    printer = machine()
    printer.break_down(kind)
    objects = printer.objects()
    assert objects[parse_oid(ERROR_STATE)].octets.hex() == bits
    assert (said(objects, DEVICE_STATUS), said(objects, PRINTER_STATUS)) == statuses
    assert said(objects, f"{ALERT}.2.1.1") == severity
    assert said(objects, f"{ALERT}.7.1.1") == code
    assert said(objects, f"{ALERT}.8.1.1") == said(objects, PANEL) == panel
    printer.mend(kind)
    mended = printer.objects()
    assert said(mended, f"{ALERT}.8.1.1") is None
    assert mended[parse_oid(ERROR_STATE)].octets == b"\0\0"


def test_the_gravest_of_several_faults_stands_first() -> None:
    printer = machine()
    for kind in (FaultKind.TONER_LOW, FaultKind.JAM):
        printer.break_down(kind)
    objects = printer.objects()
    assert [said(objects, f"{ALERT}.7.1.{row}") for row in (1, 2, 3)] == [8, 1104, None]
    assert said(objects, PANEL) == "Paper jam in Area 2"


@pytest.mark.parametrize("model", model_names())
@pytest.mark.parametrize("kind", list(FaultKind))
def test_every_model_can_have_every_fault_and_levels_agree_with_it(
    kind: FaultKind, model: str
) -> None:
    printer = machine(model)
    printer.break_down(kind)
    [fault] = printer.faults
    level = {
        FaultKind.TONER_LOW: 0.05,
        FaultKind.TONER_EMPTY: 0.0,
        FaultKind.WASTE_FULL: 1.0,
    }.get(kind)
    if level is not None:
        full = printer.model.supplies[fault.index - 1].max
        assert printer.level(fault.index - 1) / full == pytest.approx(level, abs=0.01)
    assert any(printer.sheets) is (kind is not FaultKind.PAPER_OUT)
    printer.advance(HOUR)
    assert fault in printer.faults
    printer.mend(kind)
    assert fault not in printer.faults


def test_a_jammed_printer_counts_no_page_until_it_is_mended() -> None:
    printer = machine()
    printer.break_down(FaultKind.JAM)
    before = printer.counted("*")
    printer.advance(24 * HOUR)
    assert printer.counted("*") == before
    printer.mend(FaultKind.JAM)
    printer.advance(24 * HOUR)
    assert printer.counted("*") > before


def test_toner_runs_down_stops_the_printer_and_is_replaced() -> None:
    printer = machine()
    black = FaultKind.TONER_LOW, FaultKind.TONER_EMPTY

    def has(kind: FaultKind) -> bool:
        return any(fault.kind is kind and fault.index == 1 for fault in printer.faults)

    levels = [printer.level(0)]
    live_until(printer, lambda: has(black[0]))
    levels.append(printer.level(0))
    live_until(printer, lambda: has(black[1]))
    levels.append(printer.level(0))
    assert levels == sorted(levels, reverse=True)
    assert levels[-1] == 0
    live_until(printer, lambda: not has(black[1]), within=HOUR)
    assert printer.level(0) == printer.model.supplies[0].max


def test_it_jams_by_itself_and_a_cover_opens_before_it_goes_on() -> None:
    printer = machine()
    live_until(printer, lambda: any(f.kind is FaultKind.JAM for f in printer.faults))
    live_until(printer, lambda: any(f.kind is FaultKind.COVER_OPEN for f in printer.faults))
    live_until(printer, lambda: not printer.is_blocked, within=HOUR)


def test_trays_run_empty_and_are_filled() -> None:
    printer = machine("kyocera-fs-4200dn")
    live_until(printer, lambda: printer.sheets[0] < 50)
    assert any(fault.kind is FaultKind.PAPER_LOW for fault in printer.faults)
    live_until(printer, lambda: printer.sheets[0] > 400)


def test_the_agent_lets_it_live_at_its_speed(net_snmp: NetSnmp) -> None:
    printer = machine()
    before = printer.counted("*")
    with Agent(machine=printer, speed=2_000) as agent:
        agent.change(lambda: printer.break_down(FaultKind.TONER_LOW))
        now, until = before, time.monotonic() + 10
        while now == before and time.monotonic() < until:
            count = net_snmp("snmpget", agent, "-v2c", "-Oqv", "1.3.6.1.2.1.43.10.2.1.4.1.1")
            now = int(count)
        alerts = net_snmp("snmpwalk", agent, "-v2c", "1.3.6.1.2.1.43.18.1.1.8")
    assert now > before
    assert "Black Toner, PN 006R01509 is low" in alerts


def test_an_unknown_model_names_those_there_are() -> None:
    with pytest.raises(UnknownModelError, match="there are hp-laserjet-m880, kyocera"):
        load_model("../../etc/passwd")
