"""The Things Stack, CSV.

https://www.thethingsindustries.com/docs/hardware/devices/adding-devices/adding-devices-in-bulk/device-csv/: semicolons,
heading required, as many fields in each row as in the heading, quotes doubled.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from flask_babel import lazy_gettext as _l

from webapp.meters.formats import lorawan
from webapp.meters.formats.base import Device, Form, Options, chunked, one_line
from webapp.meters.kinds import KeyKind

COLUMNS: Final = (
    "id",
    "dev_eui",
    "join_eui",
    "name",
    "frequency_plan_id",
    "lorawan_version",
    "lorawan_phy_version",
    "app_key",
    "nwk_key",
    "dev_addr",
    "app_s_key",
    "f_nwk_s_int_key",
)


def _write(devices: Iterable[Device], _options: Options) -> Iterator[bytes]:
    return chunked(_lines(devices))


def _lines(devices: Iterable[Device]) -> Iterator[str]:
    yield ";".join(COLUMNS) + "\n"
    for device in devices:
        yield ";".join(_cells(device)) + "\n"


def _cells(device: Device) -> tuple[str, ...]:
    is_abp = lorawan.is_abp(device)
    return (
        lorawan.tts_id(device),
        device.dev_eui or "",
        device.join_eui or "",
        _quoted(device.title),
        _quoted(device.frequency_plan_id or ""),
        lorawan.tts_version(device),
        _quoted(device.lorawan_phy_version or ""),
        device.hex(KeyKind.APP_KEY),
        device.hex(KeyKind.NWK_KEY) if lorawan.is_11(device) else "",
        (device.dev_addr or "") if is_abp else "",
        device.hex(KeyKind.APP_S_KEY) if is_abp else "",
        device.hex(KeyKind.NWK_S_KEY) if is_abp else "",
    )


def _quoted(text: str) -> str:
    plain = one_line(text)
    if ";" in plain or '"' in plain:
        return '"' + plain.replace('"', '""') + '"'
    return plain


FORM: Final = Form(
    id="tts_csv",
    label=_l("The Things Stack, CSV"),
    about=_l("For “Import end devices” in the console of The Things Stack."),
    extension="csv",
    media_type="text/csv; charset=utf-8",
    refusal=lorawan.refusal_tts,
    writer=_write,
)
