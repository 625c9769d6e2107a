"""What a value information block says: quantity, unit, power of ten (EN 13757-3, tables of primary and extended codes).

Energy comes out in kWh, MJ or GJ, power in kW, volume in m³, mass in kg or t: a portal shows one unit for one thing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from flask_babel import lazy_gettext as _l


class Quantity(StrEnum):
    ENERGY = "energy"
    VOLUME = "volume"
    MASS = "mass"
    POWER = "power"
    VOLUME_FLOW = "volume_flow"
    MASS_FLOW = "mass_flow"
    FLOW_TEMPERATURE = "flow_temperature"
    RETURN_TEMPERATURE = "return_temperature"
    TEMPERATURE_DIFFERENCE = "temperature_difference"
    EXTERNAL_TEMPERATURE = "external_temperature"
    PRESSURE = "pressure"
    HUMIDITY = "humidity"
    HCA = "hca"
    DATE = "date"
    DATETIME = "datetime"
    ON_TIME = "on_time"
    OPERATING_TIME = "operating_time"
    AVERAGING = "averaging"
    ACTUALITY = "actuality"
    BATTERY = "battery"
    VOLTAGE = "voltage"
    CURRENT = "current"
    FABRICATION = "fabrication"
    IDENTIFICATION = "identification"
    VERSION = "version"
    ACCESS_NUMBER = "access_number"
    ERROR_FLAGS = "error_flags"
    MAKERS = "makers"
    PROFILE = "profile"
    OTHER = "other"


LABELS: Final = {
    Quantity.ENERGY: _l("Energy"),
    Quantity.VOLUME: _l("Volume"),
    Quantity.MASS: _l("Mass"),
    Quantity.POWER: _l("Power"),
    Quantity.VOLUME_FLOW: _l("Flow"),
    Quantity.MASS_FLOW: _l("Mass flow"),
    Quantity.FLOW_TEMPERATURE: _l("Flow temperature"),
    Quantity.RETURN_TEMPERATURE: _l("Return temperature"),
    Quantity.TEMPERATURE_DIFFERENCE: _l("Temperature difference"),
    Quantity.EXTERNAL_TEMPERATURE: _l("Outside temperature"),
    Quantity.PRESSURE: _l("Pressure"),
    Quantity.HUMIDITY: _l("Relative humidity"),
    Quantity.HCA: _l("Heat cost units"),
    Quantity.DATE: _l("Date"),
    Quantity.DATETIME: _l("Date and time"),
    Quantity.ON_TIME: _l("On time"),
    Quantity.OPERATING_TIME: _l("Operating time"),
    Quantity.AVERAGING: _l("Averaging time"),
    Quantity.ACTUALITY: _l("Age of the value"),
    Quantity.BATTERY: _l("Remaining battery life"),
    Quantity.VOLTAGE: _l("Voltage"),
    Quantity.CURRENT: _l("Current"),
    Quantity.FABRICATION: _l("Fabrication number"),
    Quantity.IDENTIFICATION: _l("Identification"),
    Quantity.VERSION: _l("Version"),
    Quantity.ACCESS_NUMBER: _l("Access number"),
    Quantity.ERROR_FLAGS: _l("Error flags"),
    Quantity.MAKERS: _l("Maker's own value"),
    Quantity.PROFILE: _l("Profile"),
    Quantity.OTHER: _l("Other value"),
}


@dataclass(frozen=True, slots=True)
class Meaning:
    quantity: Quantity
    exponent: int
    unit: str = ""
    backward: bool = False


_Row = tuple[int, int, Quantity, int, str]
"""First code, how many, quantity, exponent of the first, unit."""

_PRIMARY: Final[tuple[_Row, ...]] = (
    (0x00, 8, Quantity.ENERGY, -6, "kWh"),
    (0x08, 8, Quantity.ENERGY, -6, "MJ"),
    (0x10, 8, Quantity.VOLUME, -6, "m³"),
    (0x18, 8, Quantity.MASS, -3, "kg"),
    (0x28, 8, Quantity.POWER, -6, "kW"),
    (0x30, 8, Quantity.POWER, -6, "MJ/h"),
    (0x38, 8, Quantity.VOLUME_FLOW, -6, "m³/h"),
    (0x40, 8, Quantity.VOLUME_FLOW, -7, "m³/min"),
    (0x48, 8, Quantity.VOLUME_FLOW, -9, "m³/s"),
    (0x50, 8, Quantity.MASS_FLOW, -3, "kg/h"),
    (0x58, 4, Quantity.FLOW_TEMPERATURE, -3, "°C"),
    (0x5C, 4, Quantity.RETURN_TEMPERATURE, -3, "°C"),
    (0x60, 4, Quantity.TEMPERATURE_DIFFERENCE, -3, "K"),
    (0x64, 4, Quantity.EXTERNAL_TEMPERATURE, -3, "°C"),
    (0x68, 4, Quantity.PRESSURE, -3, "bar"),
    (0x6C, 1, Quantity.DATE, 0, ""),
    (0x6D, 1, Quantity.DATETIME, 0, ""),
    (0x6E, 1, Quantity.HCA, 0, ""),
    (0x78, 1, Quantity.FABRICATION, 0, ""),
    (0x79, 1, Quantity.IDENTIFICATION, 0, ""),
    (0x7F, 1, Quantity.MAKERS, 0, ""),
)
_EXTENSION_FB: Final[tuple[_Row, ...]] = (
    (0x00, 2, Quantity.ENERGY, 2, "kWh"),
    (0x08, 2, Quantity.ENERGY, -1, "GJ"),
    (0x10, 2, Quantity.VOLUME, 2, "m³"),
    (0x18, 2, Quantity.MASS, 2, "t"),
    (0x1A, 2, Quantity.HUMIDITY, -1, "%"),
    (0x28, 2, Quantity.POWER, 2, "kW"),
    (0x30, 2, Quantity.POWER, -1, "GJ/h"),
)
_EXTENSION_FD: Final[tuple[_Row, ...]] = (
    (0x08, 1, Quantity.ACCESS_NUMBER, 0, ""),
    (0x0C, 4, Quantity.VERSION, 0, ""),
    (0x11, 1, Quantity.IDENTIFICATION, 0, ""),
    (0x17, 1, Quantity.ERROR_FLAGS, 0, ""),
    (0x40, 16, Quantity.VOLTAGE, -9, "V"),
    (0x50, 16, Quantity.CURRENT, -12, "A"),
    (0x74, 1, Quantity.BATTERY, 0, "d"),
)
_DURATIONS: Final = {
    0x20: Quantity.ON_TIME,
    0x24: Quantity.OPERATING_TIME,
    0x70: Quantity.AVERAGING,
    0x74: Quantity.ACTUALITY,
}
_TIME_UNITS: Final = ("s", "min", "h", "d")
_PROFILES: Final = frozenset({0x13, 0x1E, 0x1F})
"""Many values in one record; not taken apart here."""
_BACKWARD: Final = 0x3C


def _table(rows: Sequence[_Row]) -> dict[int, Meaning]:
    return {
        first + step: Meaning(quantity, exponent + step, unit)
        for first, count, quantity, exponent, unit in rows
        for step in range(count)
    }


def _with_durations(table: dict[int, Meaning]) -> dict[int, Meaning]:
    for first, quantity in _DURATIONS.items():
        for step, unit in enumerate(_TIME_UNITS):
            table[first + step] = Meaning(quantity, 0, unit)
    return table


_MEANINGS: Final = _with_durations(_table(_PRIMARY))
_EXTENDED: Final = {0x7B: _table(_EXTENSION_FB), 0x7D: _table(_EXTENSION_FD)}


def meaning_of(codes: Sequence[int]) -> Meaning:
    """From the bytes of a value information block: the code, then the codes that change its meaning."""
    first, rest = codes[0] & 0x7F, [code & 0x7F for code in codes[1:]]
    if codes[0] & 0x80 and first in _EXTENDED and rest:
        found, rest = _EXTENDED[first].get(rest[0]), rest[1:]
    else:
        found = _MEANINGS.get(first)
    if found is None:
        return Meaning(Quantity.OTHER, 0, "")
    return found if found.quantity is Quantity.MAKERS else _changed(found, rest)


def _changed(meaning: Meaning, codes: Sequence[int]) -> Meaning:
    quantity, exponent, backward = meaning.quantity, meaning.exponent, meaning.backward
    for code in codes:
        if code == 0x7F:
            break
        if code in _PROFILES:
            quantity = Quantity.PROFILE
        elif code == _BACKWARD:
            backward = True
        elif 0x70 <= code <= 0x77:
            exponent += code - 0x76
        elif code == 0x7D:
            exponent += 3
    return Meaning(quantity, exponent, meaning.unit, backward)
