"""The operator's identity, the texts with their editions, and the acceptances."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from flask_babel import lazy_gettext as _l
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    SmallInteger,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import INET
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.core.db import Base, Id, Instant, PublicId, Versioned
from webapp.core.tenancy import Global


class LegalKind(StrEnum):
    PRIVACY = "privacy"
    TERMS = "terms"
    CONDITIONS = "conditions"
    COOKIES = "cookies"

    @property
    def label(self) -> str:
        return str(LABELS[self])


LABELS = {
    LegalKind.PRIVACY: _l("Privacy notice"),
    LegalKind.TERMS: _l("Terms of use"),
    LegalKind.CONDITIONS: _l("Sales conditions and warranty"),
    LegalKind.COOKIES: _l("Cookies"),
}


class LegalIdentity(Global, Versioned, Base):
    """One row: what the operator entered; without it the settings' OPERATOR_… stand."""

    __tablename__ = "legal_identity"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False, default=1)
    name: Mapped[str]
    address: Mapped[str]
    email: Mapped[str]
    phone: Mapped[str]
    certified_mail: Mapped[str]
    vat: Mapped[str]
    register: Mapped[str]
    capital: Mapped[str]
    updated_at: Mapped[Instant]
    updated_by: Mapped[str]


class LegalText(Global, Versioned, Base):
    """An edition of a text in one language. A published one never changes; at most one draft is open."""

    __tablename__ = "legal_texts"
    __table_args__ = (
        UniqueConstraint("kind", "language", "edition"),
        Index(
            "uq_legal_texts_draft",
            "kind",
            "language",
            unique=True,
            postgresql_where="published_at IS NULL",
        ),
    )

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    kind: Mapped[str]
    language: Mapped[str]
    edition: Mapped[int]
    body: Mapped[str]
    valid_from: Mapped[datetime | None]
    created_at: Mapped[Instant]
    published_at: Mapped[datetime | None]
    published_by: Mapped[str] = mapped_column(default="", server_default="")

    @property
    def label(self) -> str:
        return LegalKind(self.kind).label


class Acceptance(Global, Base):
    """Kept for ever. `via` is the form: sign-up, invitation, purchase. The organisation: whom a purchase was for."""

    __tablename__ = "acceptances"
    __table_args__ = (UniqueConstraint("user_id", "text_id"), Index(None, "text_id"))

    id: Mapped[Id]
    user_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("users.id", ondelete="SET NULL")
    )
    text_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("legal_texts.id"))
    organisation_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("organisations.id", ondelete="SET NULL")
    )
    accepted_at: Mapped[Instant]
    address: Mapped[str | None] = mapped_column(INET)
    via: Mapped[str]

    text: Mapped[LegalText] = relationship()
