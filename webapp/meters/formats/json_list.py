"""Our JSON: `{"format": "outpost-keys/1", "devices": […]}`, one device a line; see docs/guides/key-files.md."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, Final

from flask_babel import lazy_gettext as _l

from webapp.meters.formats.base import Device, Form, Options, chunked
from webapp.meters.sentences import Sentence

NAME: Final = "outpost-keys/1"
FIELDS: Final = (
    "serial",
    "maker",
    "product_type",
    "medium",
    "dev_eui",
    "join_eui",
    "dev_addr",
    "mbus_maker",
    "mbus_id",
    "mbus_version",
    "mbus_medium",
    "lorawan_version",
    "lorawan_phy_version",
    "frequency_plan_id",
)


def as_object(device: Device) -> dict[str, Any]:
    """Fields that are empty are left out; keys are hexadecimal in upper case."""
    found: dict[str, Any] = {}
    for name in FIELDS:
        if (value := getattr(device, name)) not in (None, ""):
            found[name] = value
    found["keys"] = {str(kind): value.hex().upper() for kind, value in device.keys.items()}
    return found


def _refusal(device: Device) -> Sentence | None:
    return None if device.keys else Sentence("out_no_keys")


def _write(devices: Iterable[Device], _options: Options) -> Iterator[bytes]:
    return chunked(_pieces(devices))


def _pieces(devices: Iterable[Device]) -> Iterator[str]:
    encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
    before = f'{{"format":"{NAME}","devices":['
    for device in devices:
        yield f"{before}\n{encode(as_object(device))}"
        before = ","
    yield f"{'' if before == ',' else before}\n]}}\n"


FORM: Final = Form(
    id="json",
    label=_l("JSON"),
    about=_l("Everything that is known of each device, for programs."),
    extension="json",
    media_type="application/json",
    refusal=_refusal,
    writer=_write,
)
