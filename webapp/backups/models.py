"""One row an attempt; the backups themselves are files."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from webapp.core.db import Base, BigInt, Id, Instant
from webapp.core.tenancy import Global


class BackupState(StrEnum):
    ASKED = "asked"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class Backup(Global, Base):
    """Kept 90 days. `place` is the file's whole path on the server that made it; `revision` the schema's."""

    __tablename__ = "backups"
    __table_args__ = (
        Index(None, "began_at", "id"),
        Index(
            "uq_backups_open",
            "state",
            unique=True,
            postgresql_where="state IN ('asked', 'running')",
        ),
    )

    id: Mapped[Id]
    began_at: Mapped[Instant]
    ended_at: Mapped[datetime | None]
    size_bytes: Mapped[BigInt | None]
    place: Mapped[str] = mapped_column(default="", server_default="")
    state: Mapped[str]
    error: Mapped[str | None]
    revision: Mapped[str] = mapped_column(default="", server_default="")
    by: Mapped[str] = mapped_column(default="", server_default="")
    """Who asked for it; empty: the clock."""
