"""Site agents and the printers that they see. Drawn in docs/data-model/printers.md."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, UniqueConstraint, Uuid, text
from sqlalchemy.dialects.postgresql import INET, JSONB
from sqlalchemy.orm import Mapped, foreign, mapped_column, relationship

from webapp.core.db import Base, BigInt, Id, Instant, PublicId, Texts, Versioned
from webapp.core.tenancy import Owned
from webapp.devices.models import DeviceState, Liveness


class PrinterAgent(Owned, Versioned, Base):
    """A site agent. Its id is that of its row in `devices`.

    `install_id` is made by the agent: the same installation may enrol again with the same token when the answer was
    lost, another one may not. `queued` and `dropped` are what it said last of its own disk.
    """

    __tablename__ = "printer_agents"
    __table_args__ = (Index(None, "organisation_id", "sort_name", "id"),)

    id: Mapped[int] = mapped_column(BigInteger, ForeignKey("devices.id"), primary_key=True)
    public_id: Mapped[PublicId]
    name: Mapped[str]
    sort_name: Mapped[str]
    state: Mapped[str] = mapped_column(default=DeviceState.NOT_SET_UP)
    install_id: Mapped[str | None] = mapped_column(Uuid(as_uuid=False))
    enrolled_at: Mapped[datetime | None]
    active: Mapped[bool] = mapped_column(default=True)
    quick_minutes: Mapped[int] = mapped_column(default=5)
    full_hours: Mapped[int] = mapped_column(default=6)
    search_hours: Mapped[int] = mapped_column(default=24)
    program: Mapped[str] = mapped_column(default="")
    host: Mapped[str] = mapped_column(default="")
    networks: Mapped[Texts] = mapped_column(default=list, server_default=text("'{}'"))
    queued: Mapped[int] = mapped_column(default=0)
    dropped: Mapped[int] = mapped_column(BigInteger, default=0)
    clock_off_seconds: Mapped[int] = mapped_column(BigInteger, default=0)
    created_at: Mapped[Instant]

    liveness: Mapped[Liveness | None] = relationship(
        primaryjoin=lambda: foreign(PrinterAgent.id) == Liveness.device_id, viewonly=True
    )


class PrinterSighting(Owned, Base):
    """A printer that an agent reads and nobody has added yet, with the last that it said."""

    __tablename__ = "printer_sightings"
    __table_args__ = (
        UniqueConstraint("agent_id", "key"),
        Index(None, "organisation_id", "last_seen_at"),
    )

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    agent_id: Mapped[BigInt] = mapped_column(ForeignKey("printer_agents.id", ondelete="CASCADE"))
    key: Mapped[str]
    """Its serial number, or `@` and its address where it tells none."""
    serial: Mapped[str] = mapped_column(default="")
    maker: Mapped[str] = mapped_column(default="")
    model: Mapped[str] = mapped_column(default="")
    name: Mapped[str] = mapped_column(default="")
    location: Mapped[str] = mapped_column(default="")
    address: Mapped[str | None] = mapped_column(INET)
    known: Mapped[dict[str, Any]] = mapped_column(JSONB)
    raw: Mapped[bytes]
    first_seen_at: Mapped[Instant]
    last_seen_at: Mapped[Instant]

    agent: Mapped[PrinterAgent] = relationship()
