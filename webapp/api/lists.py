"""The list of API tokens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import url_for
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from sqlalchemy import Select, select

from webapp.api.models import Token, TokenState
from webapp.core.clock import utcnow
from webapp.core.listing import Column, Flag, Listing, Words
from webapp.core.names import sort_name
from webapp.orgs.access import current_organisation, may
from webapp.orgs.permissions import Permission

STATES = {
    TokenState.VALID: _l("Valid"),
    TokenState.EXPIRED: _l("Expired"),
    TokenState.REVOKED: _l("Revoked"),
}


def tokens() -> Select[tuple[Token]]:
    return select(Token)


def state_of(row: Token) -> TokenState:
    return row.state(utcnow().date())


def permission_words(row: Token) -> list[str]:
    """A permission of an older version stands as it is."""
    known = {p.value: p.label for p in Permission}
    return [known.get(value, value) for value in row.permissions]


def _url(row: Token, endpoint: str = "api.token") -> str:
    return url_for(endpoint, org=current_organisation().public_id, public_id=row.public_id)


def _menu(row: Token) -> list[Mapping[str, Any] | None]:
    if row.revoked_at is not None or not may(Permission.API_EDIT):
        return []
    href = _url(row, "api.token_confirm")
    return [{"text": _l("Revoke"), "href": href, "icon": "trash", "danger": True}]


TOKENS = Listing(
    name="api-tokens",
    model=Token,
    columns=[
        Column("name", _l("Name"), sort=Token.sort_name, link=_url),
        Column(
            "state",
            _l("State"),
            value=lambda t: str(STATES[state_of(t)]),
            cell="api/cells.html#state",
            main=True,
        ),
        Column(
            "public_id", _l("Begins with"), kind="code", value=lambda t: f"op_api_{t.public_id}"
        ),
        Column("permissions", _l("Permissions"), value=lambda t: ", ".join(permission_words(t))),
        Column("expires_on", _l("Valid until"), kind="date", sort=Token.expires_on),
        Column("last_used", _l("Last used"), kind="time", value=lambda t: t.last_used_at),
        Column("created_by", _l("Made by")),
        Column(
            "created",
            _l("Made"),
            kind="time",
            value=lambda t: t.created_at,
            sort=Token.created_at,
            first_descending=True,
        ),
    ],
    default_sort="-created",
    total=lambda n, shown: ngettext("%(shown)s API token", "%(shown)s API tokens", n, shown=shown),
    search=[Words(Token.sort_name, fold=sort_name)],
    search_hint=_l("Name"),
    filters=[Flag("valid", _l("Without revoked ones"), Token.revoked_at.is_(None))],
    menu=_menu,
    row_name=lambda t: t.name,
)
