"""Panic buttons, printers and what they said, launches, requests. Drawn in docs/data-model/printers.md."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY, INET, JSONB
from sqlalchemy.orm import Mapped, foreign, mapped_column, relationship
from sqlalchemy.types import BigInteger

from webapp.accounts.models import User
from webapp.core.db import (
    Base,
    BigInt,
    Id,
    Instant,
    PublicId,
    SmallInt,
    SmallInts,
    Texts,
    Versioned,
)
from webapp.core.listing import word_index
from webapp.core.localized import Localized, LocalizedText
from webapp.core.tenancy import Owned
from webapp.devices.models import DeviceState, Liveness


class RequestState(StrEnum):
    """new → in progress → done; one in progress can be given back, a done one reopened."""

    NEW = "new"
    IN_PROGRESS = "in_progress"
    DONE = "done"

    def may_become(self, other: RequestState) -> bool:
        """The one place that knows which steps there are."""
        return other in _NEXT_STATES[self]


_NEXT_STATES = {
    RequestState.NEW: {RequestState.IN_PROGRESS, RequestState.DONE},
    RequestState.IN_PROGRESS: {RequestState.NEW, RequestState.DONE},
    RequestState.DONE: {RequestState.IN_PROGRESS},
}


class Receiver(StrEnum):
    """To whom one of the button's two mails goes."""

    TECHNICIANS = "technicians"
    END_USER = "end_user"


class PanicButton(Owned, Versioned, Base):
    """A support form: its texts, reasons and mails. One for each building or customer."""

    __tablename__ = "panic_buttons"
    __table_args__ = (
        Index(None, "organisation_id", "sort_name", "id"),
        word_index("ix_panic_buttons_words", "sort_name"),
    )

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    name: Mapped[str]
    sort_name: Mapped[str]
    language: Mapped[str] = mapped_column(default="en")
    languages: Mapped[Texts] = mapped_column(default=lambda: ["en"])
    texts: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    ask_phone: Mapped[bool] = mapped_column(default=False)
    message_required: Mapped[bool] = mapped_column(default=False)
    phone: Mapped[str | None]
    technician_emails: Mapped[Texts] = mapped_column(default=list)
    from_email: Mapped[str | None]
    from_name: Mapped[str] = mapped_column(default="")
    fault_sources: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[Instant]

    reasons: Mapped[list[PanicReason]] = relationship(
        back_populates="button", order_by="PanicReason.position, PanicReason.id"
    )
    mails: Mapped[list[PanicMail]] = relationship(back_populates="button")


class PanicReason(Owned, Versioned, Base):
    """What can be wrong, to tick. One that was ever ticked is hidden, never deleted."""

    __tablename__ = "panic_reasons"
    __table_args__ = (Index(None, "button_id", "position", "id"),)

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    button_id: Mapped[BigInt] = mapped_column(ForeignKey("panic_buttons.id", ondelete="CASCADE"))
    texts: Mapped[LocalizedText] = mapped_column(Localized)
    position: Mapped[SmallInt]
    hidden: Mapped[bool] = mapped_column(default=False)

    button: Mapped[PanicButton] = relationship(back_populates="reasons")


class PanicMail(Owned, Versioned, Base):
    """One of the button's own mail templates; placeholders of B-7."""

    __tablename__ = "panic_mails"
    __table_args__ = (UniqueConstraint("button_id", "receiver", "language"),)

    id: Mapped[Id]
    button_id: Mapped[BigInt] = mapped_column(ForeignKey("panic_buttons.id", ondelete="CASCADE"))
    receiver: Mapped[str]
    language: Mapped[str]
    subject: Mapped[str]
    html: Mapped[str]

    button: Mapped[PanicButton] = relationship(back_populates="mails")


class Printer(Owned, Versioned, Base):
    """A printer of an organisation. Its id is that of its row in `devices`."""

    __tablename__ = "printers"
    __table_args__ = (
        UniqueConstraint("organisation_id", "maker", "serial"),
        Index(None, "organisation_id", "sort_name", "id"),
        Index("ix_printers_serial_sort", "organisation_id", text("coalesce(serial, '')"), "id"),
        word_index("ix_printers_words", "sort_name"),
        Index(None, "organisation_id", "model", "id"),
        Index(None, "organisation_id", "location", "id"),
        Index(None, "organisation_id", "state", "id"),
        Index(None, "serial", postgresql_ops={"serial": "text_pattern_ops"}),
        Index(None, "serial_end", postgresql_ops={"serial_end": "text_pattern_ops"}),
        Index(None, "button_id"),
        CheckConstraint("serial IS NULL OR serial <> ''", name="serial"),
    )

    id: Mapped[int] = mapped_column(BigInteger, ForeignKey("devices.id"), primary_key=True)
    public_id: Mapped[PublicId]
    name: Mapped[str]
    sort_name: Mapped[str]
    serial: Mapped[str | None]
    serial_raw: Mapped[str | None]
    serial_end: Mapped[str | None]
    maker: Mapped[str] = mapped_column(default="")
    model: Mapped[str] = mapped_column(default="")
    location: Mapped[str] = mapped_column(default="")
    address: Mapped[str | None] = mapped_column(INET)
    button_id: Mapped[int | None] = mapped_column(ForeignKey("panic_buttons.id"))
    code_digest: Mapped[bytes] = mapped_column(unique=True)
    code_sealed: Mapped[bytes]
    bound_at: Mapped[datetime | None]
    state: Mapped[str] = mapped_column(default=DeviceState.NOT_SET_UP)
    problem: Mapped[str | None]
    pages_total: Mapped[int | None] = mapped_column(BigInteger)
    pages_black: Mapped[int | None] = mapped_column(BigInteger)
    pages_colour: Mapped[int | None] = mapped_column(BigInteger)
    pages_large: Mapped[int | None] = mapped_column(BigInteger)
    counters_doubtful: Mapped[bool] = mapped_column(default=False)
    labels: Mapped[SmallInts] = mapped_column(default=list, server_default=text("'{}'"))
    created_at: Mapped[Instant]

    button: Mapped[PanicButton | None] = relationship()
    liveness: Mapped[Liveness | None] = relationship(
        primaryjoin=lambda: foreign(Printer.id) == Liveness.device_id, viewonly=True
    )


class PrinterReading(Owned, Base):
    """What a printer said at one moment: raw as it was, and decoded. Decoding anew never needs the printer.

    `raw` is the wire form of the reading (JSON: OID → type, value), compressed with zlib.
    """

    __tablename__ = "printer_readings"
    __table_args__ = (
        Index(None, "printer_id", "at"),
        Index(None, "organisation_id", "at", postgresql_where=text("NOT daily")),
    )

    id: Mapped[Id]
    printer_id: Mapped[BigInt] = mapped_column(ForeignKey("printers.id"))
    at: Mapped[Instant]
    source: Mapped[str]
    raw: Mapped[bytes]
    decoded: Mapped[dict[str, Any]] = mapped_column(JSONB)
    pages_total: Mapped[int | None] = mapped_column(BigInteger)
    pages_black: Mapped[int | None] = mapped_column(BigInteger)
    pages_colour: Mapped[int | None] = mapped_column(BigInteger)
    pages_large: Mapped[int | None] = mapped_column(BigInteger)
    doubtful: Mapped[Texts] = mapped_column(default=list)
    daily: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    """The last of its day, kept when the others go after 90 days."""


class PanicLaunch(Owned, Base):
    """One press of the button, from the app's message to the request.

    `start_digest` is of the link's token, good once; `session_digest` of the path the pages then live under.
    `launch_id` is the client's, empty once it is forgotten.
    """

    __tablename__ = "panic_launches"
    __table_args__ = (
        UniqueConstraint("organisation_id", "launch_id"),
        Index(None, "created_at"),
        Index(None, "printer_id"),
        Index(None, "request_id"),
    )

    id: Mapped[Id]
    launch_id: Mapped[str | None] = mapped_column(Uuid(as_uuid=False))
    credential_id: Mapped[BigInt] = mapped_column(ForeignKey("credentials.id"))
    printer_id: Mapped[int | None] = mapped_column(ForeignKey("printers.id"))
    facts: Mapped[dict[str, Any]] = mapped_column(JSONB)
    raw: Mapped[bytes | None]
    language: Mapped[str | None]
    start_digest: Mapped[bytes] = mapped_column(unique=True)
    session_digest: Mapped[bytes | None] = mapped_column(unique=True)
    created_at: Mapped[Instant]
    expires_at: Mapped[Instant]
    started_at: Mapped[datetime | None]
    address: Mapped[str | None] = mapped_column(INET)
    tries: Mapped[SmallInt] = mapped_column(default=0)
    answers: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    request_id: Mapped[int | None] = mapped_column(ForeignKey("panic_requests.id"))

    printer: Mapped[Printer | None] = relationship()


class PanicRequest(Owned, Versioned, Base):
    """A call for help with everything known at that moment."""

    __tablename__ = "panic_requests"
    __table_args__ = (
        UniqueConstraint("organisation_id", "number"),
        Index(None, "organisation_id", "number", "id"),
        Index(None, "organisation_id", "created_at", "id"),
        Index(None, "organisation_id", "state", "id"),
        Index(None, "organisation_id", "printer_name", "id"),
        Index(None, "organisation_id", "button_id", "id"),
        Index(None, "organisation_id", "assignee_id", "id"),
        Index(None, "printer_id"),
        Index(None, "reason_ids", postgresql_using="gin"),
        Index(None, "printer_serial", postgresql_ops={"printer_serial": "text_pattern_ops"}),
        Index("ix_panic_requests_serial_end", text("reverse(printer_serial)")),
        Index("ix_panic_requests_email", text("lower(email)")),
        word_index("ix_panic_requests_words", "printer_name"),
    )

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    number: Mapped[BigInt]
    button_id: Mapped[BigInt] = mapped_column(ForeignKey("panic_buttons.id"))
    printer_id: Mapped[BigInt] = mapped_column(ForeignKey("printers.id"))
    state: Mapped[str] = mapped_column(default=RequestState.NEW)
    email: Mapped[str]
    phone: Mapped[str] = mapped_column(default="")
    message: Mapped[str] = mapped_column(default="")
    language: Mapped[str]
    reasons: Mapped[list[Any]] = mapped_column(JSONB)
    reason_ids: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    facts: Mapped[dict[str, Any]] = mapped_column(JSONB)
    assignee_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[Instant]
    taken_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
    erased_at: Mapped[datetime | None]
    """Since then address, phone and message of the person are gone."""
    printer_name: Mapped[str]
    printer_serial: Mapped[str]
    location: Mapped[str]

    button: Mapped[PanicButton] = relationship()
    printer: Mapped[Printer] = relationship()
    assignee: Mapped[User | None] = relationship()
    events: Mapped[list[PanicRequestEvent]] = relationship(
        back_populates="request", order_by="PanicRequestEvent.at, PanicRequestEvent.id"
    )


class PanicRequestEvent(Owned, Base):
    """What happened to a request: opened, taken, assigned, noted, answered, done, reopened."""

    __tablename__ = "panic_request_events"
    __table_args__ = (Index(None, "request_id", "at"),)

    id: Mapped[Id]
    request_id: Mapped[BigInt] = mapped_column(ForeignKey("panic_requests.id", ondelete="CASCADE"))
    at: Mapped[Instant]
    kind: Mapped[str]
    text: Mapped[str] = mapped_column(default="")
    by_kind: Mapped[str]
    by_id: Mapped[int | None] = mapped_column(BigInteger)
    by: Mapped[str]

    request: Mapped[PanicRequest] = relationship(back_populates="events")
