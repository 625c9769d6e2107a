"""What the operator writes for everybody. Drawn in docs/data-model/platform.md."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from webapp.core.db import Base, Id, Instant, PublicId, Versioned
from webapp.core.localized import Localized, LocalizedText
from webapp.core.tenancy import Global


class News(Global, Versioned, Base):
    """Stands on the first page of organisations; without a trade, of all."""

    __tablename__ = "news"
    __table_args__ = (
        Index(None, "from_at", "id"),
        CheckConstraint("to_at > from_at", name="order"),
    )

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    trade: Mapped[str | None]
    title: Mapped[LocalizedText] = mapped_column(Localized)
    body: Mapped[LocalizedText] = mapped_column(Localized)
    from_at: Mapped[Instant]
    to_at: Mapped[datetime | None]

    def state_at(self, now: datetime) -> str:
        if now < self.from_at:
            return "planned"
        return "shown" if self.to_at is None or now < self.to_at else "over"


class NoticeState(StrEnum):
    """What the operator says of it. Time moves it too: see `Notice.state_at`."""

    PLANNED = "planned"
    OPEN = "open"
    RESOLVED = "resolved"


class Notice(Global, Versioned, Base):
    """Stands on the status page: planned work, or what is wrong now and when it was mended."""

    __tablename__ = "notices"
    __table_args__ = (
        Index(None, "begins_at", "id"),
        CheckConstraint("state IN ('planned', 'open', 'resolved')", name="state"),
        CheckConstraint("ends_at >= begins_at", name="order"),
        CheckConstraint("state <> 'resolved' OR ends_at IS NOT NULL", name="resolved"),
    )

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    component: Mapped[str | None]
    title: Mapped[LocalizedText] = mapped_column(Localized)
    body: Mapped[LocalizedText] = mapped_column(Localized)
    state: Mapped[str]
    begins_at: Mapped[Instant]
    ends_at: Mapped[datetime | None]

    def state_at(self, now: datetime) -> NoticeState:
        """Planned work is under way once it begins, and over when its end has come."""
        if self.state != NoticeState.PLANNED or now < self.begins_at:
            return NoticeState(self.state)
        if self.ends_at is not None and now >= self.ends_at:
            return NoticeState.RESOLVED
        return NoticeState.OPEN
