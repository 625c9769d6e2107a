"""Mails about people and rights. They are rows of the transaction that causes them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from flask import current_app
from flask_babel import force_locale
from flask_babel import gettext as _

from webapp.accounts.models import SignUp, User
from webapp.core.files import File
from webapp.core.principal import Principal
from webapp.core.web import address_of
from webapp.mail import outbox
from webapp.mail.attachments import attach
from webapp.mail.choice import choose
from webapp.mail.compose import Composed, Look, Value, compose
from webapp.mail.models import Mail
from webapp.mail.standard import INVITATION
from webapp.mail.types import mail_type, with_common
from webapp.orgs.models import Invitation, Organisation
from webapp.orgs.permissions import Permission, Role

INVITATION_LIVES = timedelta(days=7)


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
    url: str,
) -> None:
    """`url` is the path of the page on which it is decided."""
    with force_locale(administrator.language):
        right = permission.label
    values: dict[str, Value] = {
        "PERSON": asker.name,
        "PERSONEMAIL": asker.email,
        "RIGHT": right,
        "MESSAGE": message,
        "LINK": current_app.extensions["settings"].base_url + url,
    }
    _send("right_asked", administrator, organisation, values)


def invitation_link(secret: str) -> str:
    return _absolute("orgs.invited", token=secret)


def mail_invitation(invitation: Invitation, link: str, *, document: File | None = None) -> Mail:
    """Of an invitation with an address. The link stands in it alone; the outbox shows it blotted out."""
    mail = outbox.send(
        INVITATION.name,
        to=invitation.email or "",
        to_name=invitation.name,
        language=invitation.language,
        organisation_id=invitation.organisation.id,
        values=_values_of(invitation, link),
        about=("invitation", invitation.public_id),
    )
    if document is not None:
        attach(mail, document)
    return mail


def mail_invitation_trial(invitation: Invitation, to: str) -> Mail:
    """The text that the invitation would go out with, filled with sample data."""
    choice = choose(INVITATION.name, invitation.organisation, language=invitation.language)
    return outbox.send_trial(
        INVITATION,
        choice.draft,
        to=to,
        language=choice.language,
        owner=invitation.organisation,
        template_id=choice.template_id,
        about=("invitation", invitation.public_id),
    )


def preview_of_invitation(invitation: Invitation, *, now: datetime) -> Composed:
    """The mail as it would go out now, but for its link."""
    owner = invitation.organisation
    choice = choose(INVITATION.name, owner, language=invitation.language)
    values = _values_of(invitation, invitation_link("preview"))
    if not invitation.is_open(now):
        values["EXPIRES"] = now + INVITATION_LIVES
    all_values = with_common(values, recipient=invitation.email or "", organisation=owner.name)
    look = Look(language=choice.language)
    return compose(choice.draft, all_values, look=look, time_zone=owner.time_zone)


def _values_of(invitation: Invitation, link: str) -> dict[str, Value]:
    with force_locale(invitation.language):
        roles = ", ".join(rights_in_words(invitation.roles, invitation.grants))
    return {
        "NAME": invitation.name,
        "INVITER": invitation.inviter.name,
        "ROLES": roles,
        "LINK": link,
        "EXPIRES": invitation.expires_at,
    }


def rights_in_words(roles: Iterable[str], grants: Iterable[str]) -> list[str]:
    """Names of roles and of permissions granted singly, in the present language."""
    held_roles, held_grants = set(roles), set(grants)
    return [
        *(role.label for role in Role if role in held_roles),
        *(p.label for p in Permission if p in held_grants),
    ]


def mail_confirm_sign_up(row: SignUp, *, token: str, hours: int) -> Mail:
    """The portal's own mail: who signs up belongs to nobody yet."""
    return outbox.send(
        "confirm_email",
        to=row.email,
        language=row.language,
        organisation_id=None,
        values={
            "NAME": row.name,
            "HOURS": hours,
            "LINK": _absolute("orgs.sign_up_confirm", token=token),
        },
    )


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
    """From the settings, never from the request: its `Host` is whatever the visitor wrote. Jobs have none."""
    return address_of(endpoint, **values)
