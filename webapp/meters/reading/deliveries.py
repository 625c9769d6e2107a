"""Deliveries of every format (K-4), by one call."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import IO, Final

from flask_babel import lazy_gettext as _l

from webapp.meters.reading import csv_files, json_files, kem_files, tables
from webapp.meters.reading.fields import suggest
from webapp.meters.reading.rows import Found


class DeliveryFormat(StrEnum):
    """The names as stored."""

    OWN_CSV = "own_csv"
    TTS_CSV = "tts_csv"
    TTS_JSON = "tts_json"
    MAN_ID_KEY = "man_id_key"
    KEM = "kem"
    KEM2 = "kem2"


LABELS: Final = {
    DeliveryFormat.OWN_CSV: _l("CSV with columns of your choice"),
    DeliveryFormat.TTS_CSV: _l("The Things Stack, CSV"),
    DeliveryFormat.TTS_JSON: _l("The Things Stack, JSON"),
    DeliveryFormat.MAN_ID_KEY: _l("List of maker, number, key"),
    DeliveryFormat.KEM: _l("Kamstrup KEM"),
    DeliveryFormat.KEM2: _l("Kamstrup KEM2"),
}
NEEDS_PASSWORD: Final = frozenset({DeliveryFormat.KEM, DeliveryFormat.KEM2})
PREVIEWED: Final = 5


def read(
    stream: IO[bytes],
    form: DeliveryFormat,
    *,
    mapping: Mapping[str, int] | None = None,
    defaults: Mapping[str, str] | None = None,
    has_header: bool = True,
    password: str = "",
) -> Iterator[Found]:
    """Devices and faults in the order of the file. `FileError`, also while going through it, if it can't be read.

    `mapping` (field → column from 0) is for our own CSV; `defaults` (field → text) fill what a row does not say.
    """
    values = dict(defaults or {})
    match form:
        case DeliveryFormat.OWN_CSV:
            return csv_files.read_own(stream, mapping or {}, values, has_header=has_header)
        case DeliveryFormat.TTS_CSV:
            return csv_files.read_tts(stream, values)
        case DeliveryFormat.TTS_JSON:
            return json_files.read_tts(stream, values)
        case DeliveryFormat.MAN_ID_KEY:
            return csv_files.read_list(stream, values)
        case DeliveryFormat.KEM | DeliveryFormat.KEM2:
            return kem_files.read_kem(stream, password, values)


def preview(stream: IO[bytes]) -> tuple[list[str], list[list[str]], dict[str, int]]:
    """Heading, the first rows, and a proposal for the mapping. Rows hold keys: show their shape, not their text."""
    header, rows = tables.header_of(tables.open_table(stream))
    first = [cells for _number, (_line, cells) in zip(range(PREVIEWED), rows, strict=False)]
    return header, first, suggest(header)
