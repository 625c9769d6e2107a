"""People's accounts as an administrator makes and changes them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from webapp.accounts.models import User
from webapp.core.db import db
from webapp.core.tenancy import unscoped
from webapp.orgs.models import Membership, Organisation, OrganisationKind
from webapp.orgs.services.tree import sort_name


@dataclass(frozen=True)
class Account:
    """What an administrator enters about a person."""

    name: str
    username: str
    email: str
    language: str = "en"
    csv_delimiter: str = ","
    csv_thousands: str = ""


def make_account(account: Account, *, password_hash: str | None, now: datetime) -> User:
    """The person's row and their personal organisation; who may do what comes after."""
    user = User(
        name=account.name,
        sort_name=sort_name(account.name),
        username=account.username,
        email=account.email,
        language=account.language,
        csv_delimiter=account.csv_delimiter,
        csv_thousands=account.csv_thousands,
        password_hash=password_hash,
        password_changed_at=now if password_hash else None,
        created_at=now,
    )
    db.session.add(user)
    db.session.flush()
    personal_organisation(user, now=now)
    return user


def personal_organisation(user: User, *, now: datetime) -> Organisation:
    """The hidden organisation of the person's own account, made when it is not there yet."""
    with unscoped("a person's own space"):
        found = _personal(user)
        if found is None:
            _make_personal(user, now)
            found = _personal(user)
    assert found is not None  # noqa: S101 - just made, or made by somebody at the same time
    return found


def _personal(user: User) -> Organisation | None:
    return db.session.scalar(select(Organisation).where(Organisation.personal_user_id == user.id))


def _make_personal(user: User, now: datetime) -> None:
    made = db.session.scalar(
        insert(Organisation)
        .values(
            kind=OrganisationKind.PERSONAL,
            name=user.name,
            sort_name=user.sort_name,
            language=user.language,
            personal_user_id=user.id,
            trades=[],
            created_at=now,
        )
        .on_conflict_do_nothing(index_elements=["personal_user_id"])
        .returning(Organisation.id)
    )
    if made is None:
        return
    row = db.session.get_one(Organisation, made)
    row.path = f"/{made}/"
    db.session.add(Membership(user=user, organisation=row, organisation_id=made, created_at=now))
    db.session.flush()
