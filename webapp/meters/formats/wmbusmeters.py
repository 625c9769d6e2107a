"""wmbusmeters: one file a meter in `wmbusmeters.d/`, packed as ZIP (README of wmbusmeters, daemon).

name=KAM-76348799
id=76348799
key=28F64A24988064A079AA2C807D6102AE
driver=auto
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from flask_babel import lazy_gettext as _l

from webapp.meters.formats import mbus
from webapp.meters.formats.base import Device, Form, Options
from webapp.meters.formats.zips import ZipStream
from webapp.meters.kinds import KeyKind


def meter_file(device: Device) -> str:
    """The serial number is unique for a maker alone, so the maker is part of the name."""
    return (
        f"name={device.mbus_maker}-{device.serial}\nid={device.mbus_id}\n"
        f"key={device.hex(KeyKind.OMS_AES128)}\ndriver=auto\n"
    )


def _write(devices: Iterable[Device], _options: Options) -> Iterator[bytes]:
    return ZipStream().pack(
        (f"wmbusmeters.d/{device.mbus_maker}-{device.serial}", meter_file(device).encode())
        for device in devices
    )


FORM: Final = Form(
    id="wmbusmeters",
    label=_l("wmbusmeters"),
    about=_l("A file for each meter; unpack into /etc."),
    extension="zip",
    media_type="application/zip",
    refusal=mbus.refusal,
    writer=_write,
)
