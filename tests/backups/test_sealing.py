"""The envelope: every length comes back, and no piece can be moved, cut or swapped unseen."""

from __future__ import annotations

import io
import secrets

import pytest

from webapp.backups.parts import PartWriter, read_parts
from webapp.backups.sealing import CHUNK, TAG, SealedWriter, Unreadable, chunks, read_header

pytestmark = pytest.mark.feature("Q-12")
KEY = "0123456789-abcdefghijklmnopqrstuvwxyz"


def sealed(content: bytes) -> bytes:
    file = io.BytesIO()
    writer = SealedWriter(file, KEY, {"made_at": "2030-01-01"})
    for start in range(0, len(content), 100_000):
        writer.write(content[start : start + 100_000])
    writer.close()
    return file.getvalue()


def opened(file: bytes, key: str = KEY) -> bytes:
    return b"".join(chunks(io.BytesIO(file), key))


def where_content_begins(file: bytes) -> int:
    stream = io.BytesIO(file)
    read_header(stream)
    return stream.tell()


@pytest.mark.parametrize("length", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK])
def test_every_length_comes_back(length: int) -> None:
    content = secrets.token_bytes(length)
    assert opened(sealed(content)) == content


def test_cut_at_the_border_of_two_chunks() -> None:
    file = sealed(bytes(2 * CHUNK))
    begin = where_content_begins(file)
    with pytest.raises(Unreadable, match="cut off: its end is missing"):
        opened(file[: begin + CHUNK + TAG])


def test_chunks_that_change_places() -> None:
    file = sealed(secrets.token_bytes(3 * CHUNK))
    begin, step = where_content_begins(file), CHUNK + TAG
    one, two = file[begin : begin + step], file[begin + step : begin + 2 * step]
    with pytest.raises(Unreadable, match="damaged"):
        opened(file[:begin] + two + one + file[begin + 2 * step :])


def test_a_changed_header_does_not_open() -> None:
    with pytest.raises(Unreadable, match="damaged"):
        opened(sealed(b"content").replace(b"2030-01-01", b"2031-01-01"))


def test_the_same_content_never_looks_the_same() -> None:
    assert sealed(b"content")[-23:] != sealed(b"content")[-23:]


def parted(**parts: bytes) -> bytes:
    out = io.BytesIO()
    writer = PartWriter(out)
    for name, content in parts.items():
        writer.begin(name)
        writer.write(content)
        writer.end()
    writer.close()
    return out.getvalue()


def test_parts_come_back_in_order_and_may_be_passed_over() -> None:
    content = parted(a=b"1" * (CHUNK + 5), b=b"", c=b"3")
    pieces = iter([content[i : i + 1000] for i in range(0, len(content), 1000)])
    found = {name: b"".join(blocks) for name, blocks in read_parts(pieces) if name != "a"}
    assert found == {"b": b"", "c": b"3"}


@pytest.mark.parametrize("spoil", [lambda c: c[:-1], lambda c: c + b"x"])
def test_parts_that_end_wrongly(spoil: object) -> None:
    content = spoil(parted(a=b"1"))  # type: ignore[operator]
    with pytest.raises(Unreadable, match="damaged"):
        list(read_parts(iter([content])))
