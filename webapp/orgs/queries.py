"""Reads about organisations and people that several screens share. What is out of reach is 404."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from flask import abort
from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import contains_eager, joinedload

from webapp.accounts.models import User, UserSession
from webapp.accounts.sessions import IDLE
from webapp.core.db import db
from webapp.core.jobs import JobState
from webapp.core.tenancy import unscoped
from webapp.mail.models import Mail
from webapp.orgs.access import permissions_of
from webapp.orgs.authority import Authority
from webapp.orgs.models import Membership, Organisation, OrganisationKind
from webapp.orgs.permissions import Permission

MOST_CHOICES = 500
"""Options that a drop-down offers at most; beyond, the list's search finds them."""


def organisation_below(organisation: Organisation, public_id: str) -> Organisation:
    """The organisation itself or one below it; 404 for any other."""
    found = db.session.scalar(
        select(Organisation)
        .where(Organisation.public_id == public_id, below(organisation))
        .options(joinedload(Organisation.parent))
    )
    if found is None:
        abort(404)
    return found


def below(organisation: Organisation) -> ColumnElement[bool]:
    """The condition of lying below, itself included, for companies only."""
    return and_(
        Organisation.path.like(f"{organisation.path}%"),
        Organisation.kind != OrganisationKind.PERSONAL,
    )


def organisations_below(organisation: Organisation) -> Select[Organisation]:
    """For lists: a parent above the organisation is nobody's to see, and is left out."""
    in_reach = Organisation.parent.and_(Organisation.path.like(f"{organisation.path}%"))
    return select(Organisation).where(below(organisation)).options(joinedload(in_reach))


def open_organisations_below(organisation: Organisation) -> list[Organisation]:
    """For drop-downs, the tree's order: each under its parent."""
    return list(
        db.session.scalars(
            organisations_below(organisation)
            .where(Organisation.closed_at.is_(None))
            .order_by(Organisation.path)
            .limit(MOST_CHOICES)
        )
    )


def possible_parents(organisation: Organisation, authority: Authority) -> list[Organisation]:
    """Where one may hang it: organisations in one's reach in which one may create, not below itself."""
    roots = [m.organisation.path for m in authority.memberships if not m.organisation.is_personal]
    if not roots:
        return []
    found = db.session.scalars(
        select(Organisation)
        .where(
            or_(*(Organisation.path.like(f"{path}%") for path in roots)),
            Organisation.path.not_like(f"{organisation.path}%"),
            Organisation.closed_at.is_(None),
            Organisation.may_create,
        )
        .order_by(Organisation.path)
        .limit(MOST_CHOICES)
    )
    return [o for o in found if authority.may(Permission.ORGANISATIONS_CREATE, o)]


def members() -> Select[Membership]:
    """Memberships in scope with their people and organisations, for the users list."""
    return (
        select(Membership)
        .join(Membership.user)
        .join(Membership.organisation)
        .options(contains_eager(Membership.user), contains_eager(Membership.organisation))
    )


def membership_of(public_id: str) -> Membership:
    """That of a person in the organisation in scope; 404 for anybody else."""
    found = db.session.scalar(members().where(User.public_id == public_id))
    if found is None:
        abort(404)
    return found


def administrators(organisation: Organisation) -> list[User]:
    """Who can give permissions here: the organisation's own, else those of the nearest one above."""
    with unscoped("whom to ask for a permission"):
        found = list(
            db.session.scalars(
                members()
                .where(
                    Membership.organisation_id.in_(organisation.lineage),
                    Membership.roles.contains(["administrator"]),
                    User.deactivated_at.is_(None),
                )
                .order_by(User.sort_name)
            )
        )
    nearest = max((m.organisation.path for m in found), key=len, default="")
    return [m.user for m in found if m.organisation.path == nearest]


@dataclass(frozen=True)
class Holder:
    """Somebody who may do something here, and by which membership."""

    membership: Membership
    permissions: frozenset[Permission]
    is_inherited: bool


def holders(organisation: Organisation) -> list[Holder]:
    """Everybody who may do anything here: members, and those of the organisations above."""
    with unscoped("who may do what here, also from above"):
        found = db.session.scalars(
            members()
            .where(
                Membership.organisation_id.in_(organisation.lineage),
                User.deactivated_at.is_(None),
                Organisation.closed_at.is_(None),
            )
            .order_by(User.sort_name, func.length(Organisation.path).desc())
            .limit(MOST_CHOICES)
        )
        return [Holder(m, permissions_of(m), m.organisation_id != organisation.id) for m in found]


def names_of(organisations: Iterable[Organisation], *, root: Organisation) -> list[tuple[str, str]]:
    """(public id, name) for a drop-down, indented by depth below `root`."""
    level = len(root.lineage)
    return [
        (o.public_id, "\u2003" * max(0, len(o.lineage) - level) + o.name) for o in organisations
    ]


def countries_in_use() -> list[str]:
    """The operator's filter."""
    return sorted(db.session.scalars(select(Organisation.country).distinct()))


def figures(now: datetime) -> dict[str, int]:
    """The operator's overview: how much there is. Only in the operator's scope."""
    open_companies = select(func.count()).where(
        Organisation.kind == OrganisationKind.COMPANY, Organisation.closed_at.is_(None)
    )
    people = select(func.count()).select_from(User)
    signed_in = select(func.count(func.distinct(UserSession.user_id))).where(
        UserSession.ended_at.is_(None), UserSession.last_seen_at > now - IDLE
    )
    wanted = {
        "organisations": open_companies,
        "roots": open_companies.where(Organisation.parent_id.is_(None)),
        "users": people.where(User.deactivated_at.is_(None)),
        "signed_in": signed_in,
        "mails_waiting": _mails(JobState.WAITING, JobState.CLAIMED),
        "mails_failed": _mails(JobState.FAILED),
    }
    return {name: db.session.scalar(statement) or 0 for name, statement in wanted.items()}


def _mails(*states: JobState) -> Select[int]:
    return select(func.count()).select_from(Mail).where(Mail.state.in_(states))


def figures_of(organisation: Organisation) -> dict[str, int]:
    """Facts of one organisation for the operator."""
    members_here = select(func.count()).where(Membership.organisation_id == organisation.id)
    children = select(func.count()).where(
        Organisation.parent_id == organisation.id, Organisation.closed_at.is_(None)
    )
    return {
        "members": db.session.scalar(members_here) or 0,
        "children": db.session.scalar(children) or 0,
    }
