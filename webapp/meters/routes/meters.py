"""The catalogue and the page of a meter (K-1, K-2)."""

from __future__ import annotations

from flask import Response

from webapp.core.access import allow
from webapp.core.web import render
from webapp.meters import queries
from webapp.meters.lists.meters import METERS
from webapp.meters.routes.blueprint import bp
from webapp.orgs.permissions import Permission


@bp.get("/", endpoint="meters")
@allow(Permission.METERS_READ)
def catalogue(org: str) -> Response:
    return METERS.page(queries.meters()).respond("meters/meters.html")


@bp.get("/<public_id>", endpoint="meter")
@allow(Permission.METERS_READ)
def meter(org: str, public_id: str) -> Response:
    return render("meters/meter.html", meter=queries.get_meter(public_id))
