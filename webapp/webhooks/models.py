"""Webhooks and their deliveries. Drawn in docs/data-model/platform.md."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSON
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.core.db import Base, BigInt, Id, Instant, PublicId, Texts, Versioned
from webapp.core.jobs import Due, JobState, due_index
from webapp.core.listing import word_index
from webapp.core.tenancy import Owned
from webapp.orgs.models import Organisation


class DeliveryState(StrEnum):
    """How a delivery's state is shown."""

    WAITING = "waiting"
    SENDING = "sending"
    DELIVERED = "delivered"
    FAILED = "failed"
    CANCELLED = "cancelled"


STATE_WORDS = {
    JobState.WAITING: DeliveryState.WAITING,
    JobState.CLAIMED: DeliveryState.SENDING,
    JobState.DONE: DeliveryState.DELIVERED,
    JobState.FAILED: DeliveryState.FAILED,
    JobState.CANCELLED: DeliveryState.CANCELLED,
}


class Webhook(Owned, Versioned, Base):
    """Where events of an organisation go.

    The secret signs; while it is being changed the former one signs as well, until `previous_until`. `failing_since`:
    since when nothing arrived any more. `paused_at`: when the portal itself gave up.
    """

    __tablename__ = "webhooks"
    __table_args__ = (
        Index(None, "organisation_id", "sort_name", "id"),
        Index(None, "organisation_id", "created_at", "id"),
        word_index("ix_webhooks_words", "sort_name"),
        CheckConstraint("url ~ '^https?://'", name="url"),
    )

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    name: Mapped[str]
    sort_name: Mapped[str]
    url: Mapped[str]
    events: Mapped[Texts]
    secret_sealed: Mapped[bytes]
    previous_sealed: Mapped[bytes | None]
    previous_until: Mapped[datetime | None]
    active: Mapped[bool] = mapped_column(default=True)
    failing_since: Mapped[datetime | None]
    paused_at: Mapped[datetime | None]
    created_at: Mapped[Instant]
    created_by: Mapped[str]

    organisation: Mapped[Organisation] = relationship(viewonly=True)


class Delivery(Owned, Due, Base):
    """One event for one webhook. What is sent again keeps its event id: receivers know it by that."""

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        UniqueConstraint("webhook_id", "event_id"),
        Index(None, "webhook_id", "created_at", "id"),
        Index(None, "organisation_id", "created_at", "id"),
        Index(None, "organisation_id", "state", "id"),
        Index(None, "created_at"),
        due_index(),
    )

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    webhook_id: Mapped[BigInt] = mapped_column(ForeignKey("webhooks.id", ondelete="CASCADE"))
    event: Mapped[str]
    event_id: Mapped[str]
    body: Mapped[dict[str, Any]] = mapped_column(JSON)
    status: Mapped[int | None]
    answer: Mapped[str | None]
    took_ms: Mapped[int | None]
    created_at: Mapped[Instant]
    delivered_at: Mapped[datetime | None]

    webhook: Mapped[Webhook] = relationship()

    @property
    def word(self) -> DeliveryState:
        return STATE_WORDS[JobState(self.state)]
