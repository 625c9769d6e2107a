"""People of the organisations in reach, by name, user name or mail address; organisations by name, code, reference."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    false,
    func,
    literal_column,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.orm import contains_eager

from webapp.accounts.models import User
from webapp.core.db import Base, db
from webapp.core.listing import Starts, Words
from webapp.core.names import sort_name
from webapp.core.tenancy import unscoped
from webapp.orgs.access import memberships_of, permissions_of
from webapp.orgs.models import Membership, Organisation, OrganisationKind
from webapp.orgs.permissions import Permission
from webapp.search.hits import Group, Hit
from webapp.search.reach import Reach

SHOWN = 6
FEW_MEMBERS = 500
MEMBERSHIPS = Base.metadata.tables["memberships"]
ORGANISATIONS = Base.metadata.tables["organisations"]
USERS = Base.metadata.tables["users"]
MOST_NAMED = 2000


def find_people(typed: str, reach: Reach) -> Group:
    """A person once, in the organisation highest up."""
    if not reach.may(Permission.USERS_READ):
        return Group("people", _("People"))
    statement = (
        select(Membership)
        .join(Membership.user)
        .join(Membership.organisation)
        .options(contains_eager(Membership.user), contains_eager(Membership.organisation))
        .order_by(User.sort_name, Organisation.path)
        .limit(SHOWN * 4)
    )
    with reach.entered():
        ids = _people(typed, reach.organisation.path if reach.organisation is not None else "/")
        shown = statement.where(User.id.in_(ids), Organisation.closed_at.is_(None))
        rows = db.session.scalars(shown).all() if ids else []
    first = {row.user_id: row for row in reversed(rows)}
    ordered = sorted(first.values(), key=lambda row: row.user.sort_name)
    hits = [_person(row, typed, reach) for row in ordered]
    hits.sort(key=lambda hit: not hit.is_exact)
    return Group("people", _("People"), hits[:SHOWN], has_more=len(ids) > SHOWN)


def _people(typed: str, path: str) -> list[int]:
    """Where few belong to the tree, they are looked through; else each way of finding has its index."""
    members = list(db.session.scalars(select(Membership.user_id).limit(FEW_MEMBERS + 1)))
    ways = _ways(typed)
    if len(members) <= FEW_MEMBERS:
        among = select(User.id).where(User.id.in_(members), or_(*ways)).limit(SHOWN + 1)
        return list(db.session.scalars(among))
    together = union_all(*(_named_here(way, path, rank) for rank, way in enumerate(ways)))
    ordered = together.subquery()
    wanted = select(ordered.c.user_id).order_by(ordered.c.rank)
    with unscoped("each branch asks for the path of the reach"):
        return list(dict.fromkeys(db.session.scalars(wanted)))[: SHOWN + 1]


def _named_here(way: ColumnElement[bool], path: str, rank: int) -> Select[Any]:
    """By the way's index first, then by where they belong: said by materialised CTEs.

    The planner takes all organisations to be of one size, and would begin with all members of a large one.
    """
    first = select(USERS.c.id).where(way).limit(MOST_NAMED)
    named = first.cte(f"named_{rank}").prefix_with("MATERIALIZED")
    theirs = select(MEMBERSHIPS.c.user_id, MEMBERSHIPS.c.organisation_id)
    theirs = theirs.where(MEMBERSHIPS.c.user_id.in_(select(named.c.id)))
    belonging = theirs.cte(f"belonging_{rank}").prefix_with("MATERIALIZED")
    few = (
        select(belonging.c.user_id)
        .join(ORGANISATIONS, ORGANISATIONS.c.id == belonging.c.organisation_id)
        .where(ORGANISATIONS.c.path.like(f"{path}%"))
        .limit(SHOWN + 1)
        .subquery()
    )
    return select(few.c.user_id, literal_column(str(rank)).label("rank"))


def _ways(typed: str) -> list[ColumnElement[bool]]:
    lower = typed.lower()
    ways = [
        Starts(func.lower(USERS.c.email), fold=str)(lower),
        Starts(func.lower(USERS.c.username), fold=str)(lower),
        Starts(USERS.c.sort_name, fold=str)(sort_name(typed)),
        Words(USERS.c.sort_name, fold=str)(sort_name(typed)),
    ]
    return [way for way in ways if way is not None]


def _person(row: Membership, typed: str, reach: Reach) -> Hit:
    user, owner = row.user, row.organisation
    return Hit(
        url=reach.person_url(owner.public_id, user.public_id),
        icon="user",
        title=user.name,
        kind=_("Person"),
        detail=user.email,
        where=reach.where(owner.id, owner.name),
        is_exact=typed.lower() in (user.email.lower(), user.username.lower())
        or sort_name(typed) == sort_name(user.name),
    )


def find_organisations(typed: str, reach: Reach) -> Group:
    """All that one can act for: one's own, and those below where one may see organisations; the operator all."""
    statement = (
        select(Organisation)
        .where(
            true() if reach.organisation is None else _in_reach(),
            _named(typed),
            Organisation.closed_at.is_(None),
            Organisation.kind != OrganisationKind.PERSONAL,
        )
        .order_by(Organisation.sort_name)
        .limit(SHOWN * 2)
    )
    rows = db.session.scalars(statement).all()
    hits = sorted(
        (_organisation(row, typed, reach) for row in rows), key=lambda hit: not hit.is_exact
    )
    return Group("organisations", _("Organisations"), hits[:SHOWN], has_more=len(hits) > SHOWN)


def _in_reach() -> ColumnElement[bool]:
    conditions: list[ColumnElement[bool]] = [
        Organisation.path.like(f"{m.organisation.path}%")
        if Permission.ORGANISATION_READ in permissions_of(m)
        else Organisation.id == m.organisation_id
        for m in memberships_of(current_user)
    ]
    return or_(*conditions) if conditions else false()


def _named(typed: str) -> ColumnElement[bool]:
    code = "".join(typed.split()).upper()
    ways: Sequence[ColumnElement[bool] | None] = [
        Starts(Organisation.public_id)(code),
        Starts(Organisation.prefix)(code),
        and_(Organisation.reference != "", _begins(Organisation.reference, typed)),
        Words(Organisation.sort_name, fold=str)(sort_name(typed)),
    ]
    return or_(*(way for way in ways if way is not None))


def _begins(column: Any, typed: str) -> Any:
    return Starts(column, fold=str)(typed)


def _organisation(row: Organisation, typed: str, reach: Reach) -> Hit:
    code = "".join(typed.split()).upper()
    return Hit(
        url=reach.organisation_url(row.public_id),
        icon="org",
        title=row.name,
        kind=_("Organisation"),
        detail=row.reference,
        code=row.public_id,
        is_exact=code in (row.public_id, row.prefix)
        or typed == row.reference
        or sort_name(typed) == row.sort_name,
    )
