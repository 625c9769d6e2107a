"""Changing an e-mail address (P-5): it takes effect when the link that is mailed to the new address is used.

Nobody learns from it whether an address belongs to somebody: a taken one is answered alike, and its owner is told.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from flask_babel import gettext as _
from sqlalchemy import select, update

from webapp.accounts import journal, mails
from webapp.accounts.events import AccountEvent
from webapp.accounts.models import EmailChange, PasswordReset, User
from webapp.accounts.names import free_address, lock_names
from webapp.accounts.queries import find_person
from webapp.core.clock import utcnow
from webapp.core.crypto import digest, token
from webapp.core.db import db
from webapp.core.errors import Refusal, TooMany
from webapp.core.principal import Principal, acting
from webapp.core.throttle import Limit, take
from webapp.mail.addresses import checked_address
from webapp.mail.models import Mail

log = structlog.get_logger(__name__)

LINK_HOURS = 24
LINK_LIFE = timedelta(hours=LINK_HOURS)
BY_ACCOUNT = Limit("email-change:account", 5, 60 * 60)
TO_ADDRESS = Limit("email-change:address", 3, 24 * 60 * 60)
"""Whoever asks: a stranger's mailbox is not to be filled from here."""


def ask_email_change(
    user: User, address: str, *, by: Principal, now: datetime, field: str = "email"
) -> None:
    """Mail a link to the new address. `by` is the person, or who administrates them (P-13).

    Raises `Refusal` at `field`, and `TooMany`. Earlier links of this person die.
    """
    new = checked_address(address, field=field)
    if new.casefold() == user.email.casefold() and user.email_confirmed:
        raise Refusal(_("This is the address that the account has now."), field=field)
    take(BY_ACCOUNT, user.id)
    give_up_change(user, now=now)
    secret = token()
    db.session.add(
        EmailChange(
            user=user,
            email=new,
            token_digest=digest(secret),
            created_at=now,
            expires_at=now + LINK_LIFE,
        )
    )
    journal.note(AccountEvent.EMAIL_CHANGE_ASKED, user, {"email": new}, by=by)
    _mail(user, new, secret)


def ask_confirmation(user: User, *, by: Principal, now: datetime) -> None:
    """Mail a link to the address that the account has, while nobody has confirmed it. Raises `TooMany`."""
    if user.email_confirmed:
        return
    take(BY_ACCOUNT, user.id)
    give_up_change(user, now=now)
    secret = token()
    db.session.add(
        EmailChange(
            user=user,
            email=user.email,
            token_digest=digest(secret),
            created_at=now,
            expires_at=now + LINK_LIFE,
        )
    )
    journal.note(AccountEvent.EMAIL_CHANGE_ASKED, user, {"email": user.email}, by=by)
    _mail(user, user.email, secret)


def _mail(user: User, address: str, secret: str) -> None:
    """To whoever reads the address: the link, or to its owner that somebody wanted it."""
    owner = find_person(address)
    try:
        take(TO_ADDRESS, address.casefold())
    except TooMany:
        log.warning("confirmation_throttled")
        return
    if owner is None:
        mails.mail_confirm_change(user, address, token=secret, hours=LINK_HOURS)
    elif owner.is_active:
        mails.mail_address_wanted(owner)


def open_change(user: User, *, now: datetime) -> EmailChange | None:
    """What waits for its link, for the person's own page."""
    return db.session.scalar(
        select(EmailChange)
        .where(
            EmailChange.user_id == user.id,
            EmailChange.used_at.is_(None),
            EmailChange.expires_at > now,
        )
        .order_by(EmailChange.id.desc())
        .limit(1)
    )


def give_up_change(user: User, *, now: datetime) -> None:
    """The links that wait die."""
    db.session.execute(
        update(EmailChange)
        .where(EmailChange.user_id == user.id, EmailChange.used_at.is_(None))
        .values(used_at=now)
    )


def find_change(secret: str, *, now: datetime) -> EmailChange | None:
    """The link's row while it can be used; looking does not use it."""
    return db.session.scalar(
        select(EmailChange)
        .join(EmailChange.user)
        .where(
            EmailChange.token_digest == digest(secret),
            EmailChange.used_at.is_(None),
            EmailChange.expires_at > now,
            User.deactivated_at.is_(None),
        )
    )


def use_change(row: EmailChange, *, now: datetime) -> bool:
    """The account has the new address; False when link or address were taken at the same moment."""
    lock_names()
    if not _consume(row, now) or find_person(row.email) is not None:
        return False
    user, old = row.user, row.user.email
    knew_the_old = user.email_confirmed
    free_address(row.email, but=user)
    user.email, user.email_confirmed = row.email, True
    _kill_links(user, now)
    if knew_the_old:
        mails.mail_address_changed(user, old, now=now)
    journal.note(AccountEvent.EMAIL_CHANGED, user, {"changes": {"email": [old, row.email]}})
    return True


def _consume(row: EmailChange, now: datetime) -> bool:
    mine = update(EmailChange).where(EmailChange.id == row.id, EmailChange.used_at.is_(None))
    won = db.session.scalar(mine.values(used_at=now).returning(EmailChange.id))
    return won is not None


def _kill_links(user: User, now: datetime) -> None:
    """What was mailed to the old address opens nothing any more."""
    give_up_change(user, now=now)
    db.session.execute(
        update(PasswordReset)
        .where(PasswordReset.user_id == user.id, PasswordReset.used_at.is_(None))
        .values(used_at=now)
    )


def renew_confirmation(mail: Mail) -> Mail:
    """*Send again*: the old mail's link was wiped, so a new one goes out while the change still waits."""
    now, secret = utcnow(), token()
    row = db.session.scalar(
        select(EmailChange)
        .join(EmailChange.user)
        .where(
            EmailChange.email == mail.recipient,
            EmailChange.used_at.is_(None),
            EmailChange.expires_at > now,
            User.deactivated_at.is_(None),
        )
        .order_by(EmailChange.id.desc())
        .limit(1)
    )
    if row is None or find_person(row.email) is not None:
        raise Refusal(_("Nothing waits for this address any more."))
    row.token_digest, row.expires_at = digest(secret), now + LINK_LIFE
    journal.note(AccountEvent.EMAIL_CHANGE_ASKED, row.user, {"email": row.email}, by=acting())
    fresh = mails.mail_confirm_change(row.user, row.email, token=secret, hours=LINK_HOURS)
    if fresh is None:
        raise Refusal(_("The mail can't be written."))
    return fresh
