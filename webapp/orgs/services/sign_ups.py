"""Open sign-up (P-8): a personal account of one's own, which works once the mailed link was used.

Until then there is no user: nobody can hold somebody else's address or name. Nobody learns whether an address
has an account: a known one is answered alike, and its owner is told. The link alone opens nothing; the password
chosen at the sign-up goes with it, so that who finds a confirmation for an account they never asked for can't
bring to life one whose password a stranger knows.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from flask_babel import gettext as _
from sqlalchemy import ColumnElement, func, select, update

from webapp.accounts import email_changes, journal, mails, passwords, sessions
from webapp.accounts.events import AccountEvent
from webapp.accounts.guessing import network_of
from webapp.accounts.models import SignUp, User
from webapp.core.clock import utcnow
from webapp.core.crypto import digest, token
from webapp.core.db import db
from webapp.core.errors import Refusal, TooMany
from webapp.core.tenancy import unscoped
from webapp.core.throttle import Limit, take
from webapp.legal import services as legal
from webapp.mail.addresses import checked_address
from webapp.mail.models import Mail
from webapp.orgs.mails import mail_confirm_sign_up
from webapp.orgs.services.accounts import (
    Account,
    find_by_email,
    free_username,
    lock_names,
    make_account,
)

log = structlog.get_logger(__name__)

LINK_HOURS = 24
LINK_LIFE = timedelta(hours=LINK_HOURS)
FROM_ADDRESS = Limit("sign-up:from", 10, 60 * 60)
TO_ADDRESS = Limit("sign-up:to", 3, 24 * 60 * 60)
"""Whoever asks: a stranger's mailbox is not to be filled from here."""
CONFIRMATIONS = Limit("sign-up:confirmation", 10, 15 * 60)


@dataclass(frozen=True)
class NewAccount:
    """What a visitor enters."""

    name: str
    email: str
    password: str
    language: str
    accepted_texts: tuple[int, ...] = ()


def sign_up(wanted: NewAccount, *, now: datetime) -> None:
    """Mail a link, or tell the owner of a known address. Raises `Refusal`, and `TooMany` by visitor."""
    email = checked_address(wanted.email, field="email")
    passwords.check_rule(wanted.password, names=(email,))
    take(FROM_ADDRESS, network_of(sessions.address_here()))
    secret = token()
    row = SignUp(
        name=wanted.name,
        email=email,
        language=wanted.language,
        password_hash=passwords.hash_password(wanted.password),
        token_digest=digest(secret),
        accepted_texts=list(wanted.accepted_texts),
        address=sessions.address_here() or None,
        created_at=now,
        expires_at=now + LINK_LIFE,
    )
    db.session.add(row)
    _mail(row, secret)


def _mail(row: SignUp, secret: str) -> None:
    owner = find_by_email(row.email)
    try:
        take(TO_ADDRESS, row.email.casefold())
    except TooMany:
        log.warning("sign_up_throttled")
        return
    if owner is None:
        mail_confirm_sign_up(row, token=secret, hours=LINK_HOURS)
    elif owner.is_active:
        mails.mail_has_account(owner)


def find_sign_up(secret: str, *, now: datetime) -> SignUp | None:
    """The link's row while it can be used; looking does not use it."""
    return db.session.scalar(
        select(SignUp).where(SignUp.token_digest == digest(secret), *_open(now))
    )


def _open(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return SignUp.used_at.is_(None), SignUp.expires_at > now


def confirm(row: SignUp, password: str, *, now: datetime) -> User | None:
    """The account with its own space; None when link or address were taken meanwhile.

    Raises `Refusal` for another password than the one chosen, and `TooMany`.
    """
    take(CONFIRMATIONS, row.id)
    if not passwords.verify(row.password_hash, password):
        raise Refusal(_("This is not the password that you chose."), field="password")
    lock_names()
    if not _consume(row, now) or find_by_email(row.email) is not None:
        return None
    account = Account(row.name, free_username(row.email.partition("@")[0]), row.language)
    with unscoped("a new person's own space"):
        user = make_account(account, row.email, password_hash=row.password_hash, now=now)
    journal.note(AccountEvent.SIGNED_UP, user)
    legal.accept(user, row.accepted_texts, via="sign_up", address=row.address, now=row.created_at)
    return user


def _consume(row: SignUp, now: datetime) -> bool:
    """Compare and set, then the other links of the address die as well."""
    mine = update(SignUp).where(SignUp.used_at.is_(None)).values(used_at=now)
    won = db.session.scalar(mine.where(SignUp.id == row.id).returning(SignUp.id))
    if won is None:
        return False
    db.session.execute(mine.where(func.lower(SignUp.email) == row.email.lower()))
    return True


def renew_confirmation(mail: Mail) -> Mail:
    """*Send again*, for whichever waits at this address: a sign-up or a change of address."""
    now, secret = utcnow(), token()
    newest = select(SignUp).where(SignUp.email == mail.recipient, *_open(now))
    row = db.session.scalar(newest.order_by(SignUp.id.desc()).limit(1))
    if row is None or find_by_email(row.email) is not None:
        return email_changes.renew_confirmation(mail)
    row.token_digest, row.expires_at = digest(secret), now + LINK_LIFE
    return mail_confirm_sign_up(row, token=secret, hours=LINK_HOURS)
