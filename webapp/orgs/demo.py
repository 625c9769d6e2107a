"""The demonstration's organisations and people: Acme with two below it, Globex, the operator."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from webapp.accounts.models import User
from webapp.accounts.passwords import hash_password
from webapp.core.db import db
from webapp.core.principal import acting
from webapp.orgs.models import Membership, Organisation, OrganisationKind
from webapp.orgs.permissions import Role
from webapp.orgs.services import accounts, tree
from webapp.orgs.services.accounts import Account
from webapp.orgs.services.tree import Particulars

PASSWORD = "Outpost-demo-2026!"  # noqa: S105 - of the demonstration's accounts, told by the launcher
ACCOUNTS = {
    "operator": "operator@outpost.test",
    "acme.admin": "admin@acme.test",
    "acme.reader": "reader@acme.test",
    "globex.admin": "admin@globex.test",
}
NAMES = {
    "operator": "Olga Perator",
    "acme.admin": "Anna Berg",
    "acme.reader": "Riccardo Lettore",
    "globex.admin": "Gustav Blom",
}

_OUTPOST = Particulars("Outpost")
_ACME = Particulars("Acme", "A-1000", "ACME", may_create=True)
_NORTH = Particulars("Acme North", "A-1100", "ACMN", country="SE", time_zone="Europe/Stockholm")
_SOUTH = Particulars("Acme South", "A-1200", "ACMS")
_GLOBEX = Particulars("Globex", "G-2000", "GLX", country="DE", time_zone="Europe/Berlin")


def seed(*, now: datetime) -> tuple[Organisation, Organisation]:
    """Make what is missing; Acme and Globex."""
    _organisation(_OUTPOST, now=now, kind=OrganisationKind.OPERATOR)
    acme = _organisation(_ACME, now=now)
    _organisation(_NORTH, below=acme, now=now)
    _organisation(_SOUTH, below=acme, now=now)
    globex = _organisation(_GLOBEX, now=now)
    _person("operator", None, None, now=now).is_operator = True
    _person("acme.admin", acme, Role.ADMINISTRATOR, now=now)
    _person("acme.reader", acme, Role.READER, now=now)
    _person("globex.admin", globex, Role.ADMINISTRATOR, now=now)
    db.session.flush()
    return acme, globex


def _organisation(
    particulars: Particulars,
    *,
    now: datetime,
    below: Organisation | None = None,
    kind: OrganisationKind = OrganisationKind.COMPANY,
) -> Organisation:
    found = db.session.scalar(
        select(Organisation).where(Organisation.name == particulars.name, Organisation.kind == kind)
    )
    return found or tree.create_organisation(
        particulars, below=below, by=acting(), now=now, kind=kind
    )


def _person(
    username: str, organisation: Organisation | None, role: Role | None, *, now: datetime
) -> User:
    found = db.session.scalar(select(User).where(User.username == username))
    if found is not None:
        return found
    account = Account(NAMES[username], username)
    user = accounts.make_account(
        account, ACCOUNTS[username], password_hash=hash_password(PASSWORD), now=now
    )
    if organisation is not None and role is not None:
        row = Membership(user=user, organisation=organisation, roles=[role.value], created_at=now)
        row.organisation_id = organisation.id
        db.session.add(row)
    return user
