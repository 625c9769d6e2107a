"""Who may do what in the organisation that the URL names."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from flask import abort, g, request, url_for
from flask import session as cookie
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy import select
from sqlalchemy.orm import attributes, contains_eager

from webapp.accounts.access import SIGNED_IN, person
from webapp.accounts.models import User
from webapp.core import principal, tenancy
from webapp.core.db import db
from webapp.core.errors import NotPermitted
from webapp.core.principal import Actor, Principal
from webapp.core.tenancy import unscoped
from webapp.core.web import see_other
from webapp.orgs.models import Membership, Organisation
from webapp.orgs.permissions import NOT_INHERITED, Permission, Role
from webapp.orgs.seeing import Sight, seeing_now, seeing_of
from webapp.orgs.trades import refuse_switched_off

LAST_ORGANISATION = "organisation"
"""Where the cookie keeps whom one acted for last."""


def enforce_permission(permission: Permission | None) -> ResponseReturnValue | None:
    """Load the URL's organisation (404 for strangers), enter its scope, ask the permission (403)."""
    answer = SIGNED_IN.enforce()
    if answer is not None:
        return answer
    organisation = organisation_in_reach((request.view_args or {})["org"])
    if organisation is None:
        abort(404)
    if _lacks_second_step(organisation):
        return see_other(url_for("accounts.two_factor"))
    g.organisation = organisation
    _remember(organisation)
    tenancy.enter(tenancy.Scope(organisation.id))
    principal.set_acting(_whoever_looks().acting_for(organisation.id))
    refuse_switched_off(organisation)
    if permission is not None and permission not in permissions_here():
        raise NotPermitted(permission, administrators_of(organisation))
    return None


def _whoever_looks() -> Principal:
    """The person; an operator who sees as somebody of the organisation is named as such."""
    if seeing_now() is None:
        return person()
    return replace(person(), kind=Actor.SEEING_AS)


def _lacks_second_step(organisation: Organisation) -> bool:
    """Asked by the organisation, or by the one above it whose membership lets the person in (P-6)."""
    if current_user.has_second_step:
        return False
    ways_in = (m.organisation for m in memberships_of(current_user))
    return organisation.require_two_factor or any(
        way.require_two_factor for way in ways_in if organisation.lies_below(way)
    )


class _Member:
    """Any member of the URL's organisation or of one above it."""

    def enforce(self) -> ResponseReturnValue | None:
        return enforce_permission(None)

    def __repr__(self) -> str:
        return "MEMBER"


MEMBER = _Member()


def current_organisation() -> Organisation:
    """The organisation one acts for in this request."""
    organisation: Organisation = g.organisation
    return organisation


def permissions_here() -> frozenset[Permission]:
    """What the signed-in user may do in the URL's organisation."""
    if "permissions" not in g:
        g.permissions = permissions_in(current_organisation(), memberships_of(current_user))
    found: frozenset[Permission] = g.permissions
    return found


def may(permission: Permission) -> bool:
    """For templates: a menu entry that one may not use is absent."""
    return "organisation" in g and permission in permissions_here()


def memberships_of(user: User) -> list[Membership]:
    """All of a user's memberships with their organisations, asked once a request.

    Who sees as an organisation has one: there, with the role that was chosen.
    """
    seeing = seeing_of(user)
    if seeing is not None:
        return [_seen_through(seeing)]
    if g.get("memberships_for") != user.id:
        with unscoped("where is this user a member"):
            g.memberships = list(
                db.session.scalars(
                    select(Membership)
                    .join(Membership.organisation)
                    .where(Membership.user_id == user.id, Organisation.closed_at.is_(None))
                    .options(contains_eager(Membership.organisation))
                    .order_by(Organisation.sort_name)
                )
            )
        g.memberships_for = user.id
    memberships: list[Membership] = g.memberships
    return memberships


def _seen_through(seeing: Sight) -> Membership:
    """A membership that no row stands for, and that is never added to the session."""
    organisation = seeing.organisation
    lent = Membership(
        user_id=seeing.user_id, roles=[seeing.role.value], grants=[], keys_below=False
    )
    lent.organisation_id = organisation.id
    attributes.set_committed_value(lent, "organisation", organisation)
    return lent


def permissions_in(
    organisation: Organisation, memberships: Iterable[Membership]
) -> frozenset[Permission]:
    """A role counts in its organisation and in those below it; *keys download* below only where granted so (P-15)."""
    found: set[Permission] = set()
    for membership in memberships:
        if organisation.lies_below(membership.organisation):
            found |= permissions_of(membership) - _not_inherited(membership, organisation)
    return frozenset(found)


def _not_inherited(membership: Membership, organisation: Organisation) -> frozenset[Permission]:
    if membership.organisation_id == organisation.id or membership.keys_below:
        return frozenset()
    return NOT_INHERITED


def permissions_to_give_in(
    organisation: Organisation, memberships: Iterable[Membership]
) -> frozenset[Permission]:
    """What somebody may hand out there: also what they may not use below themselves."""
    return frozenset().union(
        *(
            permissions_of(membership)
            for membership in memberships
            if organisation.lies_below(membership.organisation)
        )
    )


def permissions_of(membership: Membership) -> frozenset[Permission]:
    """The roles' permissions and those granted one by one; names of old versions are passed over."""
    from_roles = {p for role in Role if role in membership.roles for p in role.permissions}
    granted = {p for p in Permission if p in membership.grants}
    return frozenset(from_roles | granted)


def administrators_of(organisation: Organisation) -> list[str]:
    """Names and addresses of those who can give a permission here; those above if there is none."""
    ids = [int(part) for part in organisation.path.strip("/").split("/") if part]
    with unscoped("whom to ask for a permission"):
        rows = db.session.execute(
            select(User.name, User.email, Membership.organisation_id)
            .join(Membership, Membership.user_id == User.id)
            .where(
                Membership.organisation_id.in_(ids),
                Membership.roles.contains([Role.ADMINISTRATOR.value]),
                User.deactivated_at.is_(None),
            )
            .order_by(User.sort_name)
        ).all()
    nearest = next((i for i in reversed(ids) if any(r.organisation_id == i for r in rows)), None)
    return [f"{r.name} <{r.email}>" for r in rows if r.organisation_id == nearest]


def organisation_in_reach(public_id: str) -> Organisation | None:
    """The organisation, if the user is a member of it or of one above it."""
    organisation = db.session.scalar(
        select(Organisation).where(
            Organisation.public_id == public_id, Organisation.closed_at.is_(None)
        )
    )
    if organisation is None:
        return None
    reach = memberships_of(current_user)
    return organisation if any(organisation.lies_below(m.organisation) for m in reach) else None


def _remember(organisation: Organisation) -> None:
    """Home leads there again."""
    if cookie.get(LAST_ORGANISATION) != organisation.public_id:
        cookie[LAST_ORGANISATION] = organisation.public_id
