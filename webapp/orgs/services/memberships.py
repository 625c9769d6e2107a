"""Who belongs to an organisation, with which rights. Nobody hands out, or takes away, what they don't have.

What could take an organisation its last administrator first locks the organisation's row, then counts: of two
requests at the same moment the second sees what the first did.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select

from webapp.accounts.models import User
from webapp.audit import log as audit
from webapp.core.db import db
from webapp.core.errors import Refusal
from webapp.core.principal import Principal
from webapp.core.tenancy import scope, unscoped
from webapp.notices import services as notices
from webapp.orgs.authority import Authority, Rights
from webapp.orgs.events import OrgEvent
from webapp.orgs.models import Membership, Organisation, OrganisationKind
from webapp.orgs.permissions import NOT_INHERITED, Permission, Role


def add_membership(
    user: User,
    organisation: Organisation,
    rights: Rights,
    *,
    authority: Authority,
    by: Principal,
    now: datetime,
) -> Membership:
    """Let a person act for the organisation; refused when they already do."""
    refuse_unwarranted(rights.permissions, organisation, authority)
    refuse_without_rights(rights)
    lock_organisations([organisation.id])
    with scope(organisation.id):
        if db.session.scalar(select(Membership.id).where(Membership.user_id == user.id)):
            raise Refusal(
                _("%(name)s already belongs to %(org)s.", name=user.name, org=organisation.name),
                field="email",
            )
        row = Membership(
            user=user,
            organisation=organisation,
            organisation_id=organisation.id,
            roles=[*rights.roles],
            grants=[*rights.grants],
            keys_below=rights.keys_below,
            created_at=now,
        )
        db.session.add(row)
        db.session.flush()
    _record(OrgEvent.MEMBERSHIP_ADDED, row, by, _words(rights))
    return row


def change_rights(
    membership: Membership, rights: Rights, *, authority: Authority, by: Principal
) -> bool:
    """Set roles and single permissions; False when they were so before."""
    before, here = Rights.of(membership), membership.organisation
    if _compared(before) == _compared(rights):
        return False
    changed = before.permissions ^ rights.permissions
    if before.keys_below != rights.keys_below:
        changed |= NOT_INHERITED
    refuse_unwarranted(changed, here, authority)
    refuse_without_rights(rights)
    if Role.ADMINISTRATOR in before.roles and Role.ADMINISTRATOR not in rights.roles:
        refuse_last_administrator(membership.user, [here])
    membership.roles, membership.grants = [*rights.roles], [*rights.grants]
    membership.keys_below = rights.keys_below
    old, new = _words(before), _words(rights)
    changes = {name: [old[name], new[name]] for name in new if old[name] != new[name]}
    _record(OrgEvent.RIGHTS_CHANGED, membership, by, {"changes": changes})
    return True


def move_membership(
    membership: Membership, to: Organisation, *, authority: Authority, by: Principal
) -> None:
    """Have the person belong to another organisation instead, with the rights they have."""
    here = membership.organisation
    if to.id == here.id:
        return
    for place in (here, to):
        refuse_unwarranted(Rights.of(membership).permissions, place, authority)
    lock_organisations([here.id, to.id])
    _refuse_last_of(membership)
    with scope(to.id):
        if db.session.scalar(select(Membership.id).where(Membership.user_id == membership.user_id)):
            raise Refusal(
                _("%(name)s already belongs to %(org)s.", name=membership.user.name, org=to.name),
                field="organisation",
            )
    _record(OrgEvent.MEMBERSHIP_REMOVED, membership, by, {"moved_to": to.name})
    membership.organisation = to
    with unscoped("a person moves from one organisation to another"):
        db.session.flush()
    _record(
        OrgEvent.MEMBERSHIP_MOVED,
        membership,
        by,
        {"changes": {"organisation": [here.name, to.name]}},
    )


def remove_membership(membership: Membership, *, authority: Authority, by: Principal) -> None:
    """The person acts for the organisation no more; their account stays."""
    rights = Rights.of(membership)
    refuse_unwarranted(rights.permissions, membership.organisation, authority)
    _refuse_last_of(membership)
    _record(OrgEvent.MEMBERSHIP_REMOVED, membership, by, _words(rights))
    db.session.delete(membership)
    notices.forget(membership.user_id, membership.organisation.path)


def memberships_everywhere(user: User) -> list[Membership]:
    """All of a person's memberships in open organisations, the personal one aside."""
    with unscoped("where else does this person belong"):
        return list(
            db.session.scalars(
                select(Membership)
                .join(Membership.organisation)
                .where(
                    Membership.user_id == user.id,
                    Organisation.closed_at.is_(None),
                    Organisation.kind != OrganisationKind.PERSONAL,
                )
                .order_by(Organisation.sort_name)
            )
        )


def refuse_last_administrator(user: User, organisations: Iterable[Organisation]) -> None:
    """Refuse while nobody else administrates each of these; holds their rows until the commit."""
    wanted = {o.id: o.name for o in organisations}
    lock_organisations(wanted)
    with unscoped("is there another administrator"):
        others = set(
            db.session.scalars(
                select(Membership.organisation_id)
                .join(Membership.user)
                .where(
                    Membership.organisation_id.in_(wanted),
                    Membership.user_id != user.id,
                    Membership.roles.contains([Role.ADMINISTRATOR.value]),
                    User.deactivated_at.is_(None),
                )
            )
        )
    orphaned = [name for id_, name in wanted.items() if id_ not in others]
    if orphaned:
        raise Refusal(
            _(
                "%(name)s is the last administrator of %(orgs)s. Make somebody else administrator first.",
                name=user.name,
                orgs=", ".join(orphaned),
            ),
            field="roles",
        )


def lock_organisations(ids: Iterable[int]) -> None:
    """Hold the rows until the commit, in order of id. What refers to them may still be written."""
    db.session.execute(
        select(Organisation.id)
        .where(Organisation.id.in_(list(ids)))
        .order_by(Organisation.id)
        .with_for_update(key_share=True)
    ).all()


def _refuse_last_of(membership: Membership) -> None:
    if Role.ADMINISTRATOR in membership.roles and membership.user.is_active:
        refuse_last_administrator(membership.user, [membership.organisation])


def refuse_unwarranted(
    permissions: Iterable[Permission], organisation: Organisation, authority: Authority
) -> None:
    missing = authority.missing(permissions, organisation)
    if missing:
        raise Refusal(
            _(
                "You can't give or take permissions that you don't have yourself in %(org)s: %(names)s.",
                org=organisation.name,
                names=", ".join(p.label for p in missing),
            ),
            field="roles",
        )


def refuse_without_rights(rights: Rights) -> None:
    if not rights.roles and not rights.grants:
        raise Refusal(_("Tick at least one role or permission."), field="roles")


def _compared(rights: Rights) -> tuple[set[Role], set[Permission], bool]:
    return set(rights.roles), set(rights.grants), rights.keys_below


def _words(rights: Rights) -> dict[str, Any]:
    return {
        "roles": [r.value for r in rights.roles],
        "grants": [p.value for p in rights.grants],
        "keys_below": rights.keys_below,
    }


def _record(event: OrgEvent, membership: Membership, by: Principal, detail: dict[str, Any]) -> None:
    audit.record(
        event,
        organisation_id=membership.organisation.id,
        kind="user",
        id=membership.user.public_id,
        label=membership.user.name,
        detail=detail,
        by=by,
    )
