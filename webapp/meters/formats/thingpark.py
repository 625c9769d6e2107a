"""Actility ThingPark, CSV by position, no heading, commas.

https://docs.thingpark.com/thingpark-enterprise/latest/docs/user-guide/devices-multicasts-connections/devices/bulk-operations/import-file:
A directive, B DevEUI, C DevAddr (migrated devices alone), D device model, E JoinEUI, F AppKey, G unused, H connectivity
plan, I routing profile, J marker, K name. A value with a comma or quote is quoted, quotes are doubled.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from flask_babel import lazy_gettext as _l

from webapp.meters.formats import lorawan
from webapp.meters.formats.base import Device, Form, Options, chunked, one_line
from webapp.meters.kinds import KeyKind
from webapp.meters.sentences import Sentence


def _refusal(device: Device) -> Sentence | None:
    if reason := lorawan.refusal(device):
        return reason
    if lorawan.is_abp(device):
        return Sentence("out_abp")
    return Sentence("out_no_column_nwk_key") if lorawan.is_11(device) else None


def _write(devices: Iterable[Device], options: Options) -> Iterator[bytes]:
    model = _quoted(options.thingpark_model_id)
    tail = f",,{_quoted(options.thingpark_plan_id)},{_quoted(options.thingpark_routing_id)},,"
    return chunked(
        f"CREATE_OTAA,{device.dev_eui},,{model},{device.join_eui},{device.hex(KeyKind.APP_KEY)}"
        f"{tail}{_quoted(device.title)}\n"
        for device in devices
    )


def _quoted(text: str) -> str:
    plain = one_line(text)
    if "," in plain or '"' in plain:
        return '"' + plain.replace('"', '""') + '"'
    return plain


FORM: Final = Form(
    id="thingpark",
    label=_l("Actility ThingPark, CSV"),
    about=_l("For the import of devices in ThingPark (CREATE_OTAA)."),
    extension="csv",
    media_type="text/csv; charset=utf-8",
    refusal=_refusal,
    writer=_write,
    asks=("thingpark_model_id", "thingpark_plan_id", "thingpark_routing_id"),
    needs=("thingpark_model_id",),
)
