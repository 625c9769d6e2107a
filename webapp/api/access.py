"""Access for programs: an API token, checked against its digest, with a rate budget of its own."""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import g, request
from sqlalchemy import select, update
from sqlalchemy.orm import joinedload

from webapp.accounts.models import User
from webapp.accounts.sessions import address_here
from webapp.api.models import Token, TokenState
from webapp.core import principal, tenancy
from webapp.core.budgets import BudgetKind, spend
from webapp.core.clock import utcnow
from webapp.core.crypto import digest
from webapp.core.db import aside, db
from webapp.core.errors import Problem
from webapp.core.principal import Actor, Principal
from webapp.core.tenancy import unscoped
from webapp.orgs.access import memberships_of, permissions_in
from webapp.orgs.models import Organisation
from webapp.orgs.permissions import Permission
from webapp.orgs.trades import refuse_switched_off

USED_EVERY = timedelta(minutes=1)
_SHAPE = re.compile(r"op_api_([a-z0-9]{12})_([A-Za-z0-9_-]{43})")


@dataclass(frozen=True)
class ApiToken:
    """A program's endpoint: `@allow(ApiToken(Permission.PRINTERS_READ))`. The organisation is the token's."""

    permission: Permission
    carries_proof = True
    scheme = "token"

    @property
    def roles(self) -> tuple[str, ...]:
        """For the OpenAPI document."""
        return (self.permission.value,)

    def enforce(self) -> None:
        now = utcnow()
        token = _shown(now)
        organisation = _organisation_of(token)
        spend(BudgetKind.TOKEN, token.id, organisation_id=organisation.id)
        _touch(token, now)
        g.organisation, g.permissions = organisation, _effective(token, organisation)
        tenancy.enter(tenancy.Scope(organisation.id))
        principal.set_acting(
            Principal(
                Actor.API_TOKEN, token.id, token.name, org=organisation.id, via=request.remote_addr
            )
        )
        refuse_switched_off(organisation)
        if self.permission not in g.permissions:
            raise Problem(
                403,
                "not_permitted",
                f"The token lacks the permission {self.permission.value}, or its maker lost it.",
                permission=self.permission.value,
            )


def _shown(now: datetime) -> Token:
    """The row of the token in the request; 401 for all that isn't one, or isn't valid any more."""
    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    match = _SHAPE.fullmatch(text.strip())
    if scheme.lower() != "bearer" or match is None:
        raise _refused("Send an API token: “Authorization: Bearer op_api_…”.")
    with unscoped("whose token is this"):
        token = db.session.scalar(
            select(Token).where(Token.public_id == match[1]).options(joinedload(Token.maker))
        )
    if token is None or not hmac.compare_digest(token.secret_digest, digest(match[2])):
        raise _refused("The API token is unknown.")
    state = token.state(now.date())
    if state is not TokenState.VALID:
        raise _refused(f"The API token “{token.name}” is {state}. Make a new one in the portal.")
    return token


def _refused(detail: str) -> Problem:
    return Problem(401, "credential_invalid", detail)


def _organisation_of(token: Token) -> Organisation:
    organisation = db.session.scalar(
        select(Organisation).where(
            Organisation.id == token.organisation_id, Organisation.closed_at.is_(None)
        )
    )
    if organisation is None:
        raise _refused("The organisation of the API token is closed.")
    return organisation


def _effective(token: Token, organisation: Organisation) -> frozenset[Permission]:
    """What stands in the token and its maker may still do."""
    maker: User = token.maker
    if not maker.is_active:
        return frozenset()
    theirs = permissions_in(organisation, memberships_of(maker))
    return frozenset(p for p in theirs if p.value in token.permissions)


def _touch(token: Token, now: datetime) -> None:
    """Aside: also a refused request is a use, and parallel ones don't wait for each other's end."""
    address = address_here()
    recently = token.last_used_at is not None and now - token.last_used_at < USED_EVERY
    if recently and str(token.last_used_address) == address:
        return
    with unscoped("whose token is this"), aside() as session:
        session.execute(
            update(Token)
            .where(Token.id == token.id)
            .values(last_used_at=now, last_used_address=address)
        )
