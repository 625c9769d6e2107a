"""Where a search looks, and with which rights: an organisation with those below it, or everything (the operator)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from flask import url_for
from flask_login import current_user

from webapp.core.tenancy import scope, unscoped
from webapp.devices.pages import DevicePage, all_pages
from webapp.orgs.access import (
    current_organisation,
    memberships_of,
    permissions_here,
    permissions_in,
    permissions_of,
)
from webapp.orgs.models import Membership, Organisation
from webapp.orgs.permissions import Permission
from webapp.orgs.trades import kinds_on

MOST_REACHES = 20
"""Of somebody's organisations, none below another of them with the same rights."""


@dataclass(frozen=True)
class Reach:
    """`organisation` is None for everything; `here_id` is the one whose name need not be said with each hit."""

    permissions: frozenset[Permission]
    organisation: Organisation | None = None
    here_id: int | None = None

    def may(self, permission: Permission) -> bool:
        return permission in self.permissions

    @property
    def kinds(self) -> list[str]:
        """Of devices, those that may be found."""
        kinds = [page.kind.value for page in all_pages() if self.may(page.permission)]
        return kinds if self.organisation is None else kinds_on(self.organisation, kinds)

    @contextmanager
    def entered(self) -> Iterator[None]:
        """The scope of the whole reach."""
        if self.organisation is None:
            with unscoped("the operator searches all organisations"):
                yield
        else:
            with scope(self.organisation.id, path=self.organisation.path):
                yield

    def where(self, organisation_id: int, name: str) -> str:
        return "" if organisation_id == self.here_id else name

    def device_url(self, row: Any, page: DevicePage) -> str:
        """The operator, who is a stranger inside organisations, is led to the owner."""
        if self.organisation is None:
            return operators_page(row.owner)
        return url_for(page.endpoint, org=row.owner, public_id=row.public_id)

    def person_url(self, owner: str, public_id: str) -> str:
        if self.organisation is None:
            return operators_page(owner)
        return url_for("orgs.user", org=owner, public_id=public_id)

    def organisation_url(self, public_id: str) -> str:
        if self.organisation is None:
            return operators_page(public_id)
        return url_for("orgs.overview", org=public_id)


def operators_page(public_id: str) -> str:
    return url_for("orgs.operator_organisation", public_id=public_id)


def reach_here() -> list[Reach]:
    """The organisation in the URL."""
    here = current_organisation()
    return [Reach(permissions_here(), here, here.id)]


def reach_of_operator() -> list[Reach]:
    """Only behind `OPERATOR`."""
    return [Reach(frozenset(Permission))]


def own_reaches() -> list[Reach]:
    """Wherever the signed-in person belongs; not where a second step is asked that they don't have."""
    mine = [m for m in memberships_of(current_user) if not _is_closed_to(m.organisation)]
    tops = [m for m in mine if not any(_covers(other, m) for other in mine)]
    return [
        Reach(permissions_in(m.organisation, mine), m.organisation) for m in tops[:MOST_REACHES]
    ]


def _is_closed_to(organisation: Organisation) -> bool:
    return organisation.require_two_factor and not current_user.has_second_step


def _covers(other: Membership, one: Membership) -> bool:
    """It lies higher up and opens as much: searching there finds all that searching here would."""
    is_above = other is not one and one.organisation.lies_below(other.organisation)
    return is_above and permissions_of(one) <= permissions_of(other)
