"""Reads about people that several screens share."""

from __future__ import annotations

from sqlalchemy import func, select

from webapp.accounts.models import User
from webapp.core.db import db
from webapp.core.tenancy import unscoped
from webapp.orgs.models import Membership, Organisation, OrganisationKind

ADMINISTRATOR = "administrator"  # orgs.permissions.Role, which stands above this package


def find_person(name: str) -> User | None:
    """By user name or confirmed e-mail, whatever the case; a user name has no @."""
    if "@" in name:
        held = (func.lower(User.email) == func.lower(name), User.email_confirmed)
        return db.session.scalar(select(User).where(*held))
    return db.session.scalar(select(User).where(func.lower(User.username) == func.lower(name)))


def home_organisation_id(user: User | None) -> int | None:
    """Whose log and mails a person's account concerns: their first company, else the operator's.

    The hidden organisation of a personal account has no readers of its own. It is one statement, with or
    without a user, so that nobody can hear the difference.
    """
    first = (
        select(Membership.organisation_id)
        .join(Membership.organisation)
        .where(
            Membership.user_id == (user.id if user else 0),
            Organisation.closed_at.is_(None),
            Organisation.kind != OrganisationKind.PERSONAL,
        )
        .order_by(Membership.id)
        .limit(1)
        .scalar_subquery()
    )
    operator = (
        select(Organisation.id)
        .where(Organisation.kind == OrganisationKind.OPERATOR)
        .order_by(Organisation.id)
        .limit(1)
        .scalar_subquery()
    )
    with unscoped("whose log does this person's sign-in stand in"):
        found: int | None = db.session.scalar(select(func.coalesce(first, operator)))
    return found


def whom_to_ask(user: User) -> list[str]:
    """Names and addresses of the administrators of the person's organisations."""
    with unscoped("whom may this person ask for a new first password"):
        mine = select(Membership.organisation_id).where(Membership.user_id == user.id)
        rows = db.session.execute(
            select(User.name, User.email)
            .join(Membership, Membership.user_id == User.id)
            .where(
                Membership.organisation_id.in_(mine),
                Membership.roles.contains([ADMINISTRATOR]),
                User.deactivated_at.is_(None),
                User.id != user.id,
            )
            .distinct()
            .order_by(User.name)
        ).all()
    return [f"{row.name} <{row.email}>" for row in rows]


def organisations_requiring_two_factor(user: User) -> list[str]:
    """Names of the organisations that open to this person only with a second step."""
    with unscoped("which of this person's organisations ask for a second step"):
        return list(
            db.session.scalars(
                select(Organisation.name)
                .join(Membership, Membership.organisation_id == Organisation.id)
                .where(
                    Membership.user_id == user.id,
                    Organisation.require_two_factor,
                    Organisation.closed_at.is_(None),
                )
                .order_by(Organisation.sort_name)
            )
        )
