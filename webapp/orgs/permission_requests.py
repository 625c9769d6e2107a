"""Somebody asks for a permission, and what became of it (P-15). Drawn in docs/data-model/accounts.md."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from flask_babel import lazy_gettext as _
from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.accounts.models import User
from webapp.audit.events import AuditEvent
from webapp.core.db import Base, BigInt, Id, Instant, PublicId
from webapp.core.tenancy import Owned
from webapp.orgs.permissions import Permission


class RequestState(StrEnum):
    """open → granted or refused, once."""

    OPEN = "open"
    GRANTED = "granted"
    REFUSED = "refused"


class RightEvent(AuditEvent):
    RIGHT_GRANTED = "organisation:right:granted", _("Permission that was asked for given")
    RIGHT_REFUSED = "organisation:right:refused", _("Permission that was asked for refused")


class PermissionRequest(Owned, Base):
    """Open at most once for a person and permission; who decided stands here by name, without a foreign key."""

    __tablename__ = "permission_requests"
    __table_args__ = (
        Index(
            "uq_permission_requests_open",
            "organisation_id",
            "user_id",
            "permission",
            unique=True,
            postgresql_where=text("state = 'open'"),
        ),
        Index(None, "organisation_id", "asked_at", "id"),
        Index(None, "organisation_id", "state", "asked_at"),
        Index(None, "user_id"),
        CheckConstraint("state IN ('open', 'granted', 'refused')", name="state"),
        CheckConstraint("(state = 'open') = (decided_at IS NULL)", name="decided"),
    )

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    user_id: Mapped[BigInt] = mapped_column(ForeignKey("users.id"))
    permission: Mapped[str]
    message: Mapped[str] = mapped_column(server_default="")
    state: Mapped[str] = mapped_column(default=RequestState.OPEN)
    asked_at: Mapped[Instant]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str] = mapped_column(server_default="")
    answer: Mapped[str] = mapped_column(server_default="")

    user: Mapped[User] = relationship()

    @property
    def is_open(self) -> bool:
        return self.state == RequestState.OPEN

    @property
    def asked_for(self) -> Permission | None:
        """None for one that a later version does not know any more."""
        return Permission(self.permission) if self.permission in set(Permission) else None

    @property
    def label(self) -> str:
        found = self.asked_for
        return found.label if found is not None else self.permission
