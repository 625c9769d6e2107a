"""Many new people at once, set-wise: accounts, their personal organisations, memberships, first passwords.

Whether one may is asked by the caller, as in `accounts`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Text, cast, delete, func, insert, literal, select, update

from webapp.accounts import passwords
from webapp.accounts.models import EmailChange, PasswordReset, User
from webapp.accounts.names import lock_names
from webapp.core.db import db
from webapp.core.jobs import JobState
from webapp.core.names import sort_name
from webapp.core.tenancy import unscoped
from webapp.mail.models import Mail
from webapp.notices.models import Notification, NotificationChoice
from webapp.orgs import mails
from webapp.orgs.authority import Rights
from webapp.orgs.models import Membership, Organisation, OrganisationKind
from webapp.orgs.services.accounts import Account
from webapp.orgs.services.people import FIRST_PASSWORD_LIVES

_QUIET = {"synchronize_session": False}


def taken_emails(emails: Sequence[str]) -> set[str]:
    """Those in lower case that an account has."""
    lower = func.lower(User.email)
    return set(db.session.scalars(select(lower).where(lower.in_([e.lower() for e in emails]))))


def taken_usernames(usernames: Sequence[str]) -> set[str]:
    lower = func.lower(User.username)
    return set(db.session.scalars(select(lower).where(lower.in_([u.lower() for u in usernames]))))


def make_people(
    people: Sequence[tuple[Account, str, Rights]], *, organisation_id: int, now: datetime
) -> list[int]:
    """Accounts without a password, each with an address and rights here; their ids in this order."""
    lock_names()
    users = [_user(account, email, now) for account, email, _rights in people]
    statement = insert(User).returning(User.id, sort_by_parameter_order=True)
    ids = list(db.session.scalars(statement, users))
    _personal_organisations(ids, users, now)
    memberships = [
        _membership(organisation_id, user_id, now, roles=rights.roles, grants=rights.grants)
        for user_id, (_account, _email, rights) in zip(ids, people, strict=True)
    ]
    db.session.execute(insert(Membership), memberships)
    return ids


def _user(account: Account, email: str, now: datetime) -> dict[str, Any]:
    return {
        "name": account.name,
        "sort_name": sort_name(account.name),
        "username": account.username,
        "email": email,
        "language": account.language,
        "csv_delimiter": account.csv_delimiter,
        "csv_thousands": account.csv_thousands,
        "created_at": now,
    }


def _personal_organisations(
    ids: Sequence[int], users: Sequence[Mapping[str, Any]], now: datetime
) -> None:
    rows = [
        {
            "kind": OrganisationKind.PERSONAL,
            "name": user["name"],
            "sort_name": user["sort_name"],
            "language": user["language"],
            "personal_user_id": user_id,
            "created_at": now,
        }
        for user_id, user in zip(ids, users, strict=True)
    ]
    statement = insert(Organisation).returning(Organisation.id, sort_by_parameter_order=True)
    homes = list(db.session.scalars(statement, rows))
    path = literal("/") + cast(Organisation.id, Text) + literal("/")
    db.session.execute(
        update(Organisation).where(Organisation.id.in_(homes)).values(path=path),
        execution_options=_QUIET,
    )
    own = [_membership(home, user_id, now) for home, user_id in zip(homes, ids, strict=True)]
    with unscoped("people's own spaces"):
        db.session.execute(insert(Membership), own)


def _membership(
    organisation_id: int,
    user_id: int,
    now: datetime,
    *,
    roles: Sequence[str] = (),
    grants: Sequence[str] = (),
) -> dict[str, Any]:
    return {
        "organisation_id": organisation_id,
        "user_id": user_id,
        "roles": [*roles],
        "grants": [*grants],
        "created_at": now,
    }


def mail_first_passwords(
    ids: Sequence[int], organisation: Organisation, *, now: datetime
) -> list[User]:
    """Give each a first password of its own and mail it; the people, in no order."""
    people = list(db.session.scalars(select(User).where(User.id.in_(ids))))
    for user in people:
        first = passwords.generate_password()
        user.password_hash = passwords.hash_generated(first)
        user.must_change_password = True
        user.password_expires_at = now + FIRST_PASSWORD_LIVES
        user.password_changed_at = now
        mails.mail_first_password(user, first, organisation)
    db.session.flush()
    return people


def forget_people(ids: Sequence[int]) -> None:
    """As if they had never been: for accounts that nobody has used. Their mails that wait are cancelled."""
    public_ids = select(User.public_id).where(User.id.in_(ids))
    with unscoped("all that belongs to accounts that nobody has used"):
        waiting = Mail.state == JobState.WAITING
        about = (Mail.cause_kind == "user") & Mail.cause_id.in_(public_ids)
        _run(
            update(Mail).where(about, waiting).values(state=JobState.CANCELLED, bodies_sealed=None)
        )
        for table in (Membership, Notification, NotificationChoice, PasswordReset, EmailChange):
            _run(delete(table).where(table.user_id.in_(ids)))
        homes = select(Organisation.id).where(Organisation.personal_user_id.in_(ids))
        _run(delete(Membership).where(Membership.organisation_id.in_(homes)))
        _run(delete(Organisation).where(Organisation.personal_user_id.in_(ids)))
        _run(delete(User).where(User.id.in_(ids)))


def _run(statement: Any) -> None:
    db.session.execute(statement, execution_options=_QUIET)
