"""How printers are read: profiles with sealed secrets, the poll of each printer, searches for printers."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.core.db import Base, BigInt, Id, Instant, PublicId, SmallInt, Texts, Versioned
from webapp.core.jobs import Due, due_index
from webapp.core.tenancy import Owned
from webapp.printers.models import Printer


class SnmpProfile(Owned, Versioned, Base):
    """With what a printer is asked: version, community or user, patience, how often. Secrets are sealed, and are
    never shown again."""

    __tablename__ = "snmp_profiles"
    __table_args__ = (UniqueConstraint("organisation_id", "sort_name"),)

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    name: Mapped[str]
    sort_name: Mapped[str]
    snmp_version: Mapped[str] = mapped_column(default="")
    port: Mapped[int] = mapped_column(default=161, server_default="161")
    community_sealed: Mapped[bytes | None]
    user_name: Mapped[str] = mapped_column(default="")
    auth_protocol: Mapped[str] = mapped_column(default="")
    auth_sealed: Mapped[bytes | None]
    privacy_protocol: Mapped[str] = mapped_column(default="")
    privacy_sealed: Mapped[bytes | None]
    key_extension: Mapped[str] = mapped_column(default="reeder")
    time_out_ms: Mapped[int] = mapped_column(default=1500)
    retries: Mapped[SmallInt] = mapped_column(default=1)
    quick_minutes: Mapped[int] = mapped_column(default=5)
    full_hours: Mapped[int] = mapped_column(default=6)
    created_at: Mapped[Instant]


class PollRules(Owned, Base):
    """What an organisation never polls: parts of a maker's or model's name."""

    __tablename__ = "printer_poll_rules"
    __table_args__ = (UniqueConstraint("organisation_id"),)

    id: Mapped[Id]
    never: Mapped[Texts] = mapped_column(default=list)


class PrinterPoll(Owned, Due, Base):
    """The poll of one printer; there while the portal reads it. `due_at` is the next quick one.

    `quick` maps the OIDs of the quick GET to what they are; `fingerprint` is what it said the last time that all was
    read: while it stays the same, so does the printer. `failures` are silences in a row.
    """

    __tablename__ = "printer_polls"
    __table_args__ = (due_index(),)

    printer_id: Mapped[BigInt] = mapped_column(
        ForeignKey("printers.id", ondelete="CASCADE"), unique=True
    )
    full_at: Mapped[Instant]
    quick: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict, server_default=text("'{}'"))
    fingerprint: Mapped[str] = mapped_column(default="", server_default="")
    version: Mapped[str] = mapped_column(default="", server_default="")
    failures: Mapped[int] = mapped_column(default=0, server_default="0")
    asked_at: Mapped[datetime | None]
    outcome: Mapped[str] = mapped_column(default="", server_default="")

    printer: Mapped[Printer] = relationship()


class PrinterDiscovery(Owned, Due, Base):
    """A search for printers in a network. `found` are the printers as they said who they are."""

    __tablename__ = "printer_discoveries"
    __table_args__ = (due_index(), Index(None, "organisation_id", "created_at"))

    public_id: Mapped[PublicId]
    network: Mapped[str]
    profile_id: Mapped[BigInt] = mapped_column(ForeignKey("snmp_profiles.id", ondelete="CASCADE"))
    found: Mapped[list[Any]] = mapped_column(JSONB, default=list)
    asked: Mapped[int] = mapped_column(default=0)
    others: Mapped[int] = mapped_column(default=0)
    refusing: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[Instant]
    created_by: Mapped[str]
    done_at: Mapped[datetime | None]

    profile: Mapped[SnmpProfile] = relationship()
