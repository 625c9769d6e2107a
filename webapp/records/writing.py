"""How rows are written: JSON lines for programs, CSV for spreadsheets. The same in every export."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

from webapp.core.listing.csv_export import BOM, harmless

FORMATS = ("jsonl", "csv")


def plain(value: Any) -> Any:
    """As JSON has it: times in UTC (RFC 3339), bytes as hexadecimal digits."""
    match value:
        case None | bool() | int() | float() | str():
            return value
        case datetime():
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case date() | time():
            return value.isoformat()
        case bytes() | memoryview():
            return bytes(value).hex()
        case dict():
            return {str(k): plain(v) for k, v in value.items()}
        case list() | tuple() | set():
            return [plain(v) for v in value]
        case Decimal():
            return str(value)
    return str(value)


def lines(
    form: str, columns: Sequence[str], rows: Iterable[Sequence[Any]], *, delimiter: str = ","
) -> bytes:
    if form == "csv":
        return _csv([[_cell(value) for value in row] for row in rows], delimiter)
    return "".join(
        json.dumps(dict(zip(columns, map(plain, row), strict=True)), ensure_ascii=False) + "\n"
        for row in rows
    ).encode()


def heading(form: str, columns: Sequence[str], *, delimiter: str = ",") -> bytes:
    """JSON lines need none."""
    return BOM.encode() + _csv([list(columns)], delimiter) if form == "csv" else b""


def _cell(value: Any) -> str:
    """What a spreadsheet would take for a formula is a text."""
    value = plain(value)
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case int() | float():
            return str(value)
        case str():
            return harmless(value)
    return harmless(json.dumps(value, ensure_ascii=False))


def _csv(rows: list[list[str]], delimiter: str) -> bytes:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator="\r\n").writerows(rows)
    return out.getvalue().encode()
