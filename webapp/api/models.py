"""API tokens. Drawn in docs/data-model/platform.md."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import Date, ForeignKey, Index
from sqlalchemy.dialects.postgresql import INET
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.accounts.models import User
from webapp.core.db import Base, BigInt, Id, Instant, PublicId, Texts
from webapp.core.listing import word_index
from webapp.core.tenancy import Owned


class TokenState(StrEnum):
    """Where a token stands; only a valid one opens anything."""

    VALID = "valid"
    EXPIRED = "expired"
    REVOKED = "revoked"


class Token(Owned, Base):
    """What a program shows, as `op_api_<public id>_<secret>`; only the digest is kept.

    `permissions` were its maker's when it was made; what the maker may no longer do, the token can't do either.
    It is good until the end of `expires_on`, UTC.
    """

    __tablename__ = "api_tokens"
    __table_args__ = (
        Index(None, "organisation_id", "sort_name", "id"),
        Index(None, "organisation_id", "created_at", "id"),
        Index(None, "organisation_id", "expires_on", "id"),
        Index(None, "created_by_id"),
        word_index("ix_api_tokens_words", "sort_name"),
    )

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    name: Mapped[str]
    sort_name: Mapped[str]
    secret_digest: Mapped[bytes]
    permissions: Mapped[Texts]
    expires_on: Mapped[date] = mapped_column(Date)
    created_at: Mapped[Instant]
    created_by_id: Mapped[BigInt] = mapped_column(ForeignKey("users.id"))
    created_by: Mapped[str]
    last_used_at: Mapped[datetime | None]
    last_used_address: Mapped[str | None] = mapped_column(INET)
    revoked_at: Mapped[datetime | None]

    maker: Mapped[User] = relationship()

    def state(self, today: date) -> TokenState:
        if self.revoked_at is not None:
            return TokenState.REVOKED
        return TokenState.EXPIRED if self.expires_on < today else TokenState.VALID
