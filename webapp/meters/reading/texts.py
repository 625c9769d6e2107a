"""From bytes to lines: what encoding a file has, and whether it is text at all.

A file without a mark is UTF-8 if all of it is; UTF-16 if every other byte is zero; else Latin-1 (Windows-1252 for the
places that Latin-1 leaves to control characters). Spreadsheets, archives and pictures are told by how they begin.
"""

from __future__ import annotations

import codecs
import io
import re
import zipfile
from collections.abc import Iterator
from typing import IO, BinaryIO, Final, cast

from webapp.meters.reading.rows import FileError

CHUNK: Final = 1 << 20
LONGEST_LINE: Final = 1 << 16
SNIFFED: Final = 4096
_MARKS: Final = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_ARCHIVES: Final = (
    (b"\x1f\x8b", "GZIP"),
    (b"7z\xbc\xaf", "7-Zip"),
    (b"Rar!", "RAR"),
    (b"%PDF", "PDF"),
    (b"\x89PNG", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
)
_OLD_EXCEL: Final = b"\xd0\xcf\x11\xe0"
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")


def encoding_of(stream: IO[bytes]) -> str:
    """A codec's name. `FileError` for what is no text. The stream is back at its start afterwards."""
    stream.seek(0)
    head = stream.read(SNIFFED)
    _refuse_strangers(head, stream)
    stream.seek(0)
    for mark, codec in _MARKS:
        if head.startswith(mark):
            return codec
    if wide := _wide(head):
        return wide
    return "utf-8" if _is_utf8(stream) else "cp1252"


def lines_of(stream: IO[bytes], encoding: str) -> Iterator[str]:
    """Lines with their ends; the stream stays open. `FileError` for control characters and endless lines."""
    stream.seek(0)
    errors = "strict" if encoding == "utf-8" else "replace"
    text = io.TextIOWrapper(cast(BinaryIO, stream), encoding=encoding, errors=errors, newline="")
    try:
        yield from _checked(text)
    except UnicodeError as error:
        raise FileError("file_binary", line=1) from error
    finally:
        if not stream.closed:
            text.detach()


def is_zip(stream: IO[bytes]) -> bool:
    stream.seek(0)
    found = stream.read(4) == b"PK\x03\x04"
    stream.seek(0)
    return found


def _checked(text: io.TextIOWrapper) -> Iterator[str]:
    number = 0
    while line := text.readline(LONGEST_LINE + 1):
        number += 1
        if len(line) > LONGEST_LINE:
            raise FileError("file_line_long", line=number, most=LONGEST_LINE)
        if not line.isprintable() and _CONTROL.search(line):
            raise FileError("file_binary", line=number)
        yield line


def _refuse_strangers(head: bytes, stream: IO[bytes]) -> None:
    if not head.strip(b"\0 \t\r\n\xef\xbb\xbf\xfe\xff"):
        raise FileError("file_empty")
    if head.startswith(_OLD_EXCEL):
        raise FileError("file_spreadsheet", kind="XLS")
    if head.startswith(b"PK\x03\x04"):
        kind = _packed_kind(stream)
        raise FileError("file_archive" if kind == "ZIP" else "file_spreadsheet", kind=kind)
    for mark, kind in _ARCHIVES:
        if head.startswith(mark):
            raise FileError("file_archive", kind=kind)


def _packed_kind(stream: IO[bytes]) -> str:
    """Spreadsheets are archives with certain files in them."""
    try:
        with zipfile.ZipFile(stream) as archive:
            names = set(archive.namelist())
            if "mimetype" in names and b"opendocument" in archive.open("mimetype").read(100):
                return "ODS"
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, RuntimeError):
        return "ZIP"
    return "XLSX" if any(name.startswith("xl/") for name in names) else "ZIP"


def _wide(head: bytes) -> str:
    """UTF-16 without a mark: half of the bytes are zero, all on one side."""
    pairs = len(head) // 2
    if pairs < 2:
        return ""
    even, odd = head[0 : 2 * pairs : 2].count(0), head[1 : 2 * pairs : 2].count(0)
    if odd > pairs * 0.7 and even < pairs * 0.1:
        return "utf-16-le"
    if even > pairs * 0.7 and odd < pairs * 0.1:
        return "utf-16-be"
    return ""


def _is_utf8(stream: IO[bytes]) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while chunk := stream.read(CHUNK):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    finally:
        stream.seek(0)
    return True
