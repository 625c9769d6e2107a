"""Two-factor sign-in (P-6): setting up, signing in with it, recovery codes, switching off."""

from __future__ import annotations

from datetime import datetime

from flask_babel import gettext as _

from webapp.accounts import (
    guessing,
    journal,
    known_browsers,
    mails,
    pending,
    second_step,
    services,
    sessions,
    totp,
)
from webapp.accounts.events import AccountEvent
from webapp.accounts.guessing import Guesser
from webapp.accounts.models import User
from webapp.accounts.pending import Pending
from webapp.core.crypto import Sealed
from webapp.core.errors import Refusal
from webapp.core.principal import Principal


def begin_setup(user: User) -> None:
    """A new secret, which counts once a first code has shown that the phone has it."""
    _refuse_twice(user)
    user.totp_sealed = totp.sealed(totp.new_secret(), user.id)
    user.totp_last_step = None


def secret_in_setup(user: User) -> str | None:
    """What the phone is to be shown; None before and after setting up."""
    if user.has_second_step or user.totp_sealed is None:
        return None
    try:
        return totp.unsealed(user.totp_sealed, user.id)
    except Sealed:
        return None


def give_up_setup(user: User) -> None:
    if not user.has_second_step:
        user.totp_sealed = None


def switch_on(user: User, typed: str, *, now: datetime) -> list[str]:
    """The recovery codes, to be shown this once. Other sessions end: they were opened by a password alone."""
    _refuse_twice(user)
    if not second_step.use_code(user, typed, now=now):
        raise Refusal(
            _(
                "This code does not fit. Enter the one your app shows now; is your phone's clock right?"
            ),
            field="code",
        )
    user.totp_confirmed_at = now
    sessions.end_sessions(user, now=now, but=sessions.current_session())
    mails.mail_two_factor_on(user)
    journal.note(AccountEvent.TWO_FACTOR_ON, user)
    return second_step.make_recovery_codes(user)


def _refuse_twice(user: User) -> None:
    if user.has_second_step:
        raise Refusal(_("Two-factor sign-in is on already."))


def renew_recovery_codes(user: User) -> list[str]:
    """The old ones die. Shown this once."""
    if not user.has_second_step:
        raise Refusal(_("Switch two-factor sign-in on first."))
    journal.note(AccountEvent.RECOVERY_RENEWED, user)
    return second_step.make_recovery_codes(user)


def switch_off(user: User, *, by: Principal | None = None) -> None:
    """By the person, or `by` who administrates them because phone and codes are lost. Told by mail."""
    if user.totp_sealed is None:
        return
    was_on = user.has_second_step
    user.totp_sealed = user.totp_confirmed_at = user.totp_last_step = None
    second_step.forget_recovery_codes(user)
    if was_on:
        mails.mail_two_factor_off(user, by=by)
        journal.note(AccountEvent.TWO_FACTOR_OFF, user, by=by)


def finish_with_code(waiting: Pending, typed: str, *, now: datetime) -> None:
    """Open the session that the password began. Raises `Refusal` or `TooMany`."""
    attempt = guessing.begin(_guesser(waiting.user), now=now)
    if not second_step.use_code(waiting.user, typed, now=now):
        journal.note_refusal(waiting.user, "wrong code of the second step")
        raise Refusal(
            _("This code does not fit, or it was used already. Wait for the next one."),
            field="code",
        )
    attempt.succeeded()
    _open(waiting.user, now)


def finish_with_recovery_code(waiting: Pending, typed: str, *, now: datetime) -> int:
    """As `finish_with_code`; how many recovery codes are left."""
    user = waiting.user
    attempt = guessing.begin(_guesser(user), now=now)
    if not second_step.use_recovery_code(user, typed, now=now):
        journal.note_refusal(user, "wrong recovery code")
        raise Refusal(_("This is not one of your unused recovery codes."), field="code")
    attempt.succeeded()
    left = second_step.recovery_codes_left(user)
    mails.mail_recovery_code_used(user, left=left)
    journal.note(AccountEvent.RECOVERY_USED, user, {"left": left})
    _open(user, now)
    return left


def _open(user: User, now: datetime) -> None:
    pending.end()
    services.open_session(user, now=now)


def _guesser(user: User) -> Guesser:
    """Counted apart from passwords: who knows the password has not yet guessed anything here."""
    return Guesser(
        account=f"second step of user {user.id}",
        address=guessing.network_of(sessions.address_here()),
        browser=known_browsers.known_as(user),
    )
