"""The list of one's notifications."""

from __future__ import annotations

from typing import Any

from flask import url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload

from webapp.accounts.models import User
from webapp.core.listing import Choice, Column, Flag, Listing
from webapp.notices.kinds import all_kinds, label_of
from webapp.notices.models import Notification


def mine(user: User) -> Select[Any]:
    """Asked unscoped: they are about any organisation, and belong to the one person."""
    return (
        select(Notification)
        .where(Notification.user_id == user.id)
        .options(joinedload(Notification.organisation))
    )


def _menu(row: Notification) -> list[Any]:
    reading = url_for("notices.reading", public_id=row.public_id)
    if row.read_at is None:
        return [{"text": _("Mark as read"), "action": reading, "icon": "check"}]
    fields = {"unread": "1"}
    return [{"text": _("Mark as unread"), "action": reading, "icon": "mail", "fields": fields}]


NOTIFICATIONS = Listing(
    name="notifications",
    model=Notification,
    columns=[
        Column(
            "title",
            _l("What"),
            link=lambda n: url_for("notices.notification", public_id=n.public_id),
            cell="notices/cells.html#title",
        ),
        Column(
            "state",
            _l("State"),
            value=lambda n: _("Unread") if n.read_at is None else _("Read"),
            cell="notices/cells.html#state",
            main=True,
        ),
        Column("detail", _l("In detail")),
        Column("organisation", _l("Organisation"), value=lambda n: n.organisation.name),
        Column("kind", _l("Kind"), value=lambda n: label_of(n.kind)),
        Column(
            "created",
            _l("When"),
            kind="time",
            value=lambda n: n.created_at,
            sort=Notification.created_at,
            first_descending=True,
        ),
    ],
    default_sort="-created",
    total=lambda n, shown: ngettext(
        "%(shown)s notification", "%(shown)s notifications", n, shown=shown
    ),
    filters=[
        Flag("unread", _l("Unread ones only"), Notification.read_at.is_(None)),
        Choice(
            "kind",
            _l("Kind"),
            Notification.kind,
            lambda: [(kind.name, kind.label) for kind in all_kinds()],
        ),
    ],
    menu=_menu,
)
