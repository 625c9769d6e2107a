"""People, where they are signed in, how they prove who they are, and the links they were mailed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY, INET
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.core.db import Base, BigInt, Id, Instant, PublicId, Versioned
from webapp.core.listing import word_index
from webapp.core.tenancy import Global


class User(Global, Versioned, Base):
    """A person who signs in. What they may do is in their memberships."""

    __tablename__ = "users"
    __table_args__ = (
        Index("uq_users_username_lower", text("lower(username)"), unique=True),
        Index("uq_users_email_lower", text("lower(email)"), unique=True),
        Index(None, "sort_name", "id"),
        word_index("ix_users_words", "sort_name"),
    )

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    username: Mapped[str]
    email: Mapped[str]
    email_confirmed: Mapped[bool] = mapped_column(default=True, server_default=text("true"))
    """False: typed with a link-only invitation, and nobody has shown yet to read it. It signs nobody in, gets no mail
    but the link that confirms it, and gives way to whoever can confirm it."""
    name: Mapped[str]
    sort_name: Mapped[str]
    password_hash: Mapped[str | None]
    must_change_password: Mapped[bool] = mapped_column(default=False)
    password_expires_at: Mapped[datetime | None]
    password_changed_at: Mapped[datetime | None]
    language: Mapped[str] = mapped_column(default="en")
    csv_delimiter: Mapped[str] = mapped_column(default=",")
    csv_thousands: Mapped[str] = mapped_column(default="")
    totp_sealed: Mapped[bytes | None]
    totp_confirmed_at: Mapped[datetime | None]
    totp_last_step: Mapped[int | None] = mapped_column(BigInteger)
    is_operator: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[Instant]
    deactivated_at: Mapped[datetime | None]
    erased_at: Mapped[datetime | None]
    """Since then the row only stands for what was done; it names nobody."""

    # What Flask-Login asks of a user. The id it puts into the cookie is the session's token.
    is_authenticated = True
    is_anonymous = False
    session_token = None  # type: str | None

    @property
    def is_active(self) -> bool:
        return self.deactivated_at is None

    @property
    def has_second_step(self) -> bool:
        """A secret counts only after a first code has shown that the person's phone has it."""
        return self.totp_confirmed_at is not None

    def get_id(self) -> str | None:
        return self.session_token


class Identity(Global, Base):
    """An identity that somebody else vouches for (OpenID Connect): stands ready."""

    __tablename__ = "identities"
    __table_args__ = (UniqueConstraint("provider", "subject"), Index(None, "user_id"))

    id: Mapped[Id]
    user_id: Mapped[BigInt] = mapped_column(ForeignKey("users.id"))
    provider: Mapped[str]
    subject: Mapped[str]
    created_at: Mapped[Instant]


class UserSession(Global, Base):
    """One signed-in browser. The cookie holds the token, this row only its digest."""

    __tablename__ = "user_sessions"
    __table_args__ = (Index(None, "user_id", "ended_at"), Index(None, "last_seen_at"))

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    user_id: Mapped[BigInt] = mapped_column(ForeignKey("users.id"))
    token_digest: Mapped[bytes] = mapped_column(unique=True)
    created_at: Mapped[Instant]
    last_seen_at: Mapped[Instant]
    ended_at: Mapped[datetime | None]
    proved_at: Mapped[Instant]
    address: Mapped[str] = mapped_column(INET)
    user_agent: Mapped[str]

    user: Mapped[User] = relationship()


class PasswordReset(Global, Base):
    """A mailed link that sets a new password: once, and only for a while."""

    __tablename__ = "password_resets"
    __table_args__ = (Index(None, "user_id"),)

    id: Mapped[Id]
    user_id: Mapped[BigInt] = mapped_column(ForeignKey("users.id"))
    token_digest: Mapped[bytes] = mapped_column(unique=True)
    created_at: Mapped[Instant]
    expires_at: Mapped[Instant]
    used_at: Mapped[datetime | None]

    user: Mapped[User] = relationship()


class EmailChange(Global, Base):
    """A new address that its owner has yet to confirm with the link mailed there: once, and only for a while."""

    __tablename__ = "email_changes"
    __table_args__ = (Index(None, "user_id"), Index(None, "email"))

    id: Mapped[Id]
    user_id: Mapped[BigInt] = mapped_column(ForeignKey("users.id"))
    email: Mapped[str]
    token_digest: Mapped[bytes] = mapped_column(unique=True)
    created_at: Mapped[Instant]
    expires_at: Mapped[Instant]
    used_at: Mapped[datetime | None]

    user: Mapped[User] = relationship()


class SignUp(Global, Base):
    """An account that somebody wants for themselves; there is no user until its address is confirmed."""

    __tablename__ = "sign_ups"
    __table_args__ = (Index(None, "email"),)

    id: Mapped[Id]
    name: Mapped[str]
    email: Mapped[str]
    language: Mapped[str]
    password_hash: Mapped[str]
    accepted_texts: Mapped[list[int]] = mapped_column(
        ARRAY(BigInteger), default=list, server_default="{}"
    )
    """Ids of the legal texts that the form showed and the person ticked."""
    address: Mapped[str | None] = mapped_column(INET)
    token_digest: Mapped[bytes] = mapped_column(unique=True)
    created_at: Mapped[Instant]
    expires_at: Mapped[Instant]
    used_at: Mapped[datetime | None]


class KnownBrowser(Global, Base):
    """A browser from which this user signed in before: it is never slowed by strangers' guesses."""

    __tablename__ = "known_browsers"
    __table_args__ = (Index(None, "user_id"),)

    id: Mapped[Id]
    user_id: Mapped[BigInt] = mapped_column(ForeignKey("users.id"))
    token_digest: Mapped[bytes] = mapped_column(unique=True)
    created_at: Mapped[Instant]
    last_used_at: Mapped[Instant]


class RecoveryCode(Global, Base):
    """One of ten ways back in without the phone. Used once; the set is replaced as a whole."""

    __tablename__ = "recovery_codes"
    __table_args__ = (UniqueConstraint("user_id", "code_digest"),)

    id: Mapped[Id]
    user_id: Mapped[BigInt] = mapped_column(ForeignKey("users.id"))
    code_digest: Mapped[bytes]
    used_at: Mapped[datetime | None]
