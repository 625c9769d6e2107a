"""Bytes as spreadsheets write them → UTF-8 lines in a sealed file → records, from wherever one stopped.

An upload is read twice, a piece at a time: once to find what it is, once to keep it. What is kept is UTF-8 with
`\\n` at the ends of lines, so that a place in it is a number of bytes.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import IO, Final

from flask_babel import gettext as _

from webapp.core.errors import Refusal
from webapp.core.files import MIB, File
from webapp.core.large_files import append, pieces

MOST_BYTES: Final = 64 * MIB
MOST_LINES: Final = 1_000_001
LONGEST_LINE: Final = MIB
CONVERTED: Final = ";"
MOST_COLUMNS: Final = 200
DELIMITERS: Final = (";", "\t", ",", "|")
ENCODINGS: Final = ("utf-8", "utf-16", "cp1252", "cp1250", "iso8859-2", "iso8859-15", "mac-roman")
_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_OTHER_FILES: Final = {
    b"PK\x03\x04": "XLSX",
    b"\xd0\xcf\x11\xe0": "XLS",
    b"%PDF": "PDF",
    b"\x89PNG": "PNG",
    b"\xff\xd8\xff": "JPEG",
    b"\x1f\x8b": "GZIP",
    b"{\\rtf": "RTF",
    b"<!DOCTYPE html": "HTML",
    b"<html": "HTML",
}


def find_encoding(stream: IO[bytes], chosen: str = "") -> str:
    """By its first bytes, else UTF-8 if all of it is, else Windows' Latin-1. `Refusal` says what it is instead."""
    stream.seek(0)
    beginning = stream.read(64)
    if not beginning:
        raise _refusal(_("The file is empty."))
    for magic, kind in _OTHER_FILES.items():
        if beginning.lstrip().startswith(magic):
            words = _(
                "This is a file of type %(kind)s, whatever its name says. Save it as CSV and choose that file."
            )
            raise _refusal(words % {"kind": kind})
    marked = next((name for bom, name in _BOMS if beginning.startswith(bom)), "")
    encoding = marked or (chosen if chosen in ENCODINGS else "")
    if encoding != "utf-16" and _holds_nul(stream):
        raise _refusal(_("This is no text that can be read. Save it as CSV in UTF-8."))
    return encoding or ("utf-8" if _is_utf8(stream) else "cp1252")


def _holds_nul(stream: IO[bytes]) -> bool:
    return any(b"\x00" in piece for piece in _pieces_of(stream))


def _is_utf8(stream: IO[bytes]) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for piece in _pieces_of(stream):
            decoder.decode(piece)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _pieces_of(stream: IO[bytes]) -> Iterator[bytes]:
    stream.seek(0)
    while piece := stream.read(MIB):
        yield piece


@dataclass(frozen=True)
class Kept:
    """How many lines the text has, and its beginning."""

    lines: int
    head: bytes


def keep(stream: IO[bytes], file: File, *, encoding: str) -> Kept:
    """Write the text into the file as UTF-8."""
    stream.seek(0)
    text = io.TextIOWrapper(stream, encoding=encoding, newline=None)
    try:
        return _kept(text, file)
    except UnicodeError as error:
        words = _("This file is not written in %(encoding)s. Choose another encoding.")
        raise Refusal(words % {"encoding": encoding}, field="encoding") from error
    finally:
        text.detach()


def _kept(text: io.TextIOWrapper, file: File) -> Kept:
    lines, head, waiting = 1, b"", bytearray()
    while part := text.read(MIB // 4):
        if "\x00" in part:
            raise _refusal(_("This is no text that can be read. Save it as CSV in UTF-8."))
        lines += part.count("\n")
        waiting += part.encode()
        head = head or bytes(waiting)
        while len(waiting) >= MIB:
            append(file, bytes(waiting[:MIB]))  # whole pieces: a place tells its piece
            del waiting[:MIB]
    append(file, bytes(waiting))
    if lines > MOST_LINES + 1:
        raise _refusal(_("The file has more than 1,000,000 lines. Split it and import the parts."))
    return Kept(lines, head)


@dataclass(frozen=True)
class Converted:
    """A file of another format as a table: the columns, and the cells of each line; none keep the count of lines."""

    header: list[str]
    lines: Iterator[Sequence[str]]


def keep_table(lines: Iterator[Sequence[str]], file: File) -> Kept:
    """Write a table into the file, as CSV without a heading."""
    out, number = io.StringIO(), 0
    writer, waiting = csv.writer(out, delimiter=CONVERTED, lineterminator="\n"), bytearray()
    for number, cells in enumerate(lines, start=1):
        writer.writerow([_plain(cell) for cell in cells])
        if number > MOST_LINES:
            raise _refusal(
                _("The file has more than 1,000,000 lines. Split it and import the parts.")
            )
        if out.tell() > MIB // 4:
            _flush(out, waiting, file)
    _flush(out, waiting, file)
    append(file, bytes(waiting))
    return Kept(number, b"")


def _flush(out: io.StringIO, waiting: bytearray, file: File) -> None:
    """Whole pieces into the file: a place tells its piece."""
    waiting += out.getvalue().encode(errors="replace")
    out.seek(0)
    out.truncate()
    while len(waiting) >= MIB:
        append(file, bytes(waiting[:MIB]))
        del waiting[:MIB]


def _plain(cell: str) -> str:
    return cell if cell.isprintable() else "".join(c if c.isprintable() else " " for c in cell)


@dataclass(frozen=True, slots=True)
class Record:
    """`line` counts from 1 in the file, as an editor shows it; `offset` and `next_line` are where to go on."""

    line: int
    cells: list[str]
    offset: int
    next_line: int


class _Lines:
    """The lines of a kept text from a place in it. `offset` is behind the line last given."""

    def __init__(self, source: Iterator[bytes], offset: int) -> None:
        self.offset = offset
        self._source = source
        self._buffer = next(source, b"")
        self._at = offset % MIB

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        end = self._buffer.find(b"\n", self._at)
        while end < 0 and self._fill():
            end = self._buffer.find(b"\n", self._at)
        end = len(self._buffer) if end < 0 else end + 1
        if end <= self._at:
            raise StopIteration
        line = self._buffer[self._at : end]
        self.offset += len(line)
        self._at = end
        return line.decode(errors="replace")  # it is UTF-8; only a head may end within a letter

    def _fill(self) -> bool:
        piece = next(self._source, None)
        if piece is None:
            return False
        rest = self._buffer[self._at :]
        if len(rest) > LONGEST_LINE:
            raise _refusal(_("A line is longer than 1 MB: this can't be a table."))
        self._buffer, self._at = rest + piece, 0
        return True


def records(file: File, delimiter: str, *, offset: int = 0, line: int = 1) -> Iterator[Record]:
    """Lines that hold something, from a place on. `Refusal` where quotes don't fit."""
    source = pieces(file, start=offset // MIB)
    return _records(_Lines(source, offset), delimiter, line)


def heading(head: bytes, delimiter: str) -> list[str]:
    """The names of the columns; `Refusal` where there is none or nothing below."""
    lines = _Lines(iter([head]), 0)
    found = _below_sep(_records(lines, delimiter, 1))
    first = next(found, None)
    if first is None:
        raise _refusal(_("The file is empty."))
    if first.offset >= len(head):
        raise _refusal(_("The file has no line below its heading."))
    return [" ".join(cell.split())[:80] for cell in first.cells[:MOST_COLUMNS]]


def table(file: File, delimiter: str) -> Iterator[Record]:
    """The heading, then the lines below it."""
    return _below_sep(records(file, delimiter))


def _below_sep(found: Iterator[Record]) -> Iterator[Record]:
    """Without the line `sep=;` that spreadsheets write."""
    for record in found:
        if record.line > 1 or not record.cells[0].lower().startswith("sep="):
            yield record


def _records(lines: _Lines, delimiter: str, line: int) -> Iterator[Record]:
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    first = line
    try:
        for cells in reader:
            begun, line = line, first + reader.line_num
            if any(cells) and any(cell.strip() for cell in cells):
                yield Record(begun, cells, lines.offset, line)
    except csv.Error as error:
        raise _refusal(_unreadable(error) % {"line": line}) from error


def _unreadable(error: csv.Error) -> str:
    if "field limit" in str(error):
        words = _(
            "From line %(line)s on a cell has more than 130,000 characters: probably a quotation mark is not "
            "closed."
        )
    else:
        words = _(
            "Line %(line)s can't be read: a quotation mark is not closed or stands amid a cell."
        )
    return str(words)


def find_delimiter(head: bytes) -> str:
    """As `sep=;` says, which spreadsheets write, else the one that occurs most in the heading."""
    for line in _Lines(iter([head]), 0):
        said = line.strip("\r\n ").strip('"')
        if said.lower().startswith("sep=") and (said[4:5] or "\t") in DELIMITERS:
            return said[4:5] or "\t"
        if said.strip():
            return max(DELIMITERS, key=line.count)
    raise _refusal(_("The file is empty."))


def _refusal(words: object) -> Refusal:
    return Refusal(words, field="file")
