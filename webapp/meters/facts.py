"""What a meter's row says, as people read it."""

from __future__ import annotations

from dataclasses import dataclass

from flask import g
from flask_babel import lazy_gettext as _l

from webapp.core.qr import QrCode, qr_code
from webapp.devices import labels
from webapp.devices.labels import Label
from webapp.meters import addresses
from webapp.meters.models import Meter

TRADE = "meters"
NO_PROFILE = "00000000"
"""Vendor and profile of TR005 codes: the portal knows neither."""


def radio_address(meter: Meter) -> str:
    """DevEUI, or maker, number, version and medium of M-Bus, or DevAddr; empty where none is known."""
    if meter.dev_eui:
        return meter.dev_eui
    if meter.mbus_id:
        return mbus_address(meter)
    return meter.dev_addr or ""


def mbus_address(meter: Meter) -> str:
    """`KAM 12345678 1B 07`; what is not known is left out."""
    numbers = (meter.mbus_version, meter.mbus_medium)
    parts = [meter.mbus_maker, meter.mbus_id, *(None if n is None else f"{n:02X}" for n in numbers)]
    return " ".join(part for part in parts if part)


def address_rows(meter: Meter) -> list[tuple[object, str]]:
    """Term and value of each part of the radio address that there is."""
    medium = meter.mbus_medium
    rows = [
        (_l("DevEUI"), meter.dev_eui),
        (_l("JoinEUI"), meter.join_eui),
        (_l("DevAddr"), meter.dev_addr),
        (_l("M-Bus address"), mbus_address(meter) if meter.mbus_id else None),
        (
            _l("Medium of the address"),
            None if medium is None else str(addresses.MEDIA.get(medium, addresses.MEDIA[0x0F])),
        ),
    ]
    return [(term, value) for term, value in rows if value]


def chips(meter: Meter) -> list[tuple[str, int]]:
    """Name and colour of the meter's labels. The organisation's are asked for once a request."""
    return labels.chips(meter.labels, known_labels()) if meter.labels else []


def known_labels() -> dict[int, Label]:
    if "meter_labels" not in g:
        g.meter_labels = {label.number: label for label in labels.all_labels(TRADE)}
    known: dict[int, Label] = g.meter_labels
    return known


@dataclass(frozen=True)
class PrintedLabel:
    """What is printed for one meter. `code` is None where there is none to hand on."""

    meter: Meter
    address: str
    code: str | None
    qr: QrCode


def label_of(meter: Meter, code: str | None) -> PrintedLabel:
    """The QR code is what *claim by label* scans: TR005 for LoRaWAN (LoRa Alliance), else the plain serial."""
    text = meter.serial
    if meter.dev_eui and meter.join_eui:
        text = f"LW:D0:{meter.join_eui}:{meter.dev_eui}:{NO_PROFILE}:S{meter.serial}"
    return PrintedLabel(meter, radio_address(meter), code, qr_code(text))
