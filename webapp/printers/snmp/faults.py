"""What is wrong with the printer, from four places that know different things.

The bits of hrPrinterDetectedErrorState miss faults, alert rows go stale, the panel says "Ready" in
the language of the house, the device status knows only good and bad. So all four are read, what they
say twice is said once, and a power saver is no fault.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

from webapp.printers.snmp import alert_codes as words
from webapp.printers.snmp.identity import DEVICE_STATUS, ERROR_STATE, PRINTER_STATUS, printer_index
from webapp.printers.snmp.profiles import Profile
from webapp.printers.snmp.rows import Index, Rows

ALERTS: Final = "1.3.6.1.2.1.43.18.1.1"  # prtAlertTable, RFC 3805
CONSOLE: Final = "1.3.6.1.2.1.43.16.5.1.2"  # prtConsoleDisplayBufferText
_SEVERITY, _CODE, _TEXT = f"{ALERTS}.2", f"{ALERTS}.7", f"{ALERTS}.8"

CRITICAL, WARNING = 3, 4  # prtAlertSeverityLevel
DEVICE_WARNING, DEVICE_DOWN = 3, 5  # hrDeviceStatus
PRINTER_OTHER = 1  # hrPrinterStatus
MAX_FAULTS: Final = 50
MAX_ALERT_ROWS: Final = 200
MAX_PANEL_LINES: Final = 20
_NO_CODE: Final = (None, -2, -1, 0, 1, 2)  # absent, other, unknown: the code says nothing


@dataclass(frozen=True)
class Fault:
    """`key` names the fault for translation; `text` is what the printer says, else plain English.
    `source` is alert, panel, bit or status; `oid` where it was read."""

    source: str
    key: str
    text: str
    severity: str  # critical, warning
    oid: str


@dataclass(frozen=True)
class State:
    """The statuses as answered (RFC 2790); None is not answered. `panel` are the lines shown."""

    device_status: int | None
    printer_status: int | None
    error_state: tuple[str, ...] | None
    is_saving_power: bool
    panel: tuple[str, ...]


def read_state(rows: Rows, profile: Profile) -> State:
    index = printer_index(rows)
    panel = tuple(dict.fromkeys(text for _, text in _panel_lines(rows, profile)))
    device, printer = (
        rows.number(f"{column}.{index}") if index is not None else None
        for column in (DEVICE_STATUS, PRINTER_STATUS)
    )
    codes = [raw.number for raw in rows.column(_CODE).values()]
    saver = any(map(words.is_power_saver, panel)) or words.POWER_SAVER in codes
    return State(
        device_status=device,
        printer_status=printer,
        error_state=_error_state(rows, index),
        # RFC 2790: running and "other" together are the stand-by of a sound printer.
        is_saving_power=saver or (device == 2 and printer == PRINTER_OTHER),
        panel=panel,
    )


def read_faults(rows: Rows, profile: Profile, state: State) -> tuple[Fault, ...]:
    """In the order shown: critical alerts, other alerts, the panel, bits, the bare status."""
    index = printer_index(rows)
    alerts = sorted(_alerts(rows), key=lambda fault: fault.severity != "critical")
    bits = list(_bits(state, f"{ERROR_STATE}.{index}", {alert.key for alert in alerts}))
    faults = _once([*alerts, *_panel(rows, profile, state, alerts), *bits])
    return tuple((faults or list(_status(state, f"{DEVICE_STATUS}.{index}")))[:MAX_FAULTS])


def error_bits(octets: bytes) -> tuple[str, ...]:
    """The names of the bits set. Bytes that are missing are zeros; a printable byte is a byte (a
    space, 0x20, is lowToner); what follows the second byte has no meaning."""
    both = int.from_bytes(octets[:2].ljust(2, b"\0"), "big")
    return tuple(name for bit, name in enumerate(words.ERROR_BITS) if both & (0x8000 >> bit))


def _error_state(rows: Rows, index: int | None) -> tuple[str, ...] | None:
    raw = rows.reading.get(f"{ERROR_STATE}.{index}")
    return error_bits(raw.octets) if raw is not None and raw.octets else None


def _alerts(rows: Rows) -> Iterator[Fault]:
    indices = sorted(
        {index for column in (_SEVERITY, _CODE, _TEXT) for index in rows.column(column)}
    )
    for index in indices[:MAX_ALERT_ROWS]:
        if fault := _alert(rows, index):
            yield fault


def _alert(rows: Rows, index: Index) -> Fault | None:
    tail = ".".join(map(str, index))
    severity, code = rows.number(f"{_SEVERITY}.{tail}"), rows.number(f"{_CODE}.{tail}")
    text = rows.sentence(rows.reading.get(f"{_TEXT}.{tail}"))
    if code in words.HARMLESS or words.is_stale(text) or words.is_power_saver(text):
        return None
    if not _is_live(severity, code) or not (text or code in words.ALERT_CODES):
        return None
    key = words.ALERT_CODES.get(code or 0, "alert")
    return Fault(
        source="alert",
        key=key,
        text=text or words.WORDS[key],
        severity="critical" if severity == CRITICAL else "warning",
        oid=f"{_TEXT if text else _CODE}.{tail}",
    )


def _is_live(severity: int | None, code: int | None) -> bool:
    """Critical rows count with any code; warnings, and rows whose severity was not answered, only
    with a code that says something."""
    if severity == CRITICAL:
        return True
    return severity in (None, WARNING) and code not in _NO_CODE


def _panel_lines(rows: Rows, profile: Profile) -> Iterator[tuple[str, str]]:
    for index, raw in islice(rows.column(CONSOLE).items(), MAX_PANEL_LINES):
        if text := rows.sentence(raw):
            yield f"{CONSOLE}.{'.'.join(map(str, index))}", text
    for oid in profile.panel:
        found = rows.first(oid)
        if found and (text := rows.sentence(found[1])):
            yield found[0], text


def _panel(rows: Rows, profile: Profile, state: State, alerts: list[Fault]) -> Iterator[Fault]:
    """Panel text is a fault only while something else says that there is trouble: nobody can list
    the word for "ready" in every language."""
    if not (alerts or _is_troubled(rows, state)):
        return
    for oid, text in _panel_lines(rows, profile):
        if not (words.is_stale(text) or words.is_power_saver(text)):
            yield Fault("panel", "alert", text, "warning", oid)


def _is_troubled(rows: Rows, state: State) -> bool:
    severities = {raw.number for raw in rows.column(_SEVERITY).values()}
    return bool(
        state.error_state
        or state.device_status in (DEVICE_WARNING, DEVICE_DOWN)
        or severities & {CRITICAL, WARNING}
    )


def _bits(state: State, oid: str, told: set[str]) -> Iterator[Fault]:
    for bit in state.error_state or ():
        if not words.SAME_AS_BIT.get(bit, frozenset({bit})) & told:
            yield Fault("bit", bit, words.WORDS[bit], "warning", oid)


def _status(state: State, oid: str) -> Iterator[Fault]:
    if state.device_status == DEVICE_DOWN:
        yield Fault("status", "deviceDown", words.WORDS["deviceDown"], "critical", oid)
    elif state.device_status == DEVICE_WARNING and not state.is_saving_power:
        yield Fault("status", "deviceWarning", words.WORDS["deviceWarning"], "warning", oid)


def _once(faults: list[Fault]) -> list[Fault]:
    """Without repeats; a text that was cut off is the beginning of the whole one."""
    kept: list[Fault] = []
    for fault in faults:
        text = fault.text.casefold().rstrip(" .…")
        twin = next((n for n, other in enumerate(kept) if _same(other.text, text)), None)
        if twin is None:
            kept.append(fault)
    return kept


def _same(one: str, other: str) -> bool:
    one = one.casefold().rstrip(" .…")
    shortest = min(len(one), len(other))
    return one == other or (shortest >= 16 and one[:shortest] == other[:shortest])
