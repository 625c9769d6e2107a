"""Mails about a person's own account. They leave with the transaction that causes them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import structlog
from flask import current_app, url_for
from sqlalchemy.exc import NoResultFound

from webapp.accounts.models import User
from webapp.accounts.queries import home_organisation_id
from webapp.accounts.sessions import address_here
from webapp.core.errors import Refusal
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


def absolute(endpoint: str, **values: Any) -> str:
    """From the settings, never from the request: its `Host` is whatever the visitor wrote."""
    base: str = current_app.extensions["settings"].base_url
    return base + url_for(endpoint, **values)


def _send(kind: str, user: User, values: dict[str, Value]) -> Mail | None:
    """None, logged, where it can't be written: the password is set all the same."""
    try:
        return outbox.send(
            kind,
            to=user.email,
            language=user.language,
            organisation_id=home_organisation_id(user),
            values={"NAME": user.name, "USERNAME": user.username, **values},
        )
    except (Refusal, NoResultFound) as error:
        log.warning("mail_not_written", kind=kind, user_id=user.id, error=type(error).__name__)
        return None
