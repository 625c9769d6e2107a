"""Mails about a person's own account. They leave with the transaction that causes them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import structlog
from flask import current_app, url_for

from webapp.accounts.models import User
from webapp.accounts.queries import home_organisation_id
from webapp.accounts.sessions import address_here
from webapp.core.db import db
from webapp.core.tenancy import scope
from webapp.mail.compose import Value

log = structlog.get_logger(__name__)


def mail_reset_link(user: User, *, token: str, minutes: int) -> None:
    link = absolute("accounts.reset", token=token)
    _send("password_reset", user, {"LINK": link, "MINUTES": minutes}, secret=True)


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


def _send(kind: str, user: User, values: dict[str, Value], *, secret: bool = False) -> None:
    organisation_id = home_organisation_id(user)
    if organisation_id is None:
        log.error("mail_without_organisation", kind=kind, user_id=user.id)
        return
    from webapp.mail import outbox

    with scope(organisation_id):
        outbox.send(
            kind,
            to=user.email,
            language=user.language,
            organisation_id=organisation_id,
            values={"NAME": user.name, "USERNAME": user.username, **values},
            secret=secret,
        )
        db.session.flush()
