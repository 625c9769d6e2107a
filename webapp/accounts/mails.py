"""Mails about a person's own account. They leave with the transaction that causes them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import structlog
from flask import current_app, url_for
from flask_babel import force_locale
from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString
from sqlalchemy.exc import NoResultFound

from webapp.accounts.models import User
from webapp.accounts.queries import home_organisation_id
from webapp.accounts.sessions import address_here
from webapp.core.errors import Refusal
from webapp.core.principal import Principal
from webapp.mail import outbox
from webapp.mail.compose import Value
from webapp.mail.models import Mail

log = structlog.get_logger(__name__)


def mail_reset_link(user: User, *, token: str, minutes: int) -> Mail | None:
    link = absolute("accounts.reset", token=token)
    return _send("password_reset", user, {"LINK": link, "MINUTES": minutes})


def mail_password_changed(user: User, *, now: datetime) -> None:
    """So that a person learns of a change they did not make, and how to take the account back."""
    values: dict[str, Value] = {
        "WHEN": now,
        "ADDRESS": address_here(),
        "LINK": absolute("accounts.forgotten"),
    }
    _send("password_changed", user, values)


def mail_confirm_change(user: User, address: str, *, token: str, hours: int) -> Mail | None:
    link = absolute("accounts.confirm_email", token=token)
    return _send("confirm_email", user, {"LINK": link, "HOURS": hours}, to=address)


def mail_address_changed(user: User, old: str, *, now: datetime) -> None:
    """To the address that the account had: its reader may not know of it."""
    _send("address_changed", user, {"WHEN": now, "NEWADDRESS": user.email}, to=old)


def mail_address_wanted(owner: User) -> None:
    """The owner of an address that somebody entered for another account; nobody else hears that there is one."""
    _notify(
        owner,
        _l("Your address was entered for another account"),
        _l(
            "Somebody entered your address for an account on this portal. It belongs to your account already, so "
            "nothing was changed. If that was you, sign in with your own account; if not, there is nothing to do."
        ),
        link="accounts.sign_in",
    )


def mail_has_account(owner: User) -> None:
    """In place of a confirmation: only the owner of the address hears that there is an account."""
    _notify(
        owner,
        _l("You already have an account"),
        _l(
            "Somebody, most likely you, wanted to create an account with your address. You have one already: sign "
            "in with it, or set a new password there. If it was not you, there is nothing to do."
        ),
        link="accounts.sign_in",
    )


def mail_two_factor_on(user: User) -> None:
    _notify(
        user,
        _l("Two-factor sign-in is on"),
        _l(
            "From now on signing in to your account asks for a code from your phone, besides the password. "
            "If that was not you, set a new password at once and write to the support."
        ),
    )


def mail_two_factor_off(user: User, *, by: Principal | None) -> None:
    if by is None:
        message = _l(
            "Your account asks for the password alone now. If that was not you, set a new password at once "
            "and write to the support."
        )
    else:
        message = _l(
            "%(who)s switched it off for you: your account asks for the password alone now. You can set it up "
            "again on this page.",
            who=by.label,
        )
    _notify(user, _l("Two-factor sign-in is off"), message)


def mail_recovery_code_used(user: User, *, left: int) -> None:
    _notify(
        user,
        _l("A recovery code was used"),
        _l(
            "Somebody signed in to your account with one of your recovery codes; %(left)s are left. If that was "
            "not you, set a new password at once and make new codes.",
            left=left,
        ),
    )


def _notify(
    user: User, title: LazyString, message: LazyString, *, link: str = "accounts.two_factor"
) -> None:
    """In the recipient's language, whoever acts."""
    with force_locale(user.language):
        values: dict[str, Value] = {"TITLE": str(title), "MESSAGE": str(message)}
    _send("notification", user, {**values, "LINK": absolute(link)})


def absolute(endpoint: str, **values: Any) -> str:
    """From the settings, never from the request: its `Host` is whatever the visitor wrote."""
    base: str = current_app.extensions["settings"].base_url
    return base + url_for(endpoint, **values)


def _send(kind: str, user: User, values: dict[str, Value], *, to: str = "") -> Mail | None:
    """None, logged, where it can't be written: the password is set all the same. None, too, where nobody has
    confirmed to read the person's address."""
    if not to and not user.email_confirmed:
        return None
    try:
        return outbox.send(
            kind,
            to=to or user.email,
            language=user.language,
            organisation_id=home_organisation_id(user),
            values={"NAME": user.name, "USERNAME": user.username, **values},
        )
    except (Refusal, NoResultFound) as error:
        log.warning("mail_not_written", kind=kind, user_id=user.id, error=type(error).__name__)
        return None
