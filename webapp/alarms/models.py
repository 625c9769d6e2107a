"""Conditions that open and close, and how an organisation wants to hear of them. Drawn in docs/data-model."""

from __future__ import annotations

from datetime import datetime, time
from enum import StrEnum
from typing import Annotated, Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.core.db import Base, Id, Instant, PublicId, SmallInt, Texts, Versioned
from webapp.core.tenancy import Owned
from webapp.devices.models import Device
from webapp.orgs.models import Organisation

BigInts = Annotated[list[int], mapped_column(ARRAY(BigInteger))]


class ConditionState(StrEnum):
    """pending → open → acknowledged → closed; the engine alone moves them (docs/alarms.md)."""

    PENDING = "pending"
    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    CLOSED = "closed"


class Severity(StrEnum):
    WARNING = "warning"
    ALARM = "alarm"


class Told(StrEnum):
    """How far the telling has come."""

    NOBODY = "nobody"
    FIRST = "first"
    SECOND = "second"
    OVER = "over"


class Condition(Owned, Base):
    """Something is wrong with a device, or with the portal itself; at most one open of a kind and subject."""

    __tablename__ = "conditions"
    __table_args__ = (
        Index(
            "uq_conditions_open",
            "organisation_id",
            "device_id",
            "kind",
            "subject",
            unique=True,
            postgresql_where=text("state <> 'closed'"),
            postgresql_nulls_not_distinct=True,
        ),
        Index(None, "organisation_id", "first_seen_at", "id"),
        Index(None, "organisation_id", "severity", "id"),
        Index(None, "organisation_id", "state", "severity"),
        Index(None, "device_id", "id"),
        Index(None, "due_at", postgresql_where=text("due_at IS NOT NULL")),
        Index(None, "closed_at", postgresql_where=text("closed_at IS NOT NULL")),
    )

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    device_id: Mapped[int | None] = mapped_column(ForeignKey("devices.id", ondelete="CASCADE"))
    kind: Mapped[str]
    subject: Mapped[str] = mapped_column(server_default="")
    severity: Mapped[str]
    state: Mapped[str] = mapped_column(default=ConditionState.PENDING)
    detail: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    first_seen_at: Mapped[Instant]
    opened_at: Mapped[datetime | None]
    last_evidence_at: Mapped[Instant]
    good_since: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    acknowledged_at: Mapped[datetime | None]
    acknowledged_by: Mapped[str] = mapped_column(server_default="")
    note: Mapped[str] = mapped_column(server_default="")
    told: Mapped[str] = mapped_column(default=Told.NOBODY)
    told_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None]

    device: Mapped[Device | None] = relationship()
    organisation: Mapped[Organisation] = relationship()

    @property
    def is_open(self) -> bool:
        return self.state in (ConditionState.OPEN, ConditionState.ACKNOWLEDGED)


class AlarmRule(Owned, Versioned, Base):
    """How an organisation wants to hear of a kind; `kind` empty: of all that have no rule of their own.

    Quiet hours are civil times in the organisation's zone and may pass midnight; a kind's rule heeds those of the
    general one, or none. Who is told: roles and people by the bell, addresses by mail; nobody named means
    everybody who may acknowledge. `debounce_minutes` and `severity` empty: as the kind has them.
    """

    __tablename__ = "alarm_rules"
    __table_args__ = (
        UniqueConstraint("organisation_id", "kind"),
        CheckConstraint("(quiet_from IS NULL) = (quiet_to IS NULL)", name="quiet"),
        CheckConstraint("escalate_after_minutes > 0", name="escalation"),
        CheckConstraint("debounce_minutes >= 0", name="debounce"),
        CheckConstraint("severity IN ('warning', 'alarm')", name="severity"),
    )

    id: Mapped[Id]
    kind: Mapped[str] = mapped_column(server_default="")
    is_on: Mapped[bool] = mapped_column(default=True, server_default=text("true"))
    debounce_minutes: Mapped[SmallInt | None]
    severity: Mapped[str | None]
    heeds_quiet: Mapped[bool] = mapped_column(default=True, server_default=text("true"))
    quiet_from: Mapped[time | None]
    quiet_to: Mapped[time | None]
    first_emails: Mapped[Texts] = mapped_column(default=list, server_default=text("'{}'"))
    second_emails: Mapped[Texts] = mapped_column(default=list, server_default=text("'{}'"))
    first_roles: Mapped[Texts] = mapped_column(default=list, server_default=text("'{}'"))
    second_roles: Mapped[Texts] = mapped_column(default=list, server_default=text("'{}'"))
    first_user_ids: Mapped[BigInts] = mapped_column(default=list, server_default=text("'{}'"))
    second_user_ids: Mapped[BigInts] = mapped_column(default=list, server_default=text("'{}'"))
    escalate_after_minutes: Mapped[SmallInt | None]


class MaintenanceWindow(Owned, Base):
    """While it lasts nothing new opens and nobody is told; without a device, for the whole organisation."""

    __tablename__ = "maintenance_windows"
    __table_args__ = (
        Index(None, "organisation_id", "ends_at"),
        Index(None, "organisation_id", "begins_at", "id"),
        Index(None, "device_id", "ends_at"),
        CheckConstraint("ends_at > begins_at", name="order"),
    )

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    device_id: Mapped[int | None] = mapped_column(ForeignKey("devices.id", ondelete="CASCADE"))
    begins_at: Mapped[Instant]
    ends_at: Mapped[Instant]
    reason: Mapped[str]
    by: Mapped[str]

    device: Mapped[Device | None] = relationship()
