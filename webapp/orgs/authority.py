"""What somebody may hand out: never more than they have (P-13, P-15)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from flask_login import current_user

from webapp.accounts.models import User
from webapp.orgs.access import memberships_of, permissions_of, permissions_to_give_in
from webapp.orgs.models import Invitation, Membership, Organisation
from webapp.orgs.permissions import Permission, Role


@dataclass(frozen=True)
class Rights:
    """Roles, and permissions granted one by one, as they stand in a membership."""

    roles: tuple[Role, ...] = ()
    grants: tuple[Permission, ...] = ()
    keys_below: bool = False

    @classmethod
    def of(cls, membership: Membership | Invitation) -> Rights:
        return cls(
            tuple(role for role in Role if role in membership.roles),
            tuple(p for p in Permission if p in membership.grants),
            membership.keys_below,
        )

    @property
    def permissions(self) -> frozenset[Permission]:
        return frozenset({p for r in self.roles for p in r.permissions} | set(self.grants))


@dataclass(frozen=True)
class Authority:
    """Whoever changes rights: a person with memberships, or the operator, who may hand out everything."""

    user_id: int | None
    memberships: tuple[Membership, ...] = ()
    is_operator: bool = False

    def permissions_in(self, organisation: Organisation) -> frozenset[Permission]:
        if self.is_operator:
            return frozenset(Permission)
        return permissions_to_give_in(organisation, self.memberships)

    def may(self, permission: Permission, organisation: Organisation) -> bool:
        return permission in self.permissions_in(organisation)

    def missing(
        self, permissions: Iterable[Permission], organisation: Organisation
    ) -> list[Permission]:
        """Those of `permissions` that they don't have here themselves."""
        have = self.permissions_in(organisation)
        return [p for p in Permission if p in set(permissions) and p not in have]

    def governs(self, user: User, memberships: Iterable[Membership]) -> bool:
        """Whether they may change the person's account: name, password, activity.

        A password opens everything that its owner may do, in all their organisations: so all of that must be
        theirs too. `memberships` are all of the person's, the personal one aside.
        """
        if self.is_operator:
            return True
        theirs = [m for m in memberships if not m.organisation.is_personal]
        return bool(theirs) and not user.is_operator and all(self._covers(m) for m in theirs)

    def _covers(self, membership: Membership) -> bool:
        here = membership.organisation
        return self.may(Permission.USERS_EDIT, here) and not self.missing(
            permissions_of(membership), here
        )


def own_authority() -> Authority:
    """That of the signed-in person."""
    return Authority(current_user.id, tuple(memberships_of(current_user)))


def operator_authority() -> Authority:
    """Only behind `OPERATOR`."""
    return Authority(current_user.id, is_operator=True)
