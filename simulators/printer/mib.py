"""A machine's state as the System, Host Resources and Printer MIBs show it (RFC 3418, 2790, 3805)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulators.printer.faults import FaultKind, error_state
from simulators.printer.oids import Oid, parse_oid
from simulators.printer.recordings import Objects
from simulators.printer.values import Value, counter32, integer, oid, string, timeticks

if TYPE_CHECKING:
    from simulators.printer.machines import PrinterMachine

_SYSTEM = (1, 3, 6, 1, 2, 1, 1)
_HOST = (1, 3, 6, 1, 2, 1, 25)
_PRINTER = (1, 3, 6, 1, 2, 1, 43)
_HR_DEVICE_PRINTER = "1.3.6.1.2.1.25.3.1.5"

_RUNNING, _WARNING, _DOWN = 2, 3, 5  # hrDeviceStatus
_OTHER, _IDLE, _PRINTING = 1, 3, 4  # hrPrinterStatus
_UTF8 = 106  # IANA character set
_IMPRESSIONS, _SHEETS = 7, 8
_UNITS = {"percent": 19, "tenths-gram": 13, "impressions": _IMPRESSIONS}
_TYPES = {
    "toner": 3,
    "waste-toner": 4,
    "opc": 9,
    "fuser": 15,
    "cleaner": 18,
    "toner-cartridge": 21,
}
_CONSUMED, _RECEPTACLE = 3, 4
_COUNTER_TYPES = {"integer": integer, "counter32": counter32}
_SEVERITY_CRITICAL, _SEVERITY_WARNING = 3, 4
_PANEL_LINES = 4


def objects(machine: PrinterMachine) -> Objects:
    return (
        _system(machine)
        | _host(machine)
        | _general(machine)
        | _covers(machine)
        | _trays(machine)
        | _marker(machine)
        | _supplies(machine)
        | _panel(machine)
        | _alerts(machine)
        | _private(machine)
    )


def _row(table: Oid, *index: int, **columns: Value) -> Objects:
    """`c4=value` stands in column 4 of the row."""
    return {(*table, int(name[1:]), *index): value for name, value in columns.items()}


def _ticks(seconds: float) -> Value:
    return timeticks(int(seconds * 100))


def _system(machine: PrinterMachine) -> Objects:
    model = machine.model
    return {
        (*_SYSTEM, 1, 0): string(model.sys_descr),
        (*_SYSTEM, 2, 0): oid(model.sys_object_id),
        (*_SYSTEM, 3, 0): _ticks(machine.now),
        (*_SYSTEM, 4, 0): string(""),
        (*_SYSTEM, 5, 0): string(machine.name),
        (*_SYSTEM, 6, 0): string(machine.location),
        (*_SYSTEM, 7, 0): integer(72),
    }


def _host(machine: PrinterMachine) -> Objects:
    """The table of RFC 3805 2.2.13.2.1: device and printer status go together."""
    faults = machine.faults
    device, printer = (_WARNING if faults else _RUNNING), _IDLE
    if machine.is_blocked:
        device, printer = _DOWN, _OTHER
    elif machine.now < machine.printing_until:
        printer = _PRINTING
    return {
        (*_HOST, 1, 1, 0): _ticks(machine.now),
        **_row(
            (*_HOST, 3, 2, 1),
            1,
            c1=integer(1),
            c2=oid(_HR_DEVICE_PRINTER),
            c3=string(machine.model.name),
            c4=oid("0.0"),
            c5=integer(device),
            c6=counter32(0),
        ),
        **_row((*_HOST, 3, 5, 1), 1, c1=integer(printer), c2=string(error_state(faults))),
    }


def _general(machine: PrinterMachine) -> Objects:
    critical = sum(fault.shown.critical for fault in machine.faults)
    general = _row(
        (*_PRINTER, 5, 1, 1),
        1,
        c1=counter32(0),
        c2=integer(1),
        c3=integer(3),
        c6=integer(1),
        c7=integer(1),
        c8=integer(1),
        c10=integer(1),
        c11=integer(_PANEL_LINES),
        c12=integer(60),
        c16=string(machine.model.name),
        c17=string(machine.serial),
        c18=counter32(critical),
        c19=counter32(machine.alerts_ever),
    )
    language = _row((*_PRINTER, 7, 1, 1), 1, 1, c2=string("en"), c3=string("GB"), c4=integer(_UTF8))
    return general | language


def _covers(machine: PrinterMachine) -> Objects:
    open_ones = {fault.part for fault in machine.faults if fault.kind is FaultKind.COVER_OPEN}
    rows: Objects = {}
    for at, name in enumerate(machine.model.covers, start=1):
        state = integer(3 if name in open_ones else 4)
        rows |= _row((*_PRINTER, 6, 1, 1), 1, at, c2=string(name), c3=state)
    return rows


def _trays(machine: PrinterMachine) -> Objects:
    rows: Objects = {}
    for at, tray in enumerate(machine.model.trays, start=1):
        held = machine.sheets[at - 1]
        rows |= _row(
            (*_PRINTER, 8, 2, 1),
            1,
            at,
            c2=integer(3),
            c8=integer(_SHEETS),
            c9=integer(tray.capacity),
            c10=integer(held),
            c11=integer(0 if held else 9),
            c12=string(tray.media),
            c13=string(tray.name),
            c14=string(machine.model.maker),
            c18=string(tray.name),
        )
    return rows


def _marker(machine: PrinterMachine) -> Objects:
    return _row(
        (*_PRINTER, 10, 2, 1),
        1,
        1,
        c2=integer(4),
        c3=integer(_IMPRESSIONS),
        c4=counter32(machine.counted("*")),
        c5=counter32(machine.pages_since_power_on),
        c6=integer(len(_colours(machine))),
        c15=integer(16 if machine.is_blocked else 0),
    )


def _supplies(machine: PrinterMachine) -> Objects:
    colours = _colours(machine)
    rows: Objects = {}
    for at, supply in enumerate(machine.model.supplies, start=1):
        colorant = colours.index(supply.colour) + 1 if supply.colour else 0
        rows |= _row(
            (*_PRINTER, 11, 1, 1),
            1,
            at,
            c2=integer(1),
            c3=integer(colorant),
            c4=integer(_RECEPTACLE if supply.receptacle else _CONSUMED),
            c5=integer(_TYPES[supply.type]),
            c6=string(supply.name),
            c7=integer(_UNITS[supply.unit]),
            c8=integer(supply.max),
            c9=integer(machine.level(at - 1)),
        )
    for at, colour in enumerate(colours, start=1):
        rows |= _row((*_PRINTER, 12, 1, 1), 1, at, c2=integer(1), c3=integer(3), c4=string(colour))
    return rows


def _panel(machine: PrinterMachine) -> Objects:
    lines = [fault.text for fault in machine.faults] or ["Ready"]
    lines = (lines + [""] * _PANEL_LINES)[:_PANEL_LINES]
    return {(*_PRINTER, 16, 5, 1, 2, 1, at): string(line) for at, line in enumerate(lines, start=1)}


def _alerts(machine: PrinterMachine) -> Objects:
    rows: Objects = {}
    for at, fault in enumerate(machine.faults, start=1):
        shown = fault.shown
        rows |= _row(
            (*_PRINTER, 18, 1, 1),
            1,
            at,
            c1=integer(at),
            c2=integer(_SEVERITY_CRITICAL if shown.critical else _SEVERITY_WARNING),
            c3=integer(shown.training),
            c4=integer(shown.group),
            c5=integer(fault.index),
            c6=integer(-2),
            c7=integer(shown.code),
            c8=string(fault.text),
            c9=_ticks(fault.since_seconds),
        )
    return rows


def _private(machine: PrinterMachine) -> Objects:
    count = _COUNTER_TYPES[machine.model.counter_type]
    counters = {
        parse_oid(key): count(machine.counted(pattern))
        for key, pattern in machine.model.counters.items()
    }
    return counters | machine.model.private_objects(machine.serial)


def _colours(machine: PrinterMachine) -> list[str]:
    return [supply.colour for supply in machine.model.supplies if supply.colour]
