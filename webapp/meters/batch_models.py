"""How meters come and change hands: deliveries, batches, requests. Drawn in docs/data-model/meters.md."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.core.db import Base, BigInt, Id, Instant, PublicId, Versioned
from webapp.core.listing import word_index
from webapp.core.tenancy import TwoParty
from webapp.orgs.models import Organisation


class Delivery(TwoParty, Base):
    """Devices brought by the operator to an organisation in one go (K-4)."""

    __tablename__ = "deliveries"
    __table_args__ = (
        Index(None, "to_organisation_id", "committed_at", "id"),
        Index(None, "from_organisation_id", "committed_at", "id"),
    )

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    import_id: Mapped[int | None] = mapped_column(BigInteger)
    format: Mapped[str]
    file_name: Mapped[str] = mapped_column(server_default="")
    devices: Mapped[int] = mapped_column(default=0)
    state: Mapped[str] = mapped_column(default="committed")
    committed_at: Mapped[Instant]
    undone_at: Mapped[datetime | None]
    by: Mapped[str]


class BatchState(StrEnum):
    OPEN = "open"
    PENDING = "pending"
    TAKEN = "taken"
    WITHDRAWN = "withdrawn"


class Batch(TwoParty, Versioned, Base):
    """Devices named together, on their way from issuer to receiver (K-11 to K-16)."""

    __tablename__ = "batches"
    __table_args__ = (
        UniqueConstraint("from_organisation_id", "reference_folded"),
        Index(None, "from_organisation_id", "created_at", "id"),
        Index(None, "to_organisation_id", "created_at", "id"),
        Index(None, "to_organisation_id", "reference_folded", "id"),
        Index(None, "from_organisation_id", "state", "id"),
        Index(None, "to_organisation_id", "state", "id"),
        word_index("ix_batches_words", "reference_folded"),
    )

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    reference: Mapped[str]
    reference_folded: Mapped[str]
    needs_confirmation: Mapped[bool]
    state: Mapped[str] = mapped_column(default=BatchState.OPEN)
    devices: Mapped[int]
    receiver_label_name: Mapped[str | None]
    created_at: Mapped[Instant]
    created_by: Mapped[str]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str | None]

    issuer: Mapped[Organisation] = relationship(foreign_keys="Batch.from_organisation_id")
    receiver: Mapped[Organisation] = relationship(foreign_keys="Batch.to_organisation_id")


class BatchItem(TwoParty, Base):
    """A device of a batch; `open` while the batch holds it: no two open batches hold one device."""

    __tablename__ = "batch_items"
    __table_args__ = (
        UniqueConstraint("batch_id", "meter_id"),
        Index("uq_batch_items_open", "meter_id", unique=True, postgresql_where='"open"'),
        Index(None, "meter_id"),
    )

    id: Mapped[Id]
    batch_id: Mapped[BigInt] = mapped_column(ForeignKey("batches.id", ondelete="CASCADE"))
    meter_id: Mapped[BigInt] = mapped_column(ForeignKey("meters.id", ondelete="CASCADE"))
    was_state: Mapped[str]
    open: Mapped[bool] = mapped_column(default=True)


class RequestState(StrEnum):
    PENDING = "pending"
    CONFIRMED = "confirmed"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class OwnershipRequest(TwoParty, Base):
    """From the asker to the issuer: may we take this batch over (K-14)?"""

    __tablename__ = "ownership_requests"
    __table_args__ = (
        Index(
            "uq_ownership_requests_pending",
            "batch_id",
            unique=True,
            postgresql_where="state = 'pending'",
        ),
        Index(None, "batch_id", "id"),
    )

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    batch_id: Mapped[BigInt] = mapped_column(ForeignKey("batches.id", ondelete="CASCADE"))
    state: Mapped[str] = mapped_column(default=RequestState.PENDING)
    reason: Mapped[str | None]
    asked_at: Mapped[Instant]
    asked_by_id: Mapped[int | None] = mapped_column(BigInteger)
    asked_by: Mapped[str]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str | None]
