"""Factories: the smallest valid thing of each kind. They need an application context and a scope."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from webapp.accounts.models import User
from webapp.core.clock import utcnow
from webapp.core.db import db
from webapp.orgs.models import Membership, Organisation, OrganisationKind


def organisation(
    name: str = "Acme", *, parent: Organisation | None = None, **more: Any
) -> Organisation:
    row = Organisation(
        name=name, sort_name=name.casefold(), parent=parent, created_at=utcnow(), path="/", **more
    )
    db.session.add(row)
    db.session.flush()
    row.path = f"{parent.path if parent else '/'}{row.id}/"
    db.session.flush()
    return row


def user(email: str, *, name: str = "", **more: Any) -> User:
    row = User(
        username=email.replace("@", "."),
        email=email,
        name=name or email.split("@")[0].title(),
        sort_name=email,
        created_at=more.pop("created_at", utcnow()),
        **more,
    )
    db.session.add(row)
    db.session.flush()
    return row


def membership(user: User, organisation: Organisation, *roles: str, **more: Any) -> Membership:
    row = Membership(
        user=user, organisation=organisation, roles=list(roles), created_at=utcnow(), **more
    )
    row.organisation_id = organisation.id
    db.session.add(row)
    db.session.flush()
    return row


def operator_organisation(now: datetime | None = None) -> Organisation:
    return organisation("Outpost", kind=OrganisationKind.OPERATOR)
