"""Large files: written and read in sealed pieces, so that neither memory nor a transaction grows with them.

A file has a key of its own; its *keeper* wraps that key. The portal's keeper wraps under `SECRET_KEY`; a trade
may register another (meter keys do, under their own master key). Each piece is AES-256-GCM, bound to the file and
to its number: none can be moved, swapped or left out unseen.

    file = begin(kind="export", name="all.zip", media_type="application/zip", ...)
    append(file, piece)     # any number of times, in any number of transactions
    complete(file)
    for piece in pieces(file): ...
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator
from datetime import datetime
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import BigInteger, ForeignKey, LargeBinary, delete, select
from sqlalchemy.orm import Mapped, mapped_column

from webapp.core.clock import utcnow
from webapp.core.crypto import NONCE_BYTES, Sealed, seal, unseal
from webapp.core.db import Base, aside, commit, db, new_public_id
from webapp.core.drains import sweep
from webapp.core.files import MIB, File
from webapp.core.tenancy import Owned, unscoped

PIECE_BYTES = MIB
MOST_SWEPT = 50


class FileChunk(Owned, Base):
    """A sealed piece: nonce, ciphertext, tag."""

    __tablename__ = "file_chunks"

    file_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("files.id", ondelete="CASCADE"), primary_key=True
    )
    n: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    content: Mapped[bytes] = mapped_column(LargeBinary)


class Keeper(Protocol):
    """Wraps the key of a file, bound to it; `unwrap` raises `Sealed` when it can't."""

    def wrap(self, key: bytes, file: File) -> bytes: ...

    def unwrap(self, wrapped: bytes, file: File) -> bytes: ...


class _Portal:
    def wrap(self, key: bytes, file: File) -> bytes:
        return seal(key, context=f"files.wrapped_key:{file.public_id}")

    def unwrap(self, wrapped: bytes, file: File) -> bytes:
        return unseal(wrapped, context=f"files.wrapped_key:{file.public_id}")


PORTAL = "portal"
_keepers: dict[str, Keeper] = {PORTAL: _Portal()}


def register_keeper(name: str, keeper: Keeper) -> None:
    _keepers[name] = keeper


def begin(
    *,
    kind: str,
    name: str,
    media_type: str,
    organisation_id: int,
    created_by: str,
    now: datetime,
    for_user_id: int | None = None,
    expires_at: datetime | None = None,
    keeper: str = PORTAL,
) -> File:
    """An empty file with a key of its own, in the transaction that is open."""
    file = File(
        public_id=new_public_id(),
        organisation_id=organisation_id,
        kind=kind,
        name=name,
        media_type=media_type,
        size_bytes=0,
        created_at=now,
        created_by=created_by,
        for_user_id=for_user_id,
        expires_at=expires_at,
        keeper=keeper,
        chunks=0,
    )
    file.wrapped_key = _keepers[keeper].wrap(secrets.token_bytes(32), file)
    db.session.add(file)
    db.session.flush()
    return file


def append(file: File, content: bytes) -> None:
    """Add to the end, in pieces of at most 1 MiB."""
    if not content:
        return
    cipher = AESGCM(_key(file))
    for start in range(0, len(content), PIECE_BYTES):
        piece = content[start : start + PIECE_BYTES]
        nonce = secrets.token_bytes(NONCE_BYTES)
        sealed = nonce + cipher.encrypt(nonce, piece, _bound(file.public_id, file.chunks))
        chunk = FileChunk(
            organisation_id=file.organisation_id, file_id=file.id, n=file.chunks, content=sealed
        )
        file.chunks += 1
        file.size_bytes += len(piece)
        db.session.add(chunk)
        db.session.flush()
        db.session.expunge(chunk)  # what is written need not stay in memory


def complete(file: File) -> None:
    """Nothing is added any more: its checksum is taken."""
    digest = hashlib.sha256()
    key = _key(file)
    for n in range(file.chunks):
        with unscoped("the pieces of a file that the caller holds"):
            statement = select(FileChunk.content).where(
                FileChunk.file_id == file.id, FileChunk.n == n
            )
            sealed = db.session.scalar(statement)
        digest.update(_opened(key, file.public_id, n, sealed))
    file.sha256 = digest.digest()


def pieces(file: File, *, start: int = 0) -> Iterator[bytes]:
    """The content in its order, from a piece on; raises `Sealed` at once when the key can't be had.

    Each piece is read on a short connection of its own: a slow receiver holds none.
    """
    return _pieces(_key(file), file.id, file.public_id, range(start, file.chunks))


def _pieces(key: bytes, file_id: int, public_id: str, numbers: range) -> Iterator[bytes]:
    for n in numbers:
        with unscoped("the pieces of a file that the caller holds"), aside() as session:
            statement = select(FileChunk.content).where(
                FileChunk.file_id == file_id, FileChunk.n == n
            )
            sealed = session.scalar(statement)
        yield _opened(key, public_id, n, sealed)


def _opened(key: bytes, public_id: str, n: int, sealed: bytes | None) -> bytes:
    if sealed is None:
        raise Sealed(f"piece {n} of a file is missing")
    nonce, rest = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
    try:
        return AESGCM(key).decrypt(nonce, rest, _bound(public_id, n))
    except InvalidTag as error:
        raise Sealed("a piece of a file was changed or belongs elsewhere") from error


def _key(file: File) -> bytes:
    if file.keeper not in _keepers or file.wrapped_key is None:
        raise Sealed("nobody keeps the key of this file")
    return _keepers[file.keeper].unwrap(file.wrapped_key, file)


def _bound(public_id: str, n: int) -> bytes:
    return f"file:{public_id}:{n}".encode()


@sweep("expired_files", every_seconds=600)
def remove_expired() -> None:
    """Files that were offered for a time go with their pieces."""
    while True:
        old = select(File.id).where(File.expires_at <= utcnow()).limit(MOST_SWEPT)
        ids = list(db.session.scalars(old))
        if not ids:
            return
        db.session.execute(delete(File).where(File.id.in_(ids)))
        commit()
