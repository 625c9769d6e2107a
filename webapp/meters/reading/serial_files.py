"""Lists of serial numbers as `.txt` or `.csv` (K-11).

A file with a heading or several columns has its column found by the heading or chosen, never guessed; any other is a
list separated by commas, semicolons, white space or lines.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, islice
from typing import IO, Final

from webapp.meters import serials
from webapp.meters.reading import tables
from webapp.meters.reading.fields import suggest
from webapp.meters.reading.rows import FileError
from webapp.meters.reading.texts import encoding_of, lines_of
from webapp.meters.serials import SerialList

SNIFFED_ROWS: Final = 50
ALL_CELLS: Final = -1


class ColumnNeeded(FileError):
    """The file has several columns and none is known by its heading: ask. `columns` are the cells of the first row."""

    def __init__(self, columns: list[str]) -> None:
        super().__init__("file_columns", count=len(columns))
        self.columns = columns


def read_serials(stream: IO[bytes], *, column: int | None = None) -> SerialList:
    """`ColumnNeeded` where the column must be chosen; then call again with its number (from 0), or `ALL_CELLS`."""
    table = tables.open_table(stream)
    first = list(islice(table.rows, SNIFFED_ROWS))
    known = suggest(first[0][1]).get("serial") if first else None
    if column == ALL_CELLS or (column is None and known is None and _is_flat(first)):
        return serials.collect(_split(stream))
    place = column if column is not None else known
    if place is None:
        raise ColumnNeeded([cell.strip() for cell in first[0][1]])
    rows = first[1:] if known is not None or _is_heading(first, place) else first
    return serials.collect(
        (line, cells[place])
        for line, cells in chain(rows, table.rows)
        if place < len(cells) and cells[place].strip()
    )


def _is_flat(rows: list[tuple[int, list[str]]]) -> bool:
    """One value a row, or one row."""
    return len(rows) < 2 or all(len(cells) == 1 for _line, cells in rows)


def _is_heading(rows: list[tuple[int, list[str]]], place: int) -> bool:
    """A first cell without a digit above cells that have some."""
    cells = [cells[place] for _line, cells in rows if place < len(cells)]
    digits = [any(c.isdigit() for c in cell) for cell in cells]
    return len(digits) > 1 and not digits[0] and all(digits[1:])


def _split(stream: IO[bytes]) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(lines_of(stream, encoding_of(stream)), 1):
        for _line, piece in serials.split(line):
            yield number, piece
