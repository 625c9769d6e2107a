"""Deliveries as tables: our own CSV, The Things Stack's, and `MAN;ID8;KEY32` lists.

The Things Stack: https://www.thethingsindustries.com/docs/hardware/devices/adding-devices/adding-devices-in-bulk/device-csv/
(header required, `;` or `,`, unknown columns ignored, `app_eui` an alias of `join_eui`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import IO, Final

from webapp.meters.kinds import KeyKind
from webapp.meters.reading import tables
from webapp.meters.reading.building import build
from webapp.meters.reading.fields import LABELS
from webapp.meters.reading.rows import FileError, Found, RowFault
from webapp.meters.sentences import Sentence

TTS_FIELDS: Final = {
    "dev_eui": "dev_eui",
    "join_eui": "join_eui",
    "app_eui": "join_eui",
    "name": "name",
    "frequency_plan_id": "frequency_plan_id",
    "lorawan_version": "lorawan_version",
    "lorawan_phy_version": "lorawan_phy_version",
    "dev_addr": "dev_addr",
    "app_key": str(KeyKind.APP_KEY),
    "nwk_key": str(KeyKind.NWK_KEY),
    "app_s_key": str(KeyKind.APP_S_KEY),
    "f_nwk_s_int_key": str(KeyKind.NWK_S_KEY),
}
LIST_FIELDS: Final = ("mbus_maker", "mbus_id", str(KeyKind.OMS_AES128))


def read_own(
    stream: IO[bytes],
    mapping: Mapping[str, int],
    defaults: Mapping[str, str],
    *,
    has_header: bool = True,
) -> Iterator[Found]:
    """Our CSV: field → number of its column (from 0), and values for fields without one or with an empty cell."""
    _check_mapping(mapping, defaults)
    table = tables.open_table(stream)
    header, rows = tables.header_of(table) if has_header else ([], table.rows)
    if has_header and mapping and max(mapping.values()) >= len(header):
        raise FileError("file_mapping_column", number=max(mapping.values()) + 1)
    columns = {
        field: header[place] if place < len(header) and header[place] else str(LABELS[field])
        for field, place in mapping.items()
    }
    yield from _mapped(rows, mapping, defaults, columns)


def read_tts(stream: IO[bytes], defaults: Mapping[str, str]) -> Iterator[Found]:
    """The Things Stack's CSV, by the names in its header."""
    header, rows = tables.header_of(tables.open_table(stream))
    names = [name.lower() for name in header]
    if "dev_eui" not in names:
        raise FileError("file_column_missing", column="dev_eui")
    mapping = {TTS_FIELDS[name]: place for place, name in enumerate(names) if name in TTS_FIELDS}
    columns = {field: header[place] for field, place in mapping.items()}
    yield from _mapped(rows, mapping, defaults, columns)


def read_list(stream: IO[bytes], defaults: Mapping[str, str]) -> Iterator[Found]:
    """`MAN;ID8;KEY32`; the maker may come from the defaults, then lines are `ID8;KEY32`."""
    table = tables.open_table(stream)
    columns = {field: str(LABELS[field]) for field in LIST_FIELDS}
    for line, cells in table.rows:
        fields = LIST_FIELDS[-len(cells) :]
        if len(cells) == 1:
            yield RowFault(line, columns["mbus_id"], Sentence("row_no_number"))
        elif len(cells) > len(LIST_FIELDS) or (len(cells) == 2 and "mbus_maker" not in defaults):
            yield RowFault(line, "", Sentence("row_cells"))
        else:
            values = {**defaults, **dict(zip(fields, cells, strict=True))}
            yield from build(line, values, columns)


def _check_mapping(mapping: Mapping[str, int], defaults: Mapping[str, str]) -> None:
    if not {"serial", "dev_eui", "mbus_id"} & set(mapping):
        raise FileError("file_mapping", field=str(LABELS["serial"]))
    for field in (*mapping, *defaults):
        if field not in LABELS:
            raise FileError("file_mapping", field=field[:40])


def _mapped(
    rows: Iterator[tuple[int, list[str]]],
    mapping: Mapping[str, int],
    defaults: Mapping[str, str],
    columns: Mapping[str, str],
) -> Iterator[Found]:
    empty, places = True, tuple(mapping.items())
    for line, cells in rows:
        empty, width = False, len(cells)
        values = dict(defaults)
        for field, place in places:
            if place < width and cells[place]:
                values[field] = cells[place]
        yield from build(line, values, columns)
    if empty:
        raise FileError("file_no_rows")
