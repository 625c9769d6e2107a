"""Our CSV (RFC 4180): headings in a language of choice, UTF-8 with a mark so that spreadsheets read it right.

It can be read back as a delivery. Text that a spreadsheet would take for a formula is guarded by an apostrophe.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from typing import Final

from flask_babel import force_locale
from flask_babel import lazy_gettext as _l

from webapp.meters.formats.base import CHUNK, Device, Form, Options
from webapp.meters.kinds import LABELS as KEY_LABELS
from webapp.meters.kinds import KeyKind
from webapp.meters.sentences import Sentence

KINDS: Final = tuple(KeyKind)
FORMULA: Final = ("=", "+", "-", "@")
HEADINGS: Final = (
    _l("No."),
    _l("Serial number"),
    _l("Maker"),
    _l("Product type"),
    _l("Medium"),
    _l("DevEUI"),
    _l("JoinEUI"),
    _l("DevAddr"),
    _l("Maker's code"),
    _l("M-Bus number"),
    _l("M-Bus version"),
    _l("M-Bus medium"),
)


def headings(language: str) -> list[str]:
    with force_locale(language):
        return [str(words) for words in (*HEADINGS, *(KEY_LABELS[kind] for kind in KINDS))]


def _refusal(device: Device) -> Sentence | None:
    return None if device.keys else Sentence("out_no_keys")


def _write(devices: Iterable[Device], options: Options) -> Iterator[bytes]:
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, delimiter=options.delimiter, lineterminator="\r\n")
    buffer.write("\ufeff")
    writer.writerow(headings(options.language))
    for number, device in enumerate(devices, 1):
        writer.writerow(_cells(number, device, options.thousands))
        if buffer.tell() >= CHUNK:
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode()


def _cells(number: int, device: Device, thousands: str) -> list[str]:
    keys = device.keys
    return [
        f"{number:,}".replace(",", thousands),
        _guarded(device.serial),
        _guarded(device.maker),
        _guarded(device.product_type),
        _guarded(device.medium),
        device.dev_eui or "",
        device.join_eui or "",
        device.dev_addr or "",
        device.mbus_maker or "",
        device.mbus_id or "",
        "" if device.mbus_version is None else f"{device.mbus_version:02X}",
        "" if device.mbus_medium is None else f"{device.mbus_medium:02X}",
        *[keys[kind].hex().upper() if kind in keys else "" for kind in KINDS],
    ]


def _guarded(text: str) -> str:
    return f"'{text}" if text.startswith(FORMULA) else text


FORM: Final = Form(
    id="csv",
    label=_l("CSV"),
    about=_l("A table for spreadsheets, and for reading in elsewhere."),
    extension="csv",
    media_type="text/csv; charset=utf-8",
    refusal=_refusal,
    writer=_write,
    asks=("delimiter", "thousands", "language"),
)
