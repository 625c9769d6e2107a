"""People's accounts as an administrator makes and changes them. Whether one may is asked here, too."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select

from webapp.accounts import passwords, sessions, two_factor
from webapp.accounts.models import User
from webapp.audit import log as audit
from webapp.core.clock import utcnow
from webapp.core.db import db
from webapp.core.errors import Refusal
from webapp.core.names import sort_name
from webapp.core.principal import Principal, acting
from webapp.core.throttle import Limit, take
from webapp.mail.models import Mail
from webapp.orgs import mails
from webapp.orgs.authority import Authority, Rights
from webapp.orgs.events import OrgEvent
from webapp.orgs.models import Organisation
from webapp.orgs.permissions import Role
from webapp.orgs.services.accounts import (
    Account,
    find_by_email,
    lock_names,
    make_account,
    refuse_equal_separators,
    refuse_taken_username,
)
from webapp.orgs.services.memberships import (
    add_membership,
    memberships_everywhere,
    refuse_last_administrator,
)

FIRST_PASSWORD_LIVES = timedelta(days=7)
LOOK_UPS = Limit("find-person", tries=60, window_seconds=3600)
"""How often an administrator may ask whether an address has an account."""


def create_user(
    account: Account,
    email: str,
    password: str | None,
    *,
    organisation: Organisation,
    rights: Rights,
    authority: Authority,
    by: Principal,
    now: datetime,
) -> User:
    """A new person in an organisation, with a first password by mail; without one typed it is made."""
    refuse_equal_separators(account)
    lock_names()
    refuse_taken_username(account.username, but=None)
    if find_by_email(email) is not None:
        raise PersonExists()
    first = password or passwords.generate_password()
    passwords.check_rule(first, names=(account.username, email))
    user = make_account(account, email, password_hash=None, now=now)
    record_created(user, organisation, by)
    add_membership(user, organisation, rights, authority=authority, by=by, now=now)
    give_first_password(user, first, now)
    mails.mail_first_password(user, first, organisation)
    return user


class PersonExists(Refusal):
    """The address belongs to an account: the person can be added as they are."""

    def __init__(self) -> None:
        super().__init__(_("A person with this address has an account already."), field="email")


def add_person(
    email: str,
    rights: Rights,
    *,
    organisation: Organisation,
    authority: Authority,
    by: Principal,
    now: datetime,
) -> User:
    """Add somebody who has an account; it stays untouched, and they are told."""
    take(LOOK_UPS, by.id)
    user = find_by_email(email)
    if user is None or not user.is_active:
        raise Refusal(_("No account has this address. Add a new user instead."), field="email")
    add_membership(user, organisation, rights, authority=authority, by=by, now=now)
    mails.mail_added(user, organisation, by)
    return user


def edit_account(
    user: User,
    account: Account,
    *,
    organisation: Organisation,
    authority: Authority,
    by: Principal,
) -> None:
    """Change name, user name, language and CSV form; the log stands in the organisation one acts for."""
    changes = {
        name: [getattr(user, name), value]
        for name, value in asdict(account).items()
        if getattr(user, name) != value
    }
    if not changes:
        return
    refuse_ungoverned(user, authority)
    refuse_equal_separators(account)
    lock_names()
    refuse_taken_username(account.username, but=user.id)
    for name, (_before, after) in changes.items():
        setattr(user, name, after)
    user.sort_name = sort_name(user.name)
    _record(OrgEvent.USER_CHANGED, user, organisation, by, {"changes": changes})


def set_first_password(
    user: User,
    password: str | None,
    *,
    organisation: Organisation,
    authority: Authority,
    by: Principal,
    now: datetime,
) -> None:
    """Replace the person's password by a first one, end their sessions, mail it and tell them."""
    refuse_ungoverned(user, authority)
    if user.id == authority.user_id:
        raise Refusal(_("Change your own password in your account."), field="password")
    first = password or passwords.generate_password()
    passwords.check_rule(first, names=(user.username, user.email))
    give_first_password(user, first, now)
    sessions.end_sessions(user, now=now)
    mails.mail_first_password(user, first, organisation)
    mails.mail_password_changed(user, organisation, by, now=now)
    _record(OrgEvent.USER_PASSWORD_SET, user, organisation, by)


def renew_first_password(mail: Mail) -> Mail:
    """*Send again*: the old mail's password was wiped, so another one goes out, while it is still the first."""
    user, now = find_by_email(mail.recipient), utcnow()
    if user is None or not user.is_active or not user.must_change_password:
        raise Refusal(_("This person has chosen a password of their own meanwhile."))
    owner = select(Organisation).where(Organisation.id == mail.organisation_id)
    organisation = db.session.scalars(owner).one()
    first = passwords.generate_password()
    give_first_password(user, first, now)
    _record(OrgEvent.USER_PASSWORD_SET, user, organisation, acting())
    return mails.mail_first_password(user, first, organisation)


def switch_off_two_factor(user: User, *, authority: Authority, by: Principal) -> None:
    """For a person who has lost phone and recovery codes. They are told by mail."""
    refuse_ungoverned(user, authority)
    if user.id == authority.user_id:
        raise Refusal(_("Switch your own off in your account."))
    two_factor.switch_off(user, by=by)


def deactivate_user(
    user: User, *, organisation: Organisation, authority: Authority, by: Principal, now: datetime
) -> None:
    """The person can't sign in any more, and is signed out at once; what they did stays."""
    refuse_ungoverned(user, authority)
    if user.id == authority.user_id:
        raise Refusal(_("You can't deactivate yourself."))
    if not user.is_active:
        return
    administrated = [
        m.organisation for m in memberships_everywhere(user) if Role.ADMINISTRATOR in m.roles
    ]
    refuse_last_administrator(user, administrated)
    user.deactivated_at = now
    sessions.end_sessions(user, now=now)
    _record(OrgEvent.USER_DEACTIVATED, user, organisation, by)


def reactivate_user(
    user: User, *, organisation: Organisation, authority: Authority, by: Principal
) -> None:
    """The person can sign in again, with the password and rights they had."""
    refuse_ungoverned(user, authority)
    if user.is_active:
        return
    user.deactivated_at = None
    _record(OrgEvent.USER_REACTIVATED, user, organisation, by)


def refuse_ungoverned(user: User, authority: Authority) -> None:
    """Somebody who belongs elsewhere too, or may do more, keeps their account to themselves."""
    if not authority.governs(user, memberships_everywhere(user)):
        raise Refusal(
            _(
                "%(name)s also belongs to organisations that you don't administrate, or may do more than "
                "you: their account is theirs. You can change their rights here.",
                name=user.name,
            )
        )


def record_created(user: User, organisation: Organisation, by: Principal) -> None:
    _record(OrgEvent.USER_CREATED, user, organisation, by, {"username": user.username})


def give_first_password(user: User, first: str, now: datetime) -> None:
    """It opens nothing but the page on which its owner chooses another, and that for 7 days."""
    user.password_hash = passwords.hash_password(first)
    user.must_change_password = True
    user.password_expires_at = now + FIRST_PASSWORD_LIVES
    user.password_changed_at = now


def _record(
    event: OrgEvent,
    user: User,
    organisation: Organisation,
    by: Principal,
    detail: dict[str, Any] | None = None,
) -> None:
    audit.record(
        event,
        organisation_id=organisation.id,
        kind="user",
        id=user.public_id,
        label=user.name,
        detail=detail,
        by=by,
    )
