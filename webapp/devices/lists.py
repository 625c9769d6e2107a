"""The list of enrolment tokens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from sqlalchemy import Select, select

from webapp.core.listing import Column, Flag, Listing, Words
from webapp.devices.access import ENROLMENT
from webapp.devices.models import Credential
from webapp.orgs.access import current_organisation, may
from webapp.orgs.permissions import Permission


def enrolment_tokens() -> Select[Any]:
    return select(Credential).where(Credential.kind == ENROLMENT)


def state_of(row: Credential) -> str:
    return str(_("Revoked") if row.revoked_at is not None else _("Valid"))


def _menu(row: Credential) -> list[Mapping[str, Any] | None]:
    """The confirm page works without script; a dialog of the same words would stand in every row."""
    if row.revoked_at is not None or not may(Permission.ENROLMENT_EDIT):
        return []
    org = current_organisation().public_id
    words = _("Revoke “%(name)s” now? Apps that use it can't launch from this moment.")
    return [
        {
            "text": _("Revoke"),
            "href": url_for("devices.enrolment_token_confirm", org=org, public_id=row.public_id),
            "icon": "trash",
            "danger": True,
            "attrs": {
                "data-dialog": f"revoke-{row.public_id}",
                "title": words % {"name": row.name},
            },
        }
    ]


def _support_url(row: Credential) -> str:
    org = current_organisation().public_id
    return url_for("devices.enrolment_token_support", org=org, public_id=row.public_id)


ENROLMENT_TOKENS = Listing(
    name="enrolment-tokens",
    model=Credential,
    columns=[
        Column("name", _l("Name"), sort=Credential.name, link=_support_url),
        Column("state", _l("State"), value=state_of, cell="devices/cells.html#state", main=True),
        Column(
            "public_id", _l("Begins with"), kind="code", value=lambda c: f"op_enrol_{c.public_id}…"
        ),
        Column("created_by", _l("Made by")),
        Column(
            "created",
            _l("Made"),
            kind="time",
            value=lambda c: c.created_at,
            sort=Credential.created_at,
            first_descending=True,
        ),
        Column("last_used", _l("Last used"), kind="time", value=lambda c: c.last_used_at),
    ],
    default_sort="-created",
    total=lambda n, shown: ngettext(
        "%(shown)s enrolment token", "%(shown)s enrolment tokens", n, shown=shown
    ),
    search=[Words(Credential.name)],
    search_hint=_l("Name"),
    filters=[Flag("valid", _l("Valid ones only"), Credential.revoked_at.is_(None))],
    menu=_menu,
)
