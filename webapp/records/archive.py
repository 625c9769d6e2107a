"""A ZIP archive that is written in steps: its state is a small dictionary, so that another process can go on.

Each segment of an entry is deflated on its own and ends at a byte (Z_FULL_FLUSH), so nothing of the compressor has
to be kept between steps; checksum and sizes follow the entry in a data descriptor (APPNOTE 6.3.10, 4.3.9). An
entry stays below 2 GiB; the end of the archive is ZIP64 where it lies beyond 4 GiB (4.3.14).
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

LARGEST_ENTRY = 2**31
_FLAGS = 0x0808  # data descriptor, names in UTF-8
_LIMIT = 0xFFFFFFFF


@dataclass
class Entry:
    """One file of the archive."""

    name: str
    offset: int
    crc: int = 0
    size: int = 0
    packed: int = 0


@dataclass
class Archive:
    """Bytes come out of the methods and are appended by the caller; `written` counts them."""

    stamp: tuple[int, int]
    written: int = 0
    done: list[Entry] = field(default_factory=list)
    current: Entry | None = None

    @classmethod
    def begun(cls, at: datetime) -> Archive:
        day = (at.year - 1980) << 9 | at.month << 5 | at.day
        return cls((at.hour << 11 | at.minute << 5 | at.second // 2, day))

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Archive:
        current = state["current"]
        return cls(
            (state["stamp"][0], state["stamp"][1]),
            state["written"],
            [Entry(**each) for each in state["done"]],
            Entry(**current) if current else None,
        )

    def state(self) -> dict[str, Any]:
        return asdict(self)

    def open(self, name: str) -> bytes:
        if self.current is not None:
            raise ValueError(f"{self.current.name} is still open")
        self.current = Entry(name, self.written)
        encoded = name.encode()
        time, day = self.stamp
        head = struct.pack(
            "<IHHHHHIIIHH", 0x04034B50, 20, _FLAGS, 8, time, day, 0, 0, 0, len(encoded), 0
        )
        return self._count(head + encoded)

    def write(self, content: bytes) -> bytes:
        """A segment of the open entry."""
        entry = self._opened()
        packer = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)
        packed = packer.compress(content) + packer.flush(zlib.Z_FULL_FLUSH)
        entry.crc = zlib.crc32(content, entry.crc)
        entry.size += len(content)
        entry.packed += len(packed)
        return self._count(packed)

    def close(self) -> bytes:
        """The last, empty block and the descriptor."""
        entry = self._opened()
        packer = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)
        last = packer.flush(zlib.Z_FINISH)
        entry.packed += len(last)
        descriptor = struct.pack("<IIII", 0x08074B50, entry.crc, entry.packed, entry.size)
        self.done.append(entry)
        self.current = None
        return self._count(last + descriptor)

    def end(self) -> bytes:
        """The directory of all entries; nothing comes after it."""
        begins = self.written
        directory = b"".join(self._listed(entry) for entry in self.done)
        self._count(directory)
        return directory + self._count(self._last_record(begins, len(directory)))

    def _opened(self) -> Entry:
        if self.current is None:
            raise ValueError("no entry is open")
        return self.current

    def _count(self, content: bytes) -> bytes:
        self.written += len(content)
        return content

    def _listed(self, entry: Entry) -> bytes:
        name, (time, day) = entry.name.encode(), self.stamp
        far = entry.offset >= _LIMIT
        extra = struct.pack("<HHQ", 1, 8, entry.offset) if far else b""
        offset = _LIMIT if far else entry.offset
        needs = 45 if far else 20
        sizes = (entry.crc, entry.packed, entry.size, len(name), len(extra))
        return (
            struct.pack("<IHHHHHH", 0x02014B50, 0x0300 | needs, needs, _FLAGS, 8, time, day)
            + struct.pack("<IIIHHHHHII", *sizes, 0, 0, 0, 0o100600 << 16, offset)
            + name
            + extra
        )

    def _last_record(self, begins: int, length: int) -> bytes:
        count, far = len(self.done), b""
        if begins + length >= _LIMIT or count >= 0xFFFF:
            far = struct.pack(
                "<IQHHIIQQQQ", 0x06064B50, 44, 45, 45, 0, 0, count, count, length, begins
            ) + struct.pack("<IIQI", 0x07064B50, 0, begins + length, 1)
        some = min(count, 0xFFFF)
        where = (min(length, _LIMIT), min(begins, _LIMIT))
        return far + struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, some, some, *where, 0)
