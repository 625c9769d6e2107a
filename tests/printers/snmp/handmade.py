"""Readings made by hand: what a printer would have answered, a line an OID."""

from webapp.printers.snmp.decode import Decoded, decode
from webapp.printers.snmp.raw import RawValue

PRT = "1.3.6.1.2.1.43"
SUPPLY = f"{PRT}.11.1.1"
ALERT = f"{PRT}.18.1.1"
CONSOLE = f"{PRT}.16.5.1.2"
LIFE = f"{PRT}.10.2.1.4.1.1"
SERIAL = f"{PRT}.5.1.1.17.1"
DEVICE = "1.3.6.1.2.1.25.3.2.1"
STATUS = "1.3.6.1.2.1.25.3.5.1"
DESCR = "1.3.6.1.2.1.1.1.0"
OBJECT_ID = "1.3.6.1.2.1.1.2.0"

XEROX_LABEL = "1.3.6.1.4.1.253.8.53.13.2.1.8.1.20"
XEROX_VALUE = "1.3.6.1.4.1.253.8.53.13.2.1.6.1.20"
XEROX_ID = "1.3.6.1.4.1.253.8.62.1.35.2.3.1.1"


def reading(values: dict[str, int | str | bytes]) -> dict[str, RawValue]:
    """Numbers become integers, texts UTF-8 strings; sysObjectID and hrDeviceType are OIDs."""
    return {oid: _raw(oid, value) for oid, value in values.items()}


def decoded(values: dict[str, int | str | bytes]) -> Decoded:
    return decode(reading(values))


def xerox(counters: dict[str, int], first_row: int = 1) -> dict[str, int | str | bytes]:
    """A Xerox whose usage table holds these labels, in rows of no fixed number."""
    rows: dict[str, int | str | bytes] = {DESCR: "Xerox WorkCentre 7855", OBJECT_ID: XEROX_ID}
    for number, (label, value) in enumerate(counters.items(), start=first_row):
        rows[f"{XEROX_LABEL}.{number}"] = label
        rows[f"{XEROX_VALUE}.{number}"] = value
    return rows


def supply(row: str = "1.1", **columns: int | str) -> dict[str, int | str | bytes]:
    numbers = {"colorant": 3, "klass": 4, "type": 5, "text": 6, "unit": 7, "max": 8, "level": 9}
    return {f"{SUPPLY}.{numbers[name]}.{row}": value for name, value in columns.items()}


def alert(row: int = 1, **columns: int | str | bytes) -> dict[str, int | str | bytes]:
    numbers = {"severity": 2, "code": 7, "text": 8}
    return {f"{ALERT}.{numbers[name]}.1.{row}": value for name, value in columns.items()}


def _raw(oid: str, value: int | str | bytes) -> RawValue:
    if oid == OBJECT_ID or oid.startswith(f"{DEVICE}.2."):
        return RawValue("oid", str(value))
    if isinstance(value, int):
        return RawValue("counter32" if oid == LIFE else "integer", value)
    return RawValue("string", value.encode() if isinstance(value, str) else value)
