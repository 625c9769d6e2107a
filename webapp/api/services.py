"""API tokens are made and revoked; never more power than their maker has."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, timedelta

from flask import Flask
from flask_babel import gettext as _

from webapp.accounts.models import User
from webapp.api.access import ApiToken
from webapp.api.events import ApiEvent
from webapp.api.models import Token
from webapp.audit import log as audit
from webapp.core.access import access_of
from webapp.core.crypto import digest, token
from webapp.core.db import db, new_public_id
from webapp.core.errors import Refusal
from webapp.core.names import sort_name
from webapp.core.principal import Principal
from webapp.orgs.permissions import Permission

LONGEST = timedelta(days=2 * 365)


def permissions_of_the_api(app: Flask) -> list[Permission]:
    """Those that an endpoint asks for: a token with any other could do nothing with it."""
    accesses = {access_of(app, rule.endpoint) for rule in app.url_map.iter_rules()}
    asked = {access.permission for access in accesses if isinstance(access, ApiToken)}
    return [p for p in Permission if p in asked]


def create_token(
    name: str,
    permissions: Collection[Permission],
    *,
    expires_on: date,
    organisation_id: int,
    maker: User,
    makers: Collection[Permission],
    by: Principal,
    now: datetime,
) -> tuple[Token, str]:
    """The row, and the token's text: told this once, stored as a digest only. `makers`: what the maker may do here."""
    _check(permissions, makers, expires_on, now.date())
    secret = token()
    row = Token(
        public_id=new_public_id(),
        organisation_id=organisation_id,
        name=name,
        sort_name=sort_name(name),
        secret_digest=digest(secret),
        permissions=[p.value for p in Permission if p in permissions],
        expires_on=expires_on,
        created_at=now,
        created_by_id=maker.id,
        created_by=by.label,
    )
    db.session.add(row)
    db.session.flush()
    _record(ApiEvent.TOKEN_CREATED, row, by, permissions=row.permissions, until=str(expires_on))
    return row, f"op_api_{row.public_id}_{secret}"


def revoke_token(row: Token, *, by: Principal, now: datetime) -> None:
    """No good from the commit on; revoking twice changes nothing."""
    if row.revoked_at is not None:
        return
    row.revoked_at = now
    _record(ApiEvent.TOKEN_REVOKED, row, by)


def _check(
    permissions: Collection[Permission],
    makers: Collection[Permission],
    expires_on: date,
    today: date,
) -> None:
    if not permissions:
        raise Refusal(_("Tick at least one permission."), field="permissions")
    if missing := [p for p in permissions if p not in makers]:
        words = _("You can't give what you don't have yourself: %(names)s.")
        raise Refusal(words % {"names": ", ".join(p.label for p in missing)}, field="permissions")
    if expires_on < today:
        raise Refusal(_("This day has passed. Choose a later one."), field="expires_on")
    if expires_on > today + LONGEST:
        raise Refusal(_("Choose a day within the next two years."), field="expires_on")


def _record(event: ApiEvent, row: Token, by: Principal, **detail: object) -> None:
    audit.record(
        event,
        organisation_id=row.organisation_id,
        kind="api_token",
        id=row.public_id,
        label=row.name,
        detail=dict(detail),
        by=by,
    )
