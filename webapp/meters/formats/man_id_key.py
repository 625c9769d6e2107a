"""`MAN;ID8;KEY32`: maker's code, eight digits, key; as head-ends and data loggers take them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from flask_babel import lazy_gettext as _l

from webapp.meters.formats import mbus
from webapp.meters.formats.base import Device, Form, Options, chunked
from webapp.meters.kinds import KeyKind


def _write(devices: Iterable[Device], _options: Options) -> Iterator[bytes]:
    return chunked(
        f"{device.mbus_maker};{device.mbus_id};{device.hex(KeyKind.OMS_AES128)}\r\n"
        for device in devices
    )


FORM: Final = Form(
    id="man_id_key",
    label=_l("List of maker, number, key"),
    about=_l("Lines of MAN;ID8;KEY32, for head-ends and data loggers."),
    extension="txt",
    media_type="text/plain; charset=utf-8",
    refusal=mbus.refusal,
    writer=_write,
)
