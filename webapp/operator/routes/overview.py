"""The first page: how everything is, and the way to each page."""

from __future__ import annotations

from flask.typing import ResponseReturnValue

from webapp.accounts.access import OPERATOR
from webapp.core import tiles
from webapp.core.access import allow
from webapp.core.web import render
from webapp.operator.routes.blueprint import bp


@bp.get("/")
@allow(OPERATOR)
def overview() -> ResponseReturnValue:
    return render("operator/overview.html", tiles=tiles.operator_tiles())
