"""Forgetting the person who called for help (Q-22): the request stays, without address, phone and message."""

from __future__ import annotations

from flask import Response, flash
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from webapp.accounts.proofs import fresh
from webapp.core.access import allow
from webapp.core.clock import utcnow
from webapp.core.db import rollback
from webapp.core.errors import Refusal
from webapp.core.principal import acting
from webapp.core.web import render, see_other
from webapp.orgs.permissions import Permission
from webapp.printers import keeping, queries
from webapp.printers.models import PanicRequest
from webapp.printers.routes.blueprint import bp, url_for


@bp.get("/requests/<public_id>/erasure")
@allow(Permission.PRINTER_REQUESTS_EDIT)
def request_erasure(org: str, public_id: str) -> ResponseReturnValue:
    return _page(queries.get_request(public_id))


@bp.post("/requests/<public_id>/erasure")
@allow(Permission.PRINTER_REQUESTS_EDIT)
@fresh
def request_erase(org: str, public_id: str) -> ResponseReturnValue:
    made = queries.get_request(public_id)
    try:
        keeping.erase_person(made, by=acting(), now=utcnow())
    except Refusal as refusal:
        rollback()
        return _page(made, status=refusal.status, error=str(refusal.message))
    flash(_("The personal data of request #%(number)s are erased.", number=made.number), "ok")
    return see_other(url_for("request", public_id=public_id))


def _page(made: PanicRequest, *, status: int = 200, error: str = "") -> Response:
    return render("printers/request_erasure.html", made=made, error=error, status=status)
