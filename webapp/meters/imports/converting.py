"""Deliveries in other formats than CSV, as the table that the import engine keeps (K-4).

The engine reads each cell afterwards, so that all formats are checked by the same rules; here is only found where the
cells are. Line *n* of the table is line *n* of a list of keys, or the *n*-th device of a JSON or KEM file.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import IO, Any, Final

from webapp.core.errors import Refusal
from webapp.imports.reading import Converted
from webapp.meters.kinds import KeyKind
from webapp.meters.reading import json_files, kem_files, tables
from webapp.meters.reading.csv_files import LIST_FIELDS
from webapp.meters.reading.deliveries import DeliveryFormat
from webapp.meters.reading.rows import FileError
from webapp.meters.sentences import SpokenError

CSV_FORMATS: Final = frozenset({DeliveryFormat.OWN_CSV, DeliveryFormat.TTS_CSV})
TTS_JSON_FIELDS: Final = tuple(
    name
    for name in json_files.FIELDS
    if name
    in {"dev_eui", "join_eui", "dev_addr", "lorawan_version", *(kind.value for kind in KeyKind)}
)
KEM_FIELDS: Final = ("serial", "mbus_id", "mbus_maker", KeyKind.OMS_AES128.value)


def convert(stream: IO[bytes], form: DeliveryFormat, *, password: str = "") -> Converted | None:
    """None for CSV, which the engine reads itself. `Refusal`, also while it is gone through."""
    if form in CSV_FORMATS:
        return None
    stream.seek(0)
    match form:
        case DeliveryFormat.TTS_JSON:
            return Converted(list(TTS_JSON_FIELDS), _spoken(_json_lines(stream)))
        case DeliveryFormat.MAN_ID_KEY:
            return Converted(list(LIST_FIELDS), _spoken(_list_lines(stream)))
        case _:
            return Converted(list(KEM_FIELDS), _spoken(_kem_lines(stream, password)))


def _spoken(lines: Iterator[Sequence[str]]) -> Iterator[Sequence[str]]:
    try:
        yield from lines
    except SpokenError as error:
        field = "password" if error.sentence.code.startswith("kem_password") else "file"
        raise Refusal(str(error.sentence), field=field) from error


def _json_lines(stream: IO[bytes]) -> Iterator[list[str]]:
    empty = True
    for _line, found in json_files.objects(stream):
        empty = False
        values = {name: json_files.at(found, json_files.FIELDS[name]) for name in TTS_JSON_FIELDS}
        yield [_text(values[name]) for name in TTS_JSON_FIELDS]
    if empty:
        raise FileError("file_no_rows")


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value)[:200]


def _list_lines(stream: IO[bytes]) -> Iterator[list[str]]:
    """The last cells are number and key, the maker may be absent; lines of any other shape name no device."""
    last = 0
    for line, cells in tables.open_table(stream).rows:
        while (last := last + 1) < line:
            yield []
        fits = 2 <= len(cells) <= len(LIST_FIELDS)
        yield [""] * (len(LIST_FIELDS) - len(cells)) + list(cells) if fits else ["", "", ";"]
    if not last:
        raise FileError("file_empty")


def _kem_lines(stream: IO[bytes], password: str) -> Iterator[list[str]]:
    for values in kem_files.devices(stream, password):
        yield [_cell(values, name) for name in KEM_FIELDS]


def _cell(values: Mapping[str, str], name: str) -> str:
    return values.get(name, "")
