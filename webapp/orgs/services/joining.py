"""Accepting an invitation: a new account, or the membership of one that is there (P-16).

Looking never uses the link: mail programs and scanners open it before people do. Of two who accept at once, the
row's lock lets one win; the other finds the link used.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from webapp.accounts import email_changes, passwords
from webapp.accounts.models import User
from webapp.accounts.sessions import address_here
from webapp.core.crypto import digest
from webapp.core.db import db
from webapp.core.errors import Refusal
from webapp.core.principal import Actor, Principal
from webapp.core.tenancy import scope, unscoped
from webapp.core.throttle import Limit, check, hit, take
from webapp.legal import services as legal
from webapp.orgs.authority import Rights
from webapp.orgs.events import OrgEvent
from webapp.orgs.models import Invitation, Membership
from webapp.orgs.permissions import Permission
from webapp.orgs.services import accounts, invitations
from webapp.orgs.services.accounts import Account
from webapp.orgs.services.memberships import add_membership

GUESSES = Limit("invitation-guesses", tries=30, window_seconds=3600)
"""Links that open nothing, from one address."""
ACCEPTANCES = Limit("invitation-acceptances", tries=30, window_seconds=3600)
"""Filled forms for one link: each may ask whether a name or an address is taken."""


class LinkDead(Exception):
    """Unknown, used, run out, revoked, or its inviter may not invite any more: one answer for all."""


class HasAccount(Refusal):
    """The address belongs to an account: sign in with it and accept there."""

    def __init__(self) -> None:
        super().__init__(
            _("A person with this address has an account already: sign in with it to accept."),
            field="email",
        )


@dataclass(frozen=True)
class NewPerson:
    """What somebody without an account enters. `email` counts only where the invitation names none."""

    account: Account
    email: str
    password: str
    accepted_texts: tuple[int, ...] = ()


def find_invitation(secret: str, *, now: datetime) -> Invitation:
    """The open invitation behind a link; raises `LinkDead`, and `TooMany` for who tries many."""
    check(GUESSES, address_here())
    with unscoped("an invitation is found by its link"):
        row = db.session.scalar(
            select(Invitation)
            .where(Invitation.token_digest == digest(secret))
            .options(joinedload(Invitation.organisation), joinedload(Invitation.inviter))
        )
    if row is None:
        hit(GUESSES, address_here())
        raise LinkDead
    if not _stands(row, now):
        raise LinkDead
    return row


def _stands(row: Invitation, now: datetime) -> bool:
    """Open, its organisation too, and the inviter may still give what it gives."""
    if not row.is_open(now) or row.organisation.is_closed:
        return False
    authority = invitations.authority_of_inviter(row)
    needed = Rights.of(row).permissions | {Permission.USERS_EDIT}
    return not authority.missing(needed, row.organisation)


def has_account(row: Invitation) -> bool:
    """Whether the address that the invitation names signs in already."""
    return row.email is not None and accounts.find_by_email(row.email) is not None


def join_as_new_person(row: Invitation, person: NewPerson, *, now: datetime) -> User:
    """Make the account and the membership; the caller signs the person in.

    The link was mailed to the address that an invitation names; one that is typed here is confirmed by a link first.
    """
    take(ACCEPTANCES, row.public_id)
    email = row.email or person.email
    passwords.check_rule(person.password, names=(person.account.username, email))
    password_hash = passwords.hash_password(person.password)
    _hold(row, now)
    accounts.lock_names()
    accounts.refuse_taken_username(person.account.username, but=None)
    if accounts.find_by_email(email) is not None:
        raise HasAccount
    with unscoped("a new person's own space"):
        user = accounts.make_account(
            person.account,
            email,
            password_hash=password_hash,
            now=now,
            is_confirmed=row.email is not None,
        )
    _join(row, user, now)
    legal.accept(user, person.accepted_texts, via="invitation", now=now)
    email_changes.ask_confirmation(user, by=_themselves(row, user), now=now)
    return user


def join_as(
    row: Invitation, user: User, *, accepted_texts: Sequence[int] = (), now: datetime
) -> None:
    """Add the membership to the account of the person who is signed in."""
    refuse_other_person(row, user)
    _hold(row, now)
    _join(row, user, now)
    legal.accept(user, accepted_texts, via="invitation", now=now)


def refuse_other_person(row: Invitation, user: User) -> None:
    """An invitation that names an address is for that person alone."""
    is_theirs = user.email_confirmed and (row.email or "").lower() == user.email.lower()
    if row.email is not None and not is_theirs:
        raise Refusal(
            _(
                "This invitation is for %(address)s, but you are signed in as %(own)s. Sign out and open "
                "the link again, or ask for an invitation to your address.",
                address=row.email,
                own=user.email,
            )
        )


def is_member(row: Invitation, user: User) -> bool:
    with unscoped("is the invited person a member"):
        found = db.session.scalar(
            select(Membership.id).where(
                Membership.organisation_id == row.organisation_id, Membership.user_id == user.id
            )
        )
    return found is not None


def _hold(row: Invitation, now: datetime) -> None:
    """From here on nobody else accepts, revokes or changes it."""
    invitations.hold(row)
    if not _stands(row, now):
        raise LinkDead


def _themselves(row: Invitation, user: User) -> Principal:
    return Principal(Actor.USER, user.id, user.name, org=row.organisation_id, via=address_here())


def _join(row: Invitation, user: User, now: datetime) -> None:
    by = _themselves(row, user)
    add_membership(
        user,
        row.organisation,
        Rights.of(row),
        authority=invitations.authority_of_inviter(row),
        by=by,
        now=now,
    )
    with scope(row.organisation_id):
        invitations.accepted(row, user.id, now)
        db.session.flush()
    invitations.record(
        OrgEvent.INVITATION_ACCEPTED, row, by, {"user": user.username, "inviter": row.inviter.name}
    )
