"""A ZIP archive of many small files, written as a stream without seeking (PKWARE APPNOTE 6.3.10, stored, ZIP64)."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Iterator
from typing import Final

from webapp.meters.formats.base import CHUNK

DOS_TIME: Final = 0
DOS_DATE: Final = 0x0021
"""1 January 1980: an archive of the same keys is the same archive."""
UTF8_NAMES: Final = 0x0800
PLAIN_FILE: Final = 0o600 << 16
_LOCAL: Final = struct.Struct("<IHHHHHIIIHH")
_CENTRAL: Final = struct.Struct("<IHHHHHHIIIHHHHHII")
_OFFSET64: Final = struct.Struct("<HHQ")
_END64: Final = struct.Struct("<IQHHIIQQQQ")
_LOCATOR64: Final = struct.Struct("<IIQI")
_END: Final = struct.Struct("<IHHHHIIH")
_MOST32: Final = 0xFFFFFFFF
_MOST16: Final = 0xFFFF


class ZipStream:
    """Used once. Names must differ; files are held one chunk at a time, the directory whole."""

    def __init__(self) -> None:
        self._directory: list[bytes] = []
        self._offset = 0

    def pack(self, files: Iterable[tuple[str, bytes]]) -> Iterator[bytes]:
        """Name and content in; the archive in chunks."""
        buffer, size = list[bytes](), 0
        for name, content in files:
            entry = self._entry(name.encode(), content)
            buffer.append(entry)
            size += len(entry)
            if size >= CHUNK:
                yield b"".join(buffer)
                buffer, size = [], 0
        yield b"".join(buffer)
        yield b"".join(self._directory)
        yield self._end()

    def _entry(self, name: bytes, content: bytes) -> bytes:
        check, size = zlib.crc32(content), len(content)
        head = _LOCAL.pack(
            0x04034B50, 20, UTF8_NAMES, 0, DOS_TIME, DOS_DATE, check, size, size, len(name), 0
        )
        self._directory.append(self._central(name, check, size))
        self._offset += len(head) + len(name) + size
        return head + name + content

    def _central(self, name: bytes, check: int, size: int) -> bytes:
        is_far = self._offset >= _MOST32
        extra = _OFFSET64.pack(1, 8, self._offset) if is_far else b""
        head = _CENTRAL.pack(
            0x02014B50,
            0x0300 | 45 if is_far else 0x0300 | 20,
            45 if is_far else 20,
            UTF8_NAMES,
            0,
            DOS_TIME,
            DOS_DATE,
            check,
            size,
            size,
            len(name),
            len(extra),
            0,
            0,
            0,
            PLAIN_FILE,
            _MOST32 if is_far else self._offset,
        )
        return head + name + extra

    def _end(self) -> bytes:
        count, size = len(self._directory), sum(map(len, self._directory))
        plain = _END.pack(
            0x06054B50,
            0,
            0,
            min(count, _MOST16),
            min(count, _MOST16),
            min(size, _MOST32),
            min(self._offset, _MOST32),
            0,
        )
        if count < _MOST16 and size < _MOST32 and self._offset < _MOST32:
            return plain
        wide = _END64.pack(0x06064B50, 44, 0x0300 | 45, 45, 0, 0, count, count, size, self._offset)
        return wide + _LOCATOR64.pack(0x07064B50, 0, self._offset + size, 1) + plain
