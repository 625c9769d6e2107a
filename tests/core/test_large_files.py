"""Large files: what went in comes out, and nothing that was moved, changed or left out opens."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import delete, func, select, update

from tests.cast import World
from webapp.core import large_files
from webapp.core.clock import utcnow
from webapp.core.crypto import Sealed
from webapp.core.db import commit, db
from webapp.core.files import File
from webapp.core.large_files import FileChunk
from webapp.core.tenancy import unscoped
from webapp.core.web import Portal

pytestmark = pytest.mark.feature("Q-33")


@pytest.fixture
def desk(world: World, ground: Portal) -> Iterator[World]:
    with unscoped("test of large files"):
        yield world


def new_file(world: World, content: bytes, *, hours: float = 24) -> File:
    file = large_files.begin(
        kind="export",
        name="all.csv",
        media_type="text/csv",
        organisation_id=world.acme_id,
        created_by="a test",
        now=utcnow(),
        expires_at=utcnow() + timedelta(hours=hours),
    )
    large_files.append(file, content)
    commit()
    return file


def test_two_and_a_half_mebibytes_come_back_as_they_were(desk: World) -> None:
    content = secrets.token_bytes(2_621_440)
    file = new_file(desk, content[:1_000_000])
    large_files.append(file, content[1_000_000:])
    large_files.complete(file)
    commit()
    assert b"".join(large_files.pieces(file)) == content
    assert file.sha256 == hashlib.sha256(content).digest()
    assert (file.size_bytes, file.chunks) == (len(content), 3)


def test_the_database_holds_nothing_in_clear(desk: World) -> None:
    file = new_file(desk, b"4B6579 nobody may see this" * 100)
    stored = db.session.scalars(select(FileChunk.content).where(FileChunk.file_id == file.id))
    assert all(b"nobody may" not in piece for piece in stored)


def test_a_piece_moved_changed_or_missing_does_not_open(desk: World) -> None:
    file = new_file(desk, b"a" * (large_files.PIECE_BYTES + 10))
    pieces = dict(
        db.session.execute(
            select(FileChunk.n, FileChunk.content).where(FileChunk.file_id == file.id)
        ).all()
    )

    def put(n: int, content: bytes) -> None:
        here = (FileChunk.file_id == file.id, FileChunk.n == n)
        db.session.execute(update(FileChunk).where(*here).values(content=content))
        commit()

    put(0, pieces[1])
    with pytest.raises(Sealed):
        b"".join(large_files.pieces(file))
    put(0, pieces[0][:-1] + bytes([pieces[0][-1] ^ 1]))
    with pytest.raises(Sealed):
        b"".join(large_files.pieces(file))
    put(0, pieces[0])
    db.session.execute(delete(FileChunk).where(FileChunk.n == 1))
    commit()
    with pytest.raises(Sealed):
        b"".join(large_files.pieces(file))


def test_one_files_key_does_not_open_another(desk: World) -> None:
    one, other = new_file(desk, b"one"), new_file(desk, b"other")
    other.wrapped_key = one.wrapped_key
    with pytest.raises(Sealed):
        large_files.pieces(other)


def test_expired_files_go_with_their_pieces(desk: World) -> None:
    new_file(desk, b"old", hours=-1)
    kept = new_file(desk, b"young")
    large_files.remove_expired()
    assert list(db.session.scalars(select(File.id))) == [kept.id]
    assert db.session.scalar(select(func.count()).select_from(FileChunk)) == 1
