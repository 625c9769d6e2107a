"""ChirpStack 4: bodies for its API, one device a line (chirpstack/chirpstack, api/proto/api/device.proto).

`{"device": …}` goes to POST /api/devices, `{"deviceKeys": …}` to POST /api/devices/{devEui}/keys,
`{"deviceActivation": …}` of devices with a fixed session to POST /api/devices/{devEui}/activate. ChirpStack keeps the
AppKey of LoRaWAN 1.0.x in `nwkKey` and uses `appKey` from 1.1.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any, Final

from flask_babel import lazy_gettext as _l

from webapp.meters.formats import lorawan
from webapp.meters.formats.base import Device, Form, Options, chunked, one_line
from webapp.meters.kinds import KeyKind


def as_object(device: Device, options: Options) -> dict[str, Any]:
    body: dict[str, Any] = {
        "applicationId": options.chirpstack_application_id,
        "deviceProfileId": options.chirpstack_profile_id,
        "devEui": (device.dev_eui or "").lower(),
        "name": one_line(device.title),
        "description": one_line(f"{device.maker} {device.product_type}".strip()),
        "isDisabled": False,
        "skipFcntCheck": False,
        "tags": {"serial": device.serial},
    }
    if device.join_eui:
        body["joinEui"] = device.join_eui.lower()
    if lorawan.is_abp(device):
        return {"device": body, "deviceActivation": _activation(device)}
    return {"device": body, "deviceKeys": _keys(device)}


def _keys(device: Device) -> dict[str, str]:
    eui, app_key = (device.dev_eui or "").lower(), device.hex(KeyKind.APP_KEY).lower()
    if lorawan.is_11(device):
        nwk_key = device.hex(KeyKind.NWK_KEY).lower()
        return {"devEui": eui, "nwkKey": nwk_key, "appKey": app_key}
    return {"devEui": eui, "nwkKey": app_key}


def _activation(device: Device) -> dict[str, Any]:
    """One network session key serves for all three of LoRaWAN 1.1's (1.0.x)."""
    network = device.hex(KeyKind.NWK_S_KEY).lower()
    return {
        "devEui": (device.dev_eui or "").lower(),
        "devAddr": (device.dev_addr or "").lower(),
        "appSKey": device.hex(KeyKind.APP_S_KEY).lower(),
        "nwkSEncKey": network,
        "sNwkSIntKey": network,
        "fNwkSIntKey": network,
        "fCntUp": 0,
        "nFCntDown": 0,
        "aFCntDown": 0,
    }


def _write(devices: Iterable[Device], options: Options) -> Iterator[bytes]:
    encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
    described = map(partial(as_object, options=options), devices)
    return chunked(encode(body) + "\n" for body in described)


FORM: Final = Form(
    id="chirpstack",
    label=_l("ChirpStack"),
    about=_l("Bodies for the API of ChirpStack 4, one device a line."),
    extension="ndjson",
    media_type="application/x-ndjson",
    refusal=lorawan.refusal,
    writer=_write,
    asks=("chirpstack_application_id", "chirpstack_profile_id"),
    needs=("chirpstack_application_id", "chirpstack_profile_id"),
)
