"""Organisations and memberships."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.accounts.models import User
from webapp.core.db import Base, BigInt, Id, Instant, Texts, Versioned, random_code
from webapp.core.listing import word_index
from webapp.core.tenancy import Global, Owned


class OrganisationKind(StrEnum):
    """A company; the hidden organisation of a personal account; the operator's own."""

    COMPANY = "company"
    PERSONAL = "personal"
    OPERATOR = "operator"


def new_organisation_id() -> str:
    return "ORG-" + random_code(10)


class Organisation(Global, Versioned, Base):
    """A company, with its place in the tree.

    `path` is the ids from the root down, `/1/5/`: what lies below is what begins with it. Its shape is Global
    because a statement about organisations is a statement about who may see whom; `orgs.queries` asks it.
    """

    __tablename__ = "organisations"
    __table_args__ = (
        Index(None, "path", postgresql_ops={"path": "text_pattern_ops"}),
        Index(None, "parent_id"),
        Index(None, "sort_name", "id"),
        word_index("ix_organisations_words", "sort_name"),
        Index(None, "reference", "id"),
        UniqueConstraint("prefix"),
        CheckConstraint("path ~ '^/([0-9]+/)*$'", name="path"),
        CheckConstraint("prefix ~ '^[A-Z0-9]{2,8}$'", name="prefix"),
        CheckConstraint("(kind = 'personal') = (personal_user_id IS NOT NULL)", name="personal"),
    )

    id: Mapped[Id]
    public_id: Mapped[str] = mapped_column(unique=True, default=new_organisation_id)
    kind: Mapped[str] = mapped_column(default=OrganisationKind.COMPANY)
    name: Mapped[str]
    sort_name: Mapped[str]
    reference: Mapped[str] = mapped_column(default="")
    prefix: Mapped[str | None]
    may_create: Mapped[bool] = mapped_column(default=False)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"))
    personal_user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"), unique=True)
    path: Mapped[str] = mapped_column(default="/")
    country: Mapped[str] = mapped_column(default="IT")
    time_zone: Mapped[str] = mapped_column(default="Europe/Rome")
    language: Mapped[str] = mapped_column(default="en")
    trades: Mapped[Texts] = mapped_column(default=list)
    require_two_factor: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    created_at: Mapped[Instant]
    closed_at: Mapped[datetime | None]

    parent: Mapped[Organisation | None] = relationship(remote_side="Organisation.id")

    @property
    def is_personal(self) -> bool:
        return self.kind == OrganisationKind.PERSONAL

    @property
    def is_closed(self) -> bool:
        return self.closed_at is not None

    @property
    def lineage(self) -> list[int]:
        """The ids from the root down, its own last."""
        return [int(part) for part in self.path.strip("/").split("/") if part]

    def lies_below(self, other: Organisation) -> bool:
        """Also true of the organisation itself."""
        return self.path.startswith(other.path)


class Membership(Owned, Versioned, Base):
    """A user in an organisation, with named roles and permissions granted one by one.

    A role counts here and in the organisations below, but for *keys download*, which counts below only
    with `keys_below`.
    """

    __tablename__ = "memberships"
    __table_args__ = (
        UniqueConstraint("organisation_id", "user_id"),
        Index(None, "user_id"),
    )

    id: Mapped[Id]
    user_id: Mapped[BigInt] = mapped_column(ForeignKey("users.id"))
    roles: Mapped[Texts] = mapped_column(default=list, server_default=text("'{}'"))
    grants: Mapped[Texts] = mapped_column(default=list, server_default=text("'{}'"))
    keys_below: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[Instant]

    user: Mapped[User] = relationship()
    organisation: Mapped[Organisation] = relationship()
