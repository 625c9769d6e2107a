"""Signing in and out, and what people do with their own password, sessions and profile."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from flask_babel import gettext as _
from sqlalchemy import select, update

from webapp.accounts import guessing, known_browsers, mails, passwords, pending, sessions
from webapp.accounts.events import AccountEvent
from webapp.accounts.guessing import Guesser
from webapp.accounts.journal import nobody, note, note_refusal
from webapp.accounts.models import PasswordReset, User, UserSession
from webapp.accounts.queries import find_person, whom_to_ask
from webapp.core.clock import utcnow
from webapp.core.crypto import digest, token
from webapp.core.db import db
from webapp.core.errors import Refusal, TooMany
from webapp.core.names import sort_name
from webapp.core.principal import Principal, acting
from webapp.core.throttle import Limit, take
from webapp.mail.models import Mail

log = structlog.get_logger(__name__)

RESET_MINUTES = 60
RESET_LIFE = timedelta(minutes=RESET_MINUTES)
RESETS_BY_ACCOUNT = Limit("reset:account", 3, 60 * 60)
RESETS_BY_ADDRESS = Limit("reset:address", 10, 60 * 60)


class FirstPasswordExpired(Refusal):
    """The first password was right, but too old; `whom_to_ask` can give a new one."""

    def __init__(self, administrators: list[str]) -> None:
        super().__init__(_("Your first password has expired."))
        self.whom_to_ask = administrators


@dataclass(frozen=True)
class Profile:
    """What people change about themselves."""

    name: str
    language: str
    csv_delimiter: str
    csv_thousands: str


def sign_in(name: str, password: str, *, target: str, now: datetime) -> bool:
    """Open a session, or False when the second step is asked first, which then leads to `target`.

    Raises `Refusal` in the same words and time whatever was wrong, or `TooMany`.
    """
    user = find_person(name)
    attempt = guessing.begin(_guesser(user, name), now=now)
    fits = passwords.verify(user.password_hash if user else None, password)
    if user is None or not fits or not _hold(user, password):
        note_refusal(user, "account deactivated" if fits else "wrong password")
        raise Refusal(_("The user name, the e-mail address or the password is wrong."))
    attempt.succeeded()
    _refuse_expired_first_password(user, now)
    _rehash_if_due(user, password)
    if user.has_second_step:
        pending.begin(user, target, now=now)
        return False
    open_session(user, now=now)
    return True


def open_session(user: User, *, now: datetime) -> None:
    """For who has proved everything that is asked: this browser is theirs from now on."""
    sessions.open_session(user, now=now)
    known_browsers.remember(user, now=now)
    note(AccountEvent.SESSION_OPENED, user)


def _guesser(user: User | None, name: str) -> Guesser:
    """An account is the person, by whichever of their names; what nobody is called counts alike."""
    return Guesser(
        account=f"user {user.id}" if user else f"name {name.casefold()}",
        address=guessing.network_of(sessions.address_here()),
        browser=known_browsers.known_as(user),
    )


def _hold(user: User, password: str) -> bool:
    """Active, and nobody changes the password until this session stands: a change ends what it finds."""
    held = select(User.password_hash).where(User.id == user.id, User.deactivated_at.is_(None))
    stored = db.session.scalar(held.with_for_update(key_share=True))
    if stored == user.password_hash:
        return stored is not None
    return passwords.verify(stored, password)


def _refuse_expired_first_password(user: User, now: datetime) -> None:
    expires = user.password_expires_at
    if user.must_change_password and expires is not None and expires <= now:
        note_refusal(user, "first password expired")
        raise FirstPasswordExpired(whom_to_ask(user))


def _rehash_if_due(user: User, password: str) -> None:
    """Past the row's version: two sign-ins at once must not refuse each other."""
    old = user.password_hash
    if old is not None and passwords.needs_rehash(old):
        fresh = passwords.hash_password(password)
        same = update(User).where(User.id == user.id, User.password_hash == old)
        db.session.execute(
            same.values(password_hash=fresh), execution_options={"synchronize_session": False}
        )


def sign_out(user: User, *, now: datetime) -> None:
    note(AccountEvent.SESSION_ENDED, user)
    sessions.close_session(now=now)


def end_session(user: User, row: UserSession, *, now: datetime) -> None:
    row.ended_at = now
    note(AccountEvent.SESSION_ENDED, user, {"opened": row.created_at.isoformat()})


def end_other_sessions(user: User, *, now: datetime) -> int:
    """How many there were."""
    ended = sessions.end_sessions(user, now=now, but=sessions.current_session())
    if ended:
        note(AccountEvent.SESSION_ENDED, user, {"sessions": ended})
    return ended


def change_password(user: User, *, old: str, new: str, now: datetime) -> None:
    """The old one proves who asks: an open screen alone is not enough to take an account over."""
    session = sessions.current_session()
    guesser = Guesser(
        account=f"user {user.id}",
        address=guessing.network_of(sessions.address_here()),
        browser=f"session {session.id}",
    )
    attempt = guessing.begin(guesser, now=now)
    if not passwords.verify(user.password_hash, old):
        raise Refusal(_("This is not your present password."), field="old_password")
    attempt.succeeded()
    replace_own_password(user, new, now=now)


def replace_own_password(user: User, new: str, *, now: datetime) -> None:
    """Set it, end all other sessions, tell by mail. The present one has just been proved."""
    _refuse_unchanged(user, new)
    _set_password(user, new, now=now)
    session = sessions.current_session()
    session.proved_at = now
    sessions.end_sessions(user, now=now, but=session)
    note(AccountEvent.PASSWORD_CHANGED, user)


def _refuse_unchanged(user: User, new: str) -> None:
    passwords.check_rule(new, names=(user.username, user.email))
    if passwords.verify(user.password_hash, new):
        raise Refusal(_("This is the password you have now. Choose a new one."), field="password")


def _set_password(user: User, new: str, *, now: datetime) -> None:
    user.password_hash = passwords.hash_password(new)
    user.must_change_password = False
    user.password_expires_at = None
    user.password_changed_at = now
    mails.mail_password_changed(user, now=now)


def ask_reset(name: str, *, now: datetime) -> None:
    """Mail a link, if there is such a person and not too many were asked for; tell nobody which."""
    user = find_person(name)
    address = guessing.network_of(sessions.address_here())
    account = f"user {user.id}" if user else f"name {name.casefold()}"
    try:
        take(RESETS_BY_ADDRESS, address)
        take(RESETS_BY_ACCOUNT, account)
    except TooMany:
        log.warning("reset_throttled")
        return
    if user is not None and user.is_active:
        _mail_reset(user, by=nobody(), now=now)


def renew_reset(mail: Mail) -> Mail:
    """An administrator's *send again*: the old mail's link was wiped, so a new one goes out."""
    user = find_person(mail.recipient)
    fresh = _mail_reset(user, by=acting(), now=utcnow()) if user and user.is_active else None
    if fresh is None:
        raise Refusal(_("Nobody has this address any more."))
    return fresh


def _mail_reset(user: User, *, by: Principal, now: datetime) -> Mail | None:
    secret = token()
    row = PasswordReset(
        user=user, token_digest=digest(secret), created_at=now, expires_at=now + RESET_LIFE
    )
    db.session.add(row)
    note(AccountEvent.RESET_ASKED, user, by=by)
    return mails.mail_reset_link(user, token=secret, minutes=RESET_MINUTES)


def find_reset(secret: str, *, now: datetime) -> PasswordReset | None:
    """The link's row while it can be used; looking does not use it."""
    return db.session.scalar(
        select(PasswordReset)
        .join(PasswordReset.user)
        .where(
            PasswordReset.token_digest == digest(secret),
            PasswordReset.used_at.is_(None),
            PasswordReset.expires_at > now,
            User.deactivated_at.is_(None),
        )
    )


def use_reset(row: PasswordReset, new: str, *, now: datetime) -> bool:
    """Set the password and end all sessions; False when the link was used at the same moment."""
    user = row.user
    passwords.check_rule(new, names=(user.username, user.email))
    if not _consume(row, now):
        return False
    _set_password(user, new, now=now)
    sessions.end_sessions(user, now=now)
    known_browsers.remember(user, now=now)
    note(AccountEvent.RESET_USED, user)
    return True


def _consume(row: PasswordReset, now: datetime) -> bool:
    """Compare and set, then the person's other open links die as well."""
    mine = update(PasswordReset).where(PasswordReset.used_at.is_(None)).values(used_at=now)
    won = db.session.scalar(mine.where(PasswordReset.id == row.id).returning(PasswordReset.id))
    if won is None:
        return False
    db.session.execute(mine.where(PasswordReset.user_id == row.user_id))
    return True


def change_profile(user: User, profile: Profile) -> None:
    if profile.csv_delimiter == profile.csv_thousands:
        raise Refusal(
            _("The thousands separator must differ from the column delimiter."),
            field="csv_thousands",
        )
    changed = [name for name in vars(profile) if getattr(user, name) != getattr(profile, name)]
    for name in changed:
        setattr(user, name, getattr(profile, name))
    user.sort_name = sort_name(user.name)
    if changed:
        note(AccountEvent.PROFILE_CHANGED, user, {"fields": changed})
