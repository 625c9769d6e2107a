"""Acme's tree for the tests: Acme → North → Fjord, Acme → South."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from tests import make
from tests.cast import Person, World
from webapp.accounts.models import User
from webapp.audit.models import AuditRow
from webapp.core.db import commit, db
from webapp.core.tenancy import unscoped
from webapp.mail.models import Mail
from webapp.orgs.models import Membership, Organisation

Change = Callable[[], Any]


@dataclass
class Tree:
    """Public ids."""

    world: World
    north: str = ""
    south: str = ""
    fjord: str = ""


@pytest.fixture
def tree(world: World) -> Tree:
    with world.portal.app_context(), unscoped("a tree"):
        acme = db.session.get_one(Organisation, world.acme_id)
        north = make.organisation("North", parent=acme, prefix="NORTH", may_create=True)
        south = make.organisation("South", parent=acme, reference="S-1", may_create=True)
        fjord = make.organisation("Fjord", parent=north, reference="F-7")
        commit()
        return Tree(world, north.public_id, south.public_id, fjord.public_id)


def organisation(world: World, public_id: str) -> Organisation:
    with world.portal.app_context():
        wanted = select(Organisation).where(Organisation.public_id == public_id)
        return db.session.scalars(wanted.options(selectinload(Organisation.parent))).one()


def user(world: World, email: str) -> User:
    with world.portal.app_context():
        return db.session.scalars(select(User).where(User.email == email)).one()


def membership(world: World, email: str, organisation_id: int) -> Membership | None:
    with world.portal.app_context(), unscoped("looking"):
        return db.session.scalar(
            select(Membership)
            .join(Membership.user)
            .where(User.email == email, Membership.organisation_id == organisation_id)
        )


def mails(world: World, type_: str | None = None) -> list[Mail]:
    with world.portal.app_context(), unscoped("looking"):
        found = db.session.scalars(select(Mail).order_by(Mail.id)).all()
    return [m for m in found if type_ in (None, m.type)]


def events(world: World, organisation_id: int) -> list[str]:
    with world.portal.app_context(), unscoped("looking"):
        return list(
            db.session.scalars(
                select(AuditRow.event)
                .where(AuditRow.organisation_id == organisation_id)
                .order_by(AuditRow.seq)
            )
        )


def person(world: World, email: str, *places: tuple[str, str], **more: Any) -> int:
    """A user with memberships: (public id of the organisation, role)."""
    with world.portal.app_context(), unscoped("somebody"):
        row = make.user(email, **more)
        for public_id, role in places:
            where = db.session.scalars(
                select(Organisation).where(Organisation.public_id == public_id)
            ).one()
            make.membership(row, where, role)
        commit()
        world.user_ids[email] = row.id
        return row.id


def public_id(world: World, email: str) -> str:
    return user(world, email).public_id


def version_in(page: str) -> str:
    """Of a form, as a browser would send it back."""
    import re

    found = re.search(r'name="version"[^>]*value="([^"]*)"', page)
    assert found, "the form carries no version"
    return found[1]


def nonce_in(page: str) -> str:
    import re

    found = re.search(r'name="nonce"[^>]*value="([^"]*)"', page)
    assert found, "the form carries no nonce"
    return found[1]


def particulars(**more: str) -> dict[str, str]:
    """What a browser sends for an organisation."""
    plain = {
        "name": "West",
        "reference": "",
        "prefix": "",
        "country": "IT",
        "time_zone": "Europe/Rome",
        "language": "it",
    }
    return {**plain, **more}


def save(who: Person, url: str, **changed: str) -> Any:
    """Open a form of an organisation and post it with changes."""
    page = who.get(url)
    assert page.status_code == 200, page.text
    return who.post(url, {**particulars(), "version": version_in(page.text), **changed})
