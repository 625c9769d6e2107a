"""Bytes → lines of cells: encodings, delimiters and quotes as spreadsheets write them."""

from __future__ import annotations

import codecs
import csv
import io
from dataclasses import dataclass
from typing import Final

from flask_babel import gettext as _

from webapp.core.errors import Refusal

MOST_BYTES: Final = 2 * 1024 * 1024
MOST_ROWS: Final = 10_000
DELIMITERS: Final = (";", "\t", ",")
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
    b"\x1f\x8b": "GZIP",
}


@dataclass(frozen=True)
class Line:
    """`number` counts from 1 in the file, as an editor shows it."""

    number: int
    cells: list[str]


def read(content: bytes) -> list[Line]:
    """Header and lines that hold something. `Refusal` says in a sentence what is wrong with the file."""
    if len(content) > MOST_BYTES:
        raise _refusal(_("The file has more than 2 MB. Split it and import the parts."))
    text = _decoded(content)
    if not text.strip():
        raise _refusal(_("The file is empty."))
    lines = _parsed(text)
    if len(lines) < 2:
        raise _refusal(_("The file has no line below its heading."))
    if len(lines) > MOST_ROWS + 1:
        raise _refusal(_("The file has more than 10,000 lines. Split it and import the parts."))
    return lines


def _decoded(content: bytes) -> str:
    """UTF-8, with or without BOM; UTF-16 with BOM; else Windows' Latin-1, which is what is left in Europe."""
    for beginning, kind in _OTHER_FILES.items():
        if content.startswith(beginning):
            words = _("This is a file of type %(kind)s. Save it as CSV and choose that file.")
            raise _refusal(words % {"kind": kind})
    encodings = [name for bom, name in _BOMS if content.startswith(bom)] or ["utf-8", "cp1252"]
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise _refusal(_("This is no text that can be read. Save it as CSV in UTF-8."))


def _parsed(text: str) -> list[Line]:
    text, delimiter = _delimiter(text)
    lines: list[Line] = []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        number = 1
        for cells in reader:
            if any(cell.strip() for cell in cells):
                lines.append(Line(number, cells))
            number = reader.line_num + 1
    except csv.Error as error:
        words = _(
            "Line %(line)s can't be read: a quotation mark is not closed or stands amid a cell."
        )
        raise _refusal(words % {"line": reader.line_num}) from error
    return lines


def _delimiter(text: str) -> tuple[str, str]:
    """As `sep=;` says, which spreadsheets write, else the one that occurs most in the heading."""
    first, _newline, rest = text.partition("\n")
    said = first.strip().strip('"').lower()
    if said.startswith("sep=") and said[4:5] in DELIMITERS:
        return "\n" + rest, said[4]
    if first.strip("\r\n").lower() == "sep=\t":
        return "\n" + rest, "\t"
    heading = next((line for line in text.splitlines() if line.strip()), "")
    return text, max(DELIMITERS, key=heading.count)


def _refusal(words: object) -> Refusal:
    return Refusal(words, field="file")
