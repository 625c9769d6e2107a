"""Organisations, memberships, invitations, partners."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.accounts.models import User
from webapp.core.db import Base, BigInt, Id, Instant, PublicId, Texts, Versioned, random_code
from webapp.core.files import File
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
        CheckConstraint("request_retention_days >= 30", name="request_retention"),
        CheckConstraint("audit_retention_days >= 365", name="audit_retention"),
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
    colour: Mapped[int | None] = mapped_column(SmallInteger)
    """One of the twelve of the palette, which are told apart and readable in light and dark."""
    logo: Mapped[str | None]
    """Public id of its file; no foreign key, since files belong to organisations."""
    request_retention_days: Mapped[int] = mapped_column(default=730, server_default="730")
    audit_retention_days: Mapped[int | None]
    """Null: for ever."""
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


class InvitationState(StrEnum):
    """Where an invitation stands; which state may follow which is `orgs.services.invitations.MOVES`."""

    CREATED = "created"
    SENT = "sent"
    ACCEPTED = "accepted"
    EXPIRED = "expired"
    REVOKED = "revoked"


class Invitation(Owned, Versioned, Base):
    """Somebody may join the organisation, with these rights, by a link that lives seven days from its sending.

    Without an address it goes by its link alone. `inviter` made or last sent it: with their rights the link
    stands and falls. The row holds the digest of one link; a new link takes the place of the old.
    """

    __tablename__ = "invitations"
    __table_args__ = (
        Index(None, "organisation_id", "created_at", "id"),
        Index(None, "organisation_id", "sort_name", "id"),
        Index(None, "organisation_id", "state", "id"),
        Index("ix_invitations_email", "organisation_id", text("coalesce(email, '')"), "id"),
        Index(None, "expires_at", postgresql_where=text("state = 'sent'")),
        CheckConstraint(
            "state IN ('created', 'sent', 'accepted', 'expired', 'revoked')", name="state"
        ),
        CheckConstraint(
            "(state = 'sent') = (token_digest IS NOT NULL)"
            " AND (state <> 'sent' OR expires_at IS NOT NULL)",
            name="link",
        ),
    )

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    name: Mapped[str]
    sort_name: Mapped[str]
    email: Mapped[str | None]
    roles: Mapped[Texts] = mapped_column(default=list, server_default=text("'{}'"))
    grants: Mapped[Texts] = mapped_column(default=list, server_default=text("'{}'"))
    keys_below: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    language: Mapped[str]
    state: Mapped[str] = mapped_column(default=InvitationState.CREATED)
    token_digest: Mapped[bytes | None] = mapped_column(unique=True)
    created_at: Mapped[Instant]
    sent_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    accepted_at: Mapped[datetime | None]
    inviter_id: Mapped[BigInt] = mapped_column(ForeignKey("users.id"))
    accepted_user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))

    organisation: Mapped[Organisation] = relationship()
    inviter: Mapped[User] = relationship(foreign_keys=[inviter_id])
    accepted_user: Mapped[User | None] = relationship(foreign_keys=[accepted_user_id])

    def is_open(self, now: datetime) -> bool:
        """Whether its link can be used."""
        return (
            self.state == InvitationState.SENT
            and self.expires_at is not None
            and now < self.expires_at
        )

    def state_at(self, now: datetime) -> InvitationState:
        """As people see it: a link whose time is up has expired, also before the sweep says so."""
        if self.state == InvitationState.SENT and not self.is_open(now):
            return InvitationState.EXPIRED
        return InvitationState(self.state)


class Partner(Owned, Base):
    """Another organisation, outside one's tree, that can be chosen in forms. The row lets nobody see anything.

    Removing dates the row; added again, the partner has a new one.
    """

    __tablename__ = "partners"
    __table_args__ = (
        Index(
            "uq_partners_present",
            "organisation_id",
            "partner_id",
            unique=True,
            postgresql_where=text("removed_at IS NULL"),
        ),
        Index(None, "organisation_id", "added_at", "id"),
        Index(None, "organisation_id", "sort_name", "id"),
        Index(None, "partner_id"),
    )

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    partner_id: Mapped[BigInt] = mapped_column(ForeignKey("organisations.id"))
    partner_public_id: Mapped[str]
    name: Mapped[str]
    """As it was known when it was added: later names are the partner's own affair."""
    sort_name: Mapped[str]
    added_at: Mapped[Instant]
    added_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    added_by: Mapped[str]
    removed_at: Mapped[datetime | None]


class OrganisationDocument(Owned, Base):
    """What goes with an invitation's mail, one PDF a language."""

    __tablename__ = "organisation_documents"
    __table_args__ = (UniqueConstraint("organisation_id", "language"), Index(None, "file_id"))

    id: Mapped[Id]
    language: Mapped[str]
    file_id: Mapped[BigInt] = mapped_column(ForeignKey("files.id"))

    file: Mapped[File] = relationship()
