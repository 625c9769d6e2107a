"""What all equipment shares: identity, owner, credential, last seen."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, validates

from webapp.core.db import Base, BigInt, Id, Instant, PublicId
from webapp.core.listing import word_index
from webapp.core.names import sort_name
from webapp.core.tenancy import Global, Owned


class DeviceKind(StrEnum):
    """The families of equipment: one a trade, and the site agents of its printers."""

    FUEL_SITE = "fuel_site"
    METER = "meter"
    TILL = "till"
    HUB = "hub"
    PRINTER = "printer"
    PRINTER_AGENT = "printer_agent"


class DeviceState(StrEnum):
    """The five words that all trades show."""

    ONLINE = "online"
    WARNING = "warning"
    ALARM = "alarm"
    OFFLINE = "offline"
    NOT_SET_UP = "not_set_up"


class Device(Owned, Base):
    """Thin index over all trades' tables, written in the same transaction as the trade's own row.

    Its other indexes are those of the search box: each serves one way of finding, first within one organisation,
    then over a tree of them (`webapp.search`). Plain ones: collation C lets them serve both LIKE and ORDER BY,
    which `text_pattern_ops` would not.
    """

    __tablename__ = "devices"
    __table_args__ = (
        Index(None, "organisation_id", "kind", "name", "id"),
        Index(None, "organisation_id", "serial"),
        Index("ix_devices_end_here", "organisation_id", text("reverse(serial)")),
        Index(None, "organisation_id", "code"),
        Index(None, "organisation_id", "sort_name"),
        Index(None, "serial"),
        Index("ix_devices_end", text("reverse(serial)")),
        Index(None, "code"),
        Index(None, "sort_name"),
        word_index("ix_devices_words", "sort_name"),
    )

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    kind: Mapped[str]
    serial: Mapped[str | None]
    code: Mapped[str | None]
    name: Mapped[str]
    sort_name: Mapped[str] = mapped_column(server_default="")
    state: Mapped[str] = mapped_column(default=DeviceState.NOT_SET_UP)
    created_at: Mapped[Instant]

    @validates("name")
    def _named(self, _key: str, name: str) -> str:
        self.sort_name = sort_name(name)
        return name


class Ownership(Owned, Base):
    """Who owned a device from when to when; one open row a device."""

    __tablename__ = "ownerships"
    __table_args__ = (
        Index("uq_ownerships_open", "device_id", unique=True, postgresql_where="ended_at IS NULL"),
        Index(None, "organisation_id", "device_id"),
        Index(None, "organisation_id", "began_at", "id"),
    )

    id: Mapped[Id]
    device_id: Mapped[BigInt] = mapped_column(ForeignKey("devices.id"))
    began_at: Mapped[Instant]
    ended_at: Mapped[datetime | None]


class Credential(Owned, Base):
    """What a device shows, as `op_<kind>_<id>_<secret>`; only the digest is kept.

    An enrolment token belongs to no device yet: it can launch and enrol, nothing else.
    """

    __tablename__ = "credentials"
    __table_args__ = (
        UniqueConstraint("public_id"),
        Index(None, "organisation_id", "kind", "id"),
        Index(None, "organisation_id", "name", "id"),
        Index(None, "organisation_id", "created_at", "id"),
        word_index("ix_credentials_words", "name"),
    )

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    device_id: Mapped[int | None] = mapped_column(ForeignKey("devices.id"))
    kind: Mapped[str]
    name: Mapped[str] = mapped_column(default="")
    secret_digest: Mapped[bytes]
    created_at: Mapped[Instant]
    created_by: Mapped[str] = mapped_column(default="")
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    replacement_id: Mapped[int | None] = mapped_column(ForeignKey("device_replacements.id"))


class Replacement(Owned, Base):
    """One piece of equipment took the place of another (P-43): the device and its history stay, serials change.

    The credentials of the old one name it, so that "fenced off" is answered, not "unknown".
    """

    __tablename__ = "device_replacements"
    __table_args__ = (
        Index(None, "device_id", "id"),
        Index(None, "organisation_id", "old_serial"),
    )

    id: Mapped[Id]
    device_id: Mapped[BigInt] = mapped_column(ForeignKey("devices.id", ondelete="CASCADE"))
    old_serial: Mapped[str | None]
    new_serial: Mapped[str]
    reason: Mapped[str] = mapped_column(server_default="")
    at: Mapped[Instant]
    by: Mapped[str]


class DeviceConnection(Owned, Base):
    """A stretch in which a device was heard, until it had been silent for `silence_seconds` (P-43): kept 7 days.

    A device with a socket opens and closes its own; of one that only beats the sweep closes it, at the last beat.
    """

    __tablename__ = "device_connections"
    __table_args__ = (
        Index(
            "uq_device_connections_open",
            "device_id",
            unique=True,
            postgresql_where=text("closed_at IS NULL"),
        ),
        Index(None, "device_id", "opened_at"),
        Index(None, "closed_at"),
    )

    id: Mapped[Id]
    device_id: Mapped[BigInt] = mapped_column(ForeignKey("devices.id", ondelete="CASCADE"))
    opened_at: Mapped[Instant]
    closed_at: Mapped[datetime | None]
    cause: Mapped[str] = mapped_column(server_default="")
    silence_seconds: Mapped[int]


class DeviceMessage(Owned, Base):
    """One message that came over a device's endpoint, and how it was answered (P-43): kept 7 days, at most 50 a device.

    Never what was in it. `device_id` is empty until it is known which device speaks, as with an enrolment token.
    """

    __tablename__ = "device_messages"
    __table_args__ = (
        Index(None, "device_id", "id"),
        Index(None, "credential_id", "id"),
        Index(None, "organisation_id", "at"),
        Index(None, "at"),
    )

    id: Mapped[Id]
    device_id: Mapped[int | None] = mapped_column(ForeignKey("devices.id", ondelete="CASCADE"))
    credential_id: Mapped[int | None] = mapped_column(
        ForeignKey("credentials.id", ondelete="CASCADE")
    )
    at: Mapped[Instant]
    endpoint: Mapped[str]
    status: Mapped[int]
    cause: Mapped[str] = mapped_column(server_default="")
    size_bytes: Mapped[int]
    took_ms: Mapped[int]
    clock_offset_ms: Mapped[int | None] = mapped_column(BigInteger)
    program: Mapped[str] = mapped_column(server_default="")


class Liveness(Global, Base):
    """When a device spoke last. A bare table beside the lists, so that beats touch no index (decision 14).

    Asked only by device ids that came from a scoped statement.
    """

    __tablename__ = "liveness"
    __table_args__ = {"postgresql_with": {"fillfactor": "70"}}

    device_id: Mapped[BigInt] = mapped_column(ForeignKey("devices.id"), primary_key=True)
    last_seen_at: Mapped[Instant]
