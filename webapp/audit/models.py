"""The audit log: rows chained by hash, one chain an organisation."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from webapp.core.db import Base, BigInt, Id, Instant
from webapp.core.tenancy import Owned


class AuditHead(Owned, Base):
    """The end of one organisation's chain; locked by whoever writes the next row."""

    __tablename__ = "audit_heads"
    __table_args__ = (UniqueConstraint("organisation_id"),)

    id: Mapped[Id]
    seq: Mapped[BigInt] = mapped_column(default=0)
    hash: Mapped[bytes]
    seal: Mapped[bytes]
    at: Mapped[Instant]


class AuditRow(Owned, Base):
    """Who did what to which object, when, from where.

    `payload` is what may have to be erased (names, addresses); the chain hashes only the salted
    `commitment` to it, so that an erased payload leaves the chain whole.
    """

    __tablename__ = "audit_rows"
    __table_args__ = (
        UniqueConstraint("organisation_id", "seq"),
        Index(None, "organisation_id", "at", "id"),
        Index(None, "organisation_id", "event", "id"),
        Index(None, "organisation_id", "actor_kind", "actor_id", "id"),
        Index(None, "organisation_id", "object_id", "id"),
        Index(None, "organisation_id", "object_kind", "id"),
        Index("ix_audit_rows_object", "organisation_id", text("lower(payload ->> 'object')")),
        Index("ix_audit_rows_actor", "organisation_id", text("lower(payload ->> 'actor')")),
    )

    id: Mapped[Id]
    seq: Mapped[BigInt]
    at: Mapped[Instant]
    event: Mapped[str]
    actor_kind: Mapped[str]
    actor_id: Mapped[int | None] = mapped_column()
    object_kind: Mapped[str]
    object_id: Mapped[str]
    payload: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    salt: Mapped[bytes | None]
    commitment: Mapped[bytes]
    previous: Mapped[bytes]
    hash: Mapped[bytes]
    erased_at: Mapped[datetime | None]


class CheckpointKind(StrEnum):
    """Only `removal` lets a chain begin after it: an hourly one says that it came so far, nothing more."""

    HOURLY = "hourly"
    REMOVAL = "removal"


class AuditCheckpoint(Owned, Base):
    """Where a chain stood, sealed; kept when the rows up to it go. `written_to`: the file apart that has it, too."""

    __tablename__ = "audit_checkpoints"
    __table_args__ = (
        UniqueConstraint("organisation_id", "seq", "kind"),
        Index(None, "id", postgresql_where=text("written_to IS NULL")),
        CheckConstraint("kind IN ('hourly', 'removal')", name="kind"),
    )

    id: Mapped[Id]
    seq: Mapped[BigInt]
    hash: Mapped[bytes]
    kind: Mapped[str]
    seal: Mapped[bytes]
    at: Mapped[Instant]
    written_to: Mapped[str | None]
