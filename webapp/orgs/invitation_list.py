"""The list of invitations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from sqlalchemy import Select, and_, case, func, select
from sqlalchemy.orm import contains_eager

from webapp.core.clock import utcnow
from webapp.core.db import db
from webapp.core.listing import Below, Choice, Column, Labels, Listing, Option, Starts, Words
from webapp.core.names import sort_name
from webapp.orgs.access import may
from webapp.orgs.lists import Items, organisation_options, users_scope
from webapp.orgs.mails import rights_in_words
from webapp.orgs.models import Invitation, InvitationState
from webapp.orgs.permissions import Permission, Role
from webapp.orgs.queries import MOST_CHOICES

STATES = {
    InvitationState.CREATED: (_l("Created"), "neutral", "edit"),
    InvitationState.SENT: (_l("Sent"), "info", "mail"),
    InvitationState.ACCEPTED: (_l("Accepted"), "ok", "check"),
    InvitationState.EXPIRED: (_l("Expired"), "warn", "clock"),
    InvitationState.REVOKED: (_l("Revoked"), "neutral", "lock"),
}
"""Word, kind of pill and icon."""

_HAS_RUN_OUT = and_(Invitation.state == InvitationState.SENT, Invitation.expires_at <= func.now())
STATE_NOW = case((_HAS_RUN_OUT, InvitationState.EXPIRED.value), else_=Invitation.state)
"""As people see it, also before the sweep came by."""


def invitations_in_scope() -> Select[Invitation]:
    return (
        select(Invitation)
        .join(Invitation.organisation)
        .options(contains_eager(Invitation.organisation))
    )


def invitation_url(row: Invitation) -> str:
    return url_for("orgs.invitation", org=row.organisation.public_id, public_id=row.public_id)


def state_words(row: Invitation) -> tuple[str, str, str]:
    """Word, kind of pill and icon of its state."""
    word, kind, icon = STATES[row.state_at(utcnow())]
    return str(word), kind, icon


def _menu(row: Invitation) -> Items:
    if not may(Permission.USERS_EDIT) or row.state in ("accepted", "revoked"):
        return []
    where: dict[str, Any] = {"org": row.organisation.public_id, "public_id": row.public_id}
    return [
        {"text": _("Edit"), "href": url_for("orgs.invitation_edit", **where), "icon": "edit"},
        {
            "text": _("Send by mail"),
            "action": url_for("orgs.invitation_send", **where),
            "icon": "mail",
        }
        if row.email
        else None,
        {"text": _("Send test mail"), "href": url_for("orgs.invitation_test", **where)},
        {"line": True},
        {
            "text": _("Revoke"),
            "href": url_for("orgs.invitation_revocation", **where),
            "icon": "trash",
            "danger": True,
        },
    ]


def _values_in_use(column: Any) -> Callable[[], list[Option]]:
    def options() -> list[Option]:
        with users_scope():
            found = db.session.scalars(
                select(column)
                .distinct()
                .where(column.is_not(None))
                .order_by(column)
                .limit(MOST_CHOICES)
            )
            return [Option(value, value, value) for value in found]

    return options


INVITATIONS = Listing(
    name="invitations",
    model=Invitation,
    columns=[
        Column("name", _l("Name"), sort=Invitation.sort_name, link=invitation_url),
        Column(
            "email",
            _l("E-mail"),
            value=lambda i: i.email or "",
            sort=func.coalesce(Invitation.email, ""),
        ),
        Column("organisation", _l("Organisation"), value=lambda i: i.organisation.name),
        Column("roles", _l("Roles"), value=lambda i: ", ".join(rights_in_words(i.roles, i.grants))),
        Column(
            "created_at",
            _l("Created"),
            kind="date",
            sort=Invitation.created_at,
            first_descending=True,
        ),
        Column("expires_at", _l("Valid until"), kind="time"),
        Column(
            "state",
            _l("State"),
            value=lambda i: state_words(i)[0],
            cell="orgs/cells.html#invitation_state",
            main=True,
        ),
    ],
    default_sort="-created_at",
    total=lambda n, shown: ngettext(
        "%(shown)s invitation", "%(shown)s invitations", n, shown=shown
    ),
    search=[
        Words(Invitation.sort_name, fold=sort_name),
        Starts(func.lower(Invitation.email), fold=str.lower),
    ],
    search_hint=_l("Name, e-mail"),
    filters=[
        Choice(
            "state",
            _l("State"),
            STATE_NOW,
            lambda: [(state.value, words[0]) for state, words in STATES.items()],
        ),
        Choice("name", _l("Name"), Invitation.name, _values_in_use(Invitation.name)),
        Choice("email", _l("E-mail"), Invitation.email, _values_in_use(Invitation.email)),
        Choice(
            "organisation", _l("Organisation"), Invitation.organisation_id, organisation_options
        ),
        Labels("role", _l("Role"), Invitation.roles, lambda: [(r.value, r.label) for r in Role]),
        Below("below", _l("And those below")),
    ],
    menu=_menu,
    row_name=lambda i: i.name,
)
