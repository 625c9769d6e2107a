"""What is inside the envelope: named parts, each of blocks whose whole length need not be known before.

A part is its name's length (2 bytes), its name, blocks of length (4 bytes) and content, and an empty block. An empty
name ends the list.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Protocol

from webapp.backups.sealing import CHUNK, Unreadable


class Writable(Protocol):
    def write(self, data: bytes, /) -> object: ...


class PartWriter:
    def __init__(self, out: Writable) -> None:
        self._out = out

    def begin(self, name: str) -> None:
        encoded = name.encode()
        self._out.write(struct.pack(">H", len(encoded)) + encoded)

    def write(self, data: bytes) -> None:
        for start in range(0, len(data), CHUNK):
            block = data[start : start + CHUNK]
            self._out.write(struct.pack(">I", len(block)) + block)

    def end(self) -> None:
        self._out.write(struct.pack(">I", 0))

    def close(self) -> None:
        self._out.write(struct.pack(">H", 0))


def read_parts(pieces: Iterator[bytes]) -> Iterator[tuple[str, Iterator[bytes]]]:
    """Each part's name and blocks, in order; unread blocks are passed over, so the end is always reached."""
    stream = _Stream(pieces)
    while length := struct.unpack(">H", stream.take(2))[0]:
        blocks = _blocks(stream)
        yield stream.take(length).decode(), blocks
        for _block in blocks:
            pass
    stream.expect_end()


def _blocks(stream: _Stream) -> Iterator[bytes]:
    while length := struct.unpack(">I", stream.take(4))[0]:
        if length > CHUNK:
            raise Unreadable("The backup is damaged: a block is too long.")
        yield stream.take(length)


class _Stream:
    """Exact lengths out of pieces of any length."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces, self._rest = pieces, bytearray()

    def take(self, length: int) -> bytes:
        while len(self._rest) < length:
            piece = next(self._pieces, None)
            if piece is None:
                raise Unreadable("The backup is damaged: its content ends too early.")
            self._rest += piece
        taken = bytes(self._rest[:length])
        del self._rest[:length]
        return taken

    def expect_end(self) -> None:
        if self._rest or next(self._pieces, None) is not None:
            raise Unreadable("The backup is damaged: something follows its end.")
