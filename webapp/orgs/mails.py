"""Mails about people and rights. They are rows of the transaction that causes them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import current_app, url_for
from flask_babel import force_locale
from flask_babel import gettext as _

from webapp.accounts.models import User
from webapp.core.principal import Principal
from webapp.mail import outbox
from webapp.mail.compose import Value
from webapp.mail.models import Mail
from webapp.mail.types import mail_type
from webapp.orgs.models import Organisation
from webapp.orgs.permissions import Permission


def mail_first_password(user: User, password: str, organisation: Organisation) -> Mail:
    values: dict[str, Value] = {
        "PASSWORD": password,
        "EXPIRES": user.password_expires_at,
        "LINK": _absolute("accounts.sign_in"),
    }
    return _send("first_password", user, organisation, values, secret=True)


def mail_password_changed(
    user: User, organisation: Organisation, by: Principal, *, now: datetime
) -> None:
    """An administrator set it: the person learns of it whatever became of the first mail."""
    values: dict[str, Value] = {
        "WHEN": now,
        "ADDRESS": by.via,
        "LINK": _absolute("accounts.forgotten"),
    }
    _send("password_changed", user, organisation, values)


def mail_added(user: User, organisation: Organisation, by: Principal) -> None:
    with force_locale(user.language):
        title = _("You now belong to %(org)s", org=organisation.name)
        message = _(
            "%(who)s added you to %(org)s. You choose for whom you act at the top of the menu.",
            who=by.label,
            org=organisation.name,
        )
    link = _absolute("orgs.overview", org=organisation.public_id)
    _send("notification", user, organisation, {"TITLE": title, "MESSAGE": message, "LINK": link})


def mail_right_asked(
    administrator: User,
    asker: User,
    permission: Permission,
    organisation: Organisation,
    message: str,
) -> None:
    with force_locale(administrator.language):
        right = permission.label
    values: dict[str, Value] = {
        "PERSON": asker.name,
        "PERSONEMAIL": asker.email,
        "RIGHT": right,
        "MESSAGE": message,
        "LINK": _absolute("orgs.rights", org=organisation.public_id),
    }
    _send("right_asked", administrator, organisation, values)


def _send(
    kind: str,
    user: User,
    organisation: Organisation,
    values: dict[str, Value],
    *,
    secret: bool = False,
) -> Mail:
    known = mail_type(kind).known
    everywhere: dict[str, Value] = {
        "NAME": user.name,
        "USERNAME": user.username,
        "ORGANISATION": organisation.name,
    }
    return outbox.send(
        kind,
        to=user.email,
        language=user.language,
        organisation_id=organisation.id,
        values={name: v for name, v in {**everywhere, **values}.items() if name in known},
        secret=secret,
        about=("user", user.public_id),
    )


def _absolute(endpoint: str, **values: Any) -> str:
    """From the settings, never from the request: its `Host` is whatever the visitor wrote."""
    base: str = current_app.extensions["settings"].base_url
    return base + url_for(endpoint, **values)
