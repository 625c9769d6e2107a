"""Companies at the root, made by the operator or by their founder; operators themselves."""

from __future__ import annotations

from datetime import datetime

from webapp.accounts.models import User
from webapp.accounts.passwords import generate_password
from webapp.core.errors import Refusal
from webapp.core.principal import Principal
from webapp.core.tenancy import scope
from webapp.core.throttle import Limit, take
from webapp.orgs.authority import Authority, Rights
from webapp.orgs.models import Organisation, OrganisationKind
from webapp.orgs.permissions import Role
from webapp.orgs.services import accounts, people, tree
from webapp.orgs.services.accounts import Account
from webapp.orgs.services.memberships import add_membership
from webapp.orgs.services.tree import Particulars

FOUNDED = Limit("company-founded", tries=5, window_seconds=24 * 3600)


def create_company(
    particulars: Particulars,
    administrator: Account,
    email: str,
    *,
    authority: Authority,
    by: Principal,
    now: datetime,
) -> Organisation:
    """The organisation and its administrator: a new account, or the one that the address has."""
    company = tree.create_organisation(particulars, below=None, by=by, now=now)
    rights = Rights(roles=(Role.ADMINISTRATOR,))
    with scope(company.id):
        if accounts.find_by_email(email) is not None:
            people.add_person(
                email, rights, organisation=company, authority=authority, by=by, now=now
            )
        else:
            people.create_user(
                administrator,
                email,
                None,
                organisation=company,
                rights=rights,
                authority=authority,
                by=by,
                now=now,
            )
    return company


def found_company(
    particulars: Particulars, founder: User, *, by: Principal, now: datetime
) -> Organisation:
    """A company at the root, made by who then administrates it (P-8). Raises `TooMany` for who makes many."""
    take(FOUNDED, founder.id)
    company = tree.create_organisation(particulars, below=None, by=by, now=now)
    everything = Authority(founder.id, is_operator=True)
    rights = Rights(roles=(Role.ADMINISTRATOR,))
    add_membership(founder, company, rights, authority=everything, by=by, now=now)
    return company


def create_operator(email: str, *, by: Principal, now: datetime) -> tuple[User, str]:
    """Somebody who runs the portal, and their first password, which is told once. Refused for a known address."""
    accounts.lock_names()
    if accounts.find_by_email(email) is not None:
        raise Refusal(f"{email} has an account already.", field="email")
    username = accounts.free_username(email.partition("@")[0])
    user = accounts.make_account(Account(username, username), email, password_hash=None, now=now)
    user.is_operator = True
    password = generate_password()
    people.give_first_password(user, password, now)
    people.record_created(user, _operator_organisation(by, now), by)
    return user, password


def _operator_organisation(by: Principal, now: datetime) -> Organisation:
    """Mails and log rows of the portal itself belong to it; made with the first operator."""
    found = tree.operator_organisation()
    return found or tree.create_organisation(
        Particulars("Outpost"), below=None, by=by, now=now, kind=OrganisationKind.OPERATOR
    )
