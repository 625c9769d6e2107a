"""A panic button as its administrator words it: texts, reasons, pictures, mails, and the domains it may mail from."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.core.db import Base, BigInt, Id, Instant, PublicId, SmallInt, Texts, Versioned
from webapp.core.files import File
from webapp.core.listing import word_index
from webapp.core.localized import Localized, LocalizedText
from webapp.core.tenancy import Owned


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
    colours: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict, server_default="{}")
    fault_sources: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    opens_on_fault: Mapped[bool] = mapped_column(default=False, server_default="false")
    """A fault that is seen again and again opens a request by itself."""
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[Instant]

    reasons: Mapped[list[PanicReason]] = relationship(
        back_populates="button", order_by="PanicReason.position, PanicReason.id"
    )
    mails: Mapped[list[PanicMail]] = relationship(back_populates="button")
    images: Mapped[list[PanicImage]] = relationship(
        back_populates="button", order_by="PanicImage.id", cascade="all, delete-orphan"
    )


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
    icon: Mapped[str | None]

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


class PanicImage(Owned, Base):
    """A picture of one page, or the logo: for one language, or (`language` empty) for all that have none of their own.

    Width and height are those of the stored picture, so that the page keeps its place free.
    """

    __tablename__ = "panic_images"
    __table_args__ = (
        UniqueConstraint("button_id", "page", "language", postgresql_nulls_not_distinct=True),
        Index(None, "file_id"),
    )

    id: Mapped[Id]
    button_id: Mapped[BigInt] = mapped_column(ForeignKey("panic_buttons.id", ondelete="CASCADE"))
    page: Mapped[str]
    language: Mapped[str | None]
    file_id: Mapped[BigInt] = mapped_column(ForeignKey("files.id"))
    width: Mapped[SmallInt]
    height: Mapped[SmallInt]

    button: Mapped[PanicButton] = relationship(back_populates="images")
    file: Mapped[File] = relationship(lazy="joined", innerjoin=True)


class DomainState(StrEnum):
    """Whether the TXT record was found: only a verified domain may stand in a mail's From."""

    WAITING = "waiting"
    VERIFIED = "verified"
    FAILED = "failed"


class SenderDomain(Owned, Base):
    """A domain that an organisation wants to send from. `token` stands in the TXT record that proves it.

    `problem` is a key of what the last check found instead, empty when it was found.
    """

    __tablename__ = "sender_domains"
    __table_args__ = (
        UniqueConstraint("organisation_id", "domain"),
        Index(None, "checked_at"),
    )

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    domain: Mapped[str]
    token: Mapped[str]
    state: Mapped[str] = mapped_column(default=DomainState.WAITING)
    problem: Mapped[str] = mapped_column(default="")
    created_at: Mapped[Instant]
    checked_at: Mapped[datetime | None]
    verified_at: Mapped[datetime | None]
