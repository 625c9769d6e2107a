"""From the cells of a row to a device, or the faults in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from webapp.meters.kinds import KEY_BYTES, KeyKind, parse_key
from webapp.meters.reading.fields import PARSERS
from webapp.meters.reading.rows import DeviceRow, Found, RowFault
from webapp.meters.sentences import Sentence, SpokenError

KINDS: Mapping[str, KeyKind] = {str(kind): kind for kind in KEY_BYTES}


def build(line: int, values: Mapping[str, str], columns: Mapping[str, str]) -> Iterator[Found]:
    """One `DeviceRow`, or a fault for each field that is wrong. `columns`: field → the file's word for it.

    Without a serial number the radio address stands in: DevEUI, or the M-Bus number.
    """
    found = DeviceRow(line, "")
    faults: list[RowFault] = []
    for field, text in values.items():
        if not (text := text.strip()):
            continue
        try:
            if kind := KINDS.get(field):
                found.keys[kind] = parse_key(text, kind)
            else:
                setattr(found, field, PARSERS[field](text))
        except SpokenError as error:
            faults.append(RowFault(line, columns.get(field, field), error.sentence))
    found.serial = found.serial or found.dev_eui or found.mbus_id or ""
    if not faults:
        faults = list(_missing(found))
    if not faults:
        yield found
        return
    for fault in faults:
        yield RowFault(fault.line, fault.column, fault.sentence, found.serial)


def _missing(found: DeviceRow) -> Iterator[RowFault]:
    if not found.serial:
        yield RowFault(found.line, "", Sentence("row_no_identity"))
    elif not found.keys:
        yield RowFault(found.line, "", Sentence("row_no_key"))
