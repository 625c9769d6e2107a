"""The Things Stack's JSON: objects one after another, or in a list, read one at a time.

https://www.thethingsindustries.com/docs/hardware/devices/adding-devices/adding-devices-in-bulk/device-json/
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator, Mapping
from typing import IO, Any, Final

from webapp.meters.kinds import KeyKind
from webapp.meters.reading.building import build
from webapp.meters.reading.rows import FileError, Found, RowFault
from webapp.meters.reading.texts import CHUNK, encoding_of
from webapp.meters.sentences import Sentence

LARGEST_OBJECT: Final = 1 << 18
_BETWEEN: Final = re.compile(r"[\s,\[\]\ufeff]*")
FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    "dev_eui": ("ids", "dev_eui"),
    "join_eui": ("ids", "join_eui"),
    "dev_addr": ("session", "dev_addr"),
    "name": ("name",),
    "lorawan_version": ("lorawan_version",),
    "lorawan_phy_version": ("lorawan_phy_version",),
    "frequency_plan_id": ("frequency_plan_id",),
    str(KeyKind.APP_KEY): ("root_keys", "app_key", "key"),
    str(KeyKind.NWK_KEY): ("root_keys", "nwk_key", "key"),
    str(KeyKind.APP_S_KEY): ("session", "keys", "app_s_key", "key"),
    str(KeyKind.NWK_S_KEY): ("session", "keys", "f_nwk_s_int_key", "key"),
}
_COLUMNS: Final = {field: ".".join(path) for field, path in FIELDS.items()}


def read_tts(stream: IO[bytes], defaults: Mapping[str, str]) -> Iterator[Found]:
    """Devices; the "line" of each is the line on which its object begins."""
    number = 0
    for number, (line, found) in enumerate(objects(stream), 1):
        ids = found.get("ids") if isinstance(found, dict) else None
        if not isinstance(ids, dict) or not ids.get("dev_eui"):
            yield RowFault(line, "ids.dev_eui", Sentence("json_object", {"number": number}))
            continue
        values, faults = dict(defaults), list[RowFault]()
        for field, path in FIELDS.items():
            value = at(found, path)
            if isinstance(value, str):
                values[field] = value
            elif value is not None:
                sentence = Sentence("json_text", {"field": _COLUMNS[field]})
                faults.append(RowFault(line, _COLUMNS[field], sentence))
        yield from faults or build(line, values, _COLUMNS)
    if not number:
        raise FileError("file_no_rows")


def objects(stream: IO[bytes]) -> Iterator[tuple[int, Any]]:
    """Line and value of each object of a stream or list, holding no more than one and a piece of the file."""
    source, decoder = _pieces(stream), json.JSONDecoder()
    buffer, place, line, number = "", 0, 1, 0
    while True:
        start = _skipped(buffer, place)
        line, place = line + buffer.count("\n", place, start), start
        try:
            found, end = decoder.raw_decode(buffer, place)
        except (ValueError, RecursionError) as error:
            buffer, place = buffer[place:], 0
            if len(buffer) > LARGEST_OBJECT:
                raise FileError("json_large", number=number + 1, most=LARGEST_OBJECT) from error
            if more := next(source, ""):
                buffer += more
                continue
            if buffer:
                raise FileError("json_broken", number=number + 1) from error
            return
        number += 1
        yield line, found
        line, place = line + buffer.count("\n", place, end), end


def _skipped(buffer: str, place: int) -> int:
    found = _BETWEEN.match(buffer, place)
    return found.end() if found else place


def _pieces(stream: IO[bytes]) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(encoding_of(stream))(errors="replace")
    while chunk := stream.read(CHUNK // 16):
        yield decoder.decode(chunk)
    yield decoder.decode(b"", final=True)


def at(found: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        if not isinstance(found, dict):
            return None
        found = found.get(name)
    return found
