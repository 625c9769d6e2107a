"""CSV of every sort (RFC 4180 and what people make of it): delimiters, quotes, blank lines, trailing delimiters."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, islice
from typing import IO, Final

from webapp.meters.reading.rows import FileError
from webapp.meters.reading.texts import encoding_of, lines_of

DELIMITERS: Final = (";", ",", "\t", "|")
SNIFFED_LINES: Final = 20
MOST_COLUMNS: Final = 200


@dataclass(slots=True)
class Table:
    """`rows` gives line number and cells, blank rows left out; it can be gone through once."""

    encoding: str
    delimiter: str
    rows: Iterator[tuple[int, list[str]]]


def open_table(stream: IO[bytes], *, delimiter: str = "") -> Table:
    """The file as a table. `FileError` when it is none, also later, while rows are read."""
    encoding = encoding_of(stream)
    lines = lines_of(stream, encoding)
    head = list(islice(lines, SNIFFED_LINES))
    if not any(line.strip() for line in head):
        raise FileError("file_empty")
    skipped = 0
    if head[0].lower().startswith("sep=") and len(head[0].rstrip("\r\n")) == 5:
        delimiter, head, skipped = head[0][4], head[1:], 1
    found = delimiter or delimiter_of(head)
    return Table(encoding, found, _rows(chain(head, lines), found, skipped))


def delimiter_of(lines: list[str]) -> str:
    """The one that most lines have, outside of quotes, in the same number; a comma if there is none."""

    def weight(delimiter: str) -> tuple[int, int]:
        counts = [_outside_quotes(line).count(delimiter) for line in lines if line.strip()]
        usual = max(set(counts), key=lambda count: (counts.count(count) if count else 0, count))
        return (counts.count(usual) if usual else 0, usual)

    best = max(DELIMITERS, key=weight)
    return best if weight(best)[0] else ","


def header_of(table: Table) -> tuple[list[str], Iterator[tuple[int, list[str]]]]:
    """The first row, and the rows below it."""
    first = next(table.rows, None)
    if first is None:
        raise FileError("file_empty")
    return [cell.strip() for cell in first[1]], table.rows


def _outside_quotes(line: str) -> str:
    return "".join(line.split('"')[::2]) if '"' in line else line


def _rows(lines: Iterator[str], delimiter: str, skipped: int) -> Iterator[tuple[int, list[str]]]:
    """Line number of the row's first line. A row of nothing but delimiters is blank."""
    reader = csv.reader(lines, delimiter=delimiter, strict=False)
    before = 0
    while True:
        try:
            cells = next(reader, None)
        except csv.Error as error:
            raise FileError("file_quote", line=before + 1 + skipped) from error
        if cells is None:
            return
        line, before = before + 1 + skipped, reader.line_num
        while cells and not cells[-1].strip():
            cells.pop()
        if cells:
            yield line, cells[:MOST_COLUMNS]
