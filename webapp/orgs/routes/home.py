"""Where one lands, and an organisation's first page."""

from __future__ import annotations

from flask import session as cookie
from flask import url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from werkzeug.wrappers import Response

from webapp.accounts.access import SIGNED_IN
from webapp.audit import queries as audit_queries
from webapp.core import tiles
from webapp.core.access import allow
from webapp.core.announcements import announcements
from webapp.core.clock import utcnow
from webapp.core.web import render, see_other
from webapp.orgs.access import (
    LAST_ORGANISATION,
    MEMBER,
    current_organisation,
    memberships_of,
    organisation_in_reach,
    permissions_here,
)
from webapp.orgs.models import Organisation
from webapp.orgs.permissions import Permission
from webapp.orgs.routes.blueprint import bp
from webapp.orgs.services.accounts import personal_organisation
from webapp.orgs.trades import hidden_trades

LATEST_ROWS = 8


@bp.get("/")
@allow(SIGNED_IN)
def home() -> ResponseReturnValue:
    """The organisation last used, else the first company, the operator area, one's own space."""
    last = cookie.get(LAST_ORGANISATION)
    found = organisation_in_reach(last) if last else None
    companies = [
        m.organisation for m in memberships_of(current_user) if not m.organisation.is_personal
    ]
    if found is not None:
        return _to(found)
    if companies:
        return _to(companies[0])
    if current_user.is_operator:
        return see_other(url_for("operator.overview"))
    return _to(personal_organisation(current_user, now=utcnow()))


def _to(organisation: Organisation) -> Response:
    return see_other(url_for("orgs.overview", org=organisation.public_id))


@bp.get("/o/<org>/")
@allow(MEMBER)
def overview(org: str) -> ResponseReturnValue:
    here = current_organisation()
    news = announcements("home", here)
    if here.is_personal:
        return render("orgs/personal.html", news=news)
    sees_log = Permission.AUDIT_READ in permissions_here()
    return render(
        "orgs/overview.html",
        news=news,
        tiles=tiles.tiles(here, without=hidden_trades(here)),
        latest=audit_queries.latest(LATEST_ROWS) if sees_log else None,
        q=audit_queries,
    )
