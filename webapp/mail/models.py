"""Templates that organisations adapt, and the outbox: every mail from its cause to the server's answer."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.core.db import Base, BigInt, Id, Instant, PublicId, Versioned
from webapp.core.files import File
from webapp.core.jobs import Due, JobState, due_index
from webapp.core.tenancy import Owned
from webapp.orgs.models import Organisation


class EmailTemplate(Owned, Versioned, Base):
    """An organisation's own text of a kind of mail in one language. The system's are files.

    `html` is sanitised when it is saved. At most one of a kind and language is active.
    """

    __tablename__ = "email_templates"
    __table_args__ = (
        Index(
            "uq_email_templates_active",
            "organisation_id",
            "type",
            "language",
            unique=True,
            postgresql_where=sql("active"),
        ),
        Index(None, "organisation_id", "name", "id"),
        Index(None, "organisation_id", "type", "id"),
        CheckConstraint(r"subject !~ '[\r\n]'", name="subject"),
    )

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    type: Mapped[str]
    language: Mapped[str]
    name: Mapped[str]
    subject: Mapped[str]
    html: Mapped[str]
    active: Mapped[bool] = mapped_column(default=False, server_default=sql("false"))
    copied_from_id: Mapped[int | None] = mapped_column(
        ForeignKey("email_templates.id", ondelete="SET NULL")
    )
    created_at: Mapped[Instant]
    updated_at: Mapped[Instant]


class MailState(StrEnum):
    """The words for people; `JobState` holds what stands in the row."""

    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    CANCELLED = "cancelled"


STATE_WORDS = {
    JobState.WAITING: MailState.WAITING,
    JobState.CLAIMED: MailState.SENDING,
    JobState.DONE: MailState.SENT,
    JobState.FAILED: MailState.FAILED,
    JobState.CANCELLED: MailState.CANCELLED,
}


class Mail(Owned, Due, Base):
    """One mail to one recipient, written in the transaction that causes it.

    A mail with a secret keeps its true bodies in `bodies_sealed` until it is sent, failed or cancelled; `html` and
    `text` then show the same with the secret blotted out. `handed_at` is set, and committed, before the first
    byte goes to the mail server, and is null again once its answer is recorded: a row that is claimed anew
    with it set may have been delivered already.
    """

    __tablename__ = "mail_outbox"
    __table_args__ = (
        due_index(),
        Index(None, "organisation_id", "created_at", "id"),
        Index(None, "organisation_id", "state", "id"),
        Index(None, "organisation_id", "recipient", "id"),
        Index(None, "organisation_id", "cause_kind", "cause_id"),
        Index(
            "ix_mail_outbox_trouble",
            "created_at",
            "id",
            postgresql_where=sql(
                "state = 'failed' OR (state IN ('waiting', 'claimed') AND last_error IS NOT NULL)"
            ),
        ),
        Index(None, "wipe_at", postgresql_where=sql("wipe_at IS NOT NULL")),
        Index(
            "uq_mail_outbox_resent_open",
            "resent_of_id",
            unique=True,
            postgresql_where=sql("state IN ('waiting', 'claimed')"),
        ),
        CheckConstraint(
            r"(recipient || subject || sender_name || coalesce(reply_to, '')) !~ '[\r\n]'",
            name="one_line",
        ),
    )

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    message_id: Mapped[str] = mapped_column(unique=True)
    """With its angle brackets; the same at every try, so that a receiver can drop a double."""
    type: Mapped[str]
    template_id: Mapped[int | None] = mapped_column(
        ForeignKey("email_templates.id", ondelete="SET NULL")
    )
    language: Mapped[str]
    recipient: Mapped[str]
    recipient_name: Mapped[str] = mapped_column(default="", server_default="")
    sender_name: Mapped[str]
    sender_address: Mapped[str | None]
    """Null: the portal's own (`MAIL_FROM`), whatever that is on the day of sending."""
    reply_to: Mapped[str | None]
    subject: Mapped[str]
    html: Mapped[str | None]
    text: Mapped[str | None]
    bodies_sealed: Mapped[bytes | None]
    has_secret: Mapped[bool] = mapped_column(default=False, server_default=sql("false"))
    unsubscribe: Mapped[str | None]
    """List-Unsubscribe: an https or mailto address; null where the mail is not news."""
    cause_kind: Mapped[str | None]
    cause_id: Mapped[str | None]
    created_at: Mapped[Instant]
    sent_at: Mapped[datetime | None]
    server_words: Mapped[str | None]
    handed_at: Mapped[datetime | None]
    possible_doubles: Mapped[int] = mapped_column(default=0, server_default="0")
    wipe_at: Mapped[datetime | None]
    """When the bodies go; null while they are needed and when they are gone."""
    resent_of_id: Mapped[int | None] = mapped_column(
        ForeignKey("mail_outbox.id", ondelete="SET NULL")
    )

    organisation: Mapped[Organisation] = relationship(viewonly=True)

    @property
    def word(self) -> MailState:
        return STATE_WORDS[JobState(self.state)]

    @property
    def is_open(self) -> bool:
        return self.word in (MailState.WAITING, MailState.SENDING)

    @property
    def is_wiped(self) -> bool:
        return self.html is None


class MailAttachment(Owned, Base):
    """A file that goes with a mail. The file's row stays as long as a mail refers to it."""

    __tablename__ = "mail_attachments"
    __table_args__ = (Index(None, "mail_id"), Index(None, "file_id"))

    id: Mapped[Id]
    mail_id: Mapped[BigInt] = mapped_column(ForeignKey("mail_outbox.id", ondelete="CASCADE"))
    file_id: Mapped[BigInt] = mapped_column(ForeignKey("files.id"))
    name: Mapped[str]

    file: Mapped[File] = relationship()
