"""The Things Stack, JSON: a stream of objects, one a line.

https://www.thethingsindustries.com/docs/hardware/devices/adding-devices/adding-devices-in-bulk/device-json/
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, Final

from flask_babel import lazy_gettext as _l

from webapp.meters.formats import lorawan
from webapp.meters.formats.base import Device, Form, Options, chunked, one_line
from webapp.meters.kinds import KeyKind


def as_object(device: Device) -> dict[str, Any]:
    is_abp = lorawan.is_abp(device)
    ids = {"device_id": lorawan.tts_id(device), "dev_eui": device.dev_eui}
    if device.join_eui:
        ids["join_eui"] = device.join_eui
    return {
        "ids": ids,
        "name": one_line(device.title),
        "lorawan_version": lorawan.tts_version(device),
        "lorawan_phy_version": device.lorawan_phy_version,
        "frequency_plan_id": device.frequency_plan_id,
        "supports_join": not is_abp,
        **(_session(device) if is_abp else _root_keys(device)),
    }


def _root_keys(device: Device) -> dict[str, Any]:
    keys = {"app_key": {"key": device.hex(KeyKind.APP_KEY)}}
    if lorawan.is_11(device):
        keys["nwk_key"] = {"key": device.hex(KeyKind.NWK_KEY)}
    return {"root_keys": keys}


def _session(device: Device) -> dict[str, Any]:
    keys = {
        "app_s_key": {"key": device.hex(KeyKind.APP_S_KEY)},
        "f_nwk_s_int_key": {"key": device.hex(KeyKind.NWK_S_KEY)},
    }
    return {"session": {"dev_addr": device.dev_addr, "keys": keys}}


def _write(devices: Iterable[Device], _options: Options) -> Iterator[bytes]:
    encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
    return chunked(encode(as_object(device)) + "\n" for device in devices)


FORM: Final = Form(
    id="tts_json",
    label=_l("The Things Stack, JSON"),
    about=_l("For “Import end devices” in the console, and for ttn-lw-cli."),
    extension="json",
    media_type="application/json",
    refusal=lorawan.refusal_tts,
    writer=_write,
)
