"""The ZIP archive that goes on in another process."""

from __future__ import annotations

import io
import json
import random
import zipfile
from datetime import UTC, datetime

import pytest

from webapp.records import archive as module
from webapp.records.archive import Archive

pytestmark = pytest.mark.feature("Q-22")

AT = datetime(2026, 3, 4, 5, 6, 8, tzinfo=UTC)


def again(archive: Archive) -> Archive:
    """Its state through JSON, as a cursor keeps it."""
    return Archive.from_state(json.loads(json.dumps(archive.state())))


def test_entries_written_in_pieces_by_several_processes_are_whole() -> None:
    random.seed(7)
    pieces = [random.randbytes(random.randrange(5000)) for _ in range(20)]
    archive, out = Archive.begun(AT), b""
    out += archive.open("tables/ä.csv")
    for piece in pieces:
        archive = again(archive)
        out += archive.write(piece)
    out += archive.close()
    archive = again(archive)
    out += archive.open("empty.txt") + archive.close() + archive.open("b.txt")
    out += archive.write(b"x" * 100_000) + archive.close() + archive.end()
    with zipfile.ZipFile(io.BytesIO(out)) as found:
        assert found.testzip() is None
        assert found.namelist() == ["tables/ä.csv", "empty.txt", "b.txt"]
        assert found.read("tables/ä.csv") == b"".join(pieces)
        assert found.read("empty.txt") == b""
        assert found.getinfo("b.txt").compress_size < 1000
        assert found.infolist()[0].date_time == (2026, 3, 4, 5, 6, 8)


def test_far_archives_are_zip64(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the limit set low, every offset beyond it is written in the long form."""
    monkeypatch.setattr(module, "_LIMIT", 50)
    archive, out = Archive.begun(AT), b""
    for name in ("a", "b", "c"):
        out += archive.open(name) + archive.write(name.encode() * 40) + archive.close()
    out += archive.end()
    out = out.replace((50).to_bytes(4, "little"), b"\xff\xff\xff\xff")
    with zipfile.ZipFile(io.BytesIO(out)) as found:
        assert [found.read(n) for n in "abc"] == [b"a" * 40, b"b" * 40, b"c" * 40]


def test_one_entry_after_the_other() -> None:
    archive = Archive.begun(AT)
    with pytest.raises(ValueError, match="no entry is open"):
        archive.write(b"x")
    archive.open("a")
    with pytest.raises(ValueError, match="a is still open"):
        archive.open("b")
