"""Notifications and each person's choices about them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.core.db import Base, BigInt, Id, Instant, PublicId
from webapp.core.tenancy import Global, Owned
from webapp.orgs.models import Organisation


class Notification(Owned, Base):
    """One line for one person about something in one organisation; `url` is a path of this portal."""

    __tablename__ = "notifications"
    __table_args__ = (
        Index(None, "user_id", "created_at", "id"),
        Index("ix_notifications_unread", "user_id", postgresql_where=text("read_at IS NULL")),
        Index(None, "organisation_id", "user_id"),
        Index(None, "created_at"),
    )

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    user_id: Mapped[BigInt] = mapped_column(ForeignKey("users.id"))
    kind: Mapped[str]
    title: Mapped[str]
    detail: Mapped[str] = mapped_column(server_default="")
    url: Mapped[str]
    created_at: Mapped[Instant]
    read_at: Mapped[datetime | None]

    organisation: Mapped[Organisation] = relationship()


class NotificationChoice(Global, Base):
    """What a person wants of a kind, where it differs from the kind's default."""

    __tablename__ = "notification_choices"

    user_id: Mapped[BigInt] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    kind: Mapped[str] = mapped_column(Text, primary_key=True)
    shown: Mapped[bool]
    by_mail: Mapped[bool]
