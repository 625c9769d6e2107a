"""Take ownership: a reference or one of those that wait, look, confirm (K-14)."""

from __future__ import annotations

from flask import Response, flash, request
from flask import url_for as flask_url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from webapp.core.access import allow
from webapp.core.answers import answer_form
from webapp.core.clock import utcnow
from webapp.core.web import render, see_other
from webapp.meters import batch_queries as queries
from webapp.meters import takeovers
from webapp.meters.batch_forms import ReferenceForm
from webapp.meters.models import Batch, BatchState
from webapp.meters.routes.blueprint import bp, url_for
from webapp.orgs.access import current_organisation
from webapp.orgs.permissions import Permission

TEMPLATE = "meters/ownership.html"


@bp.get("/ownership")
@allow(Permission.OWNERSHIP_TAKE)
def ownership(org: str) -> Response:
    waiting = queries.waiting(current_organisation().id)
    return render(TEMPLATE, form=ReferenceForm(formdata=None), waiting=waiting)


@bp.post("/ownership")
@allow(Permission.OWNERSHIP_TAKE)
def ownership_find(org: str) -> ResponseReturnValue:
    form = ReferenceForm()
    here = current_organisation().id

    def act() -> str:
        found = takeovers.waiting_for(here, form.reference.data)
        return url_for("ownership_review", public_id=found.public_id)

    return answer_form(form, TEMPLATE, act, waiting=queries.waiting(here))


@bp.get("/ownership/<public_id>")
@allow(Permission.OWNERSHIP_TAKE)
def ownership_review(org: str, public_id: str) -> ResponseReturnValue:
    """Once it is taken or withdrawn the batch's own page says so."""
    here = current_organisation().id
    batch = queries.get_waiting(public_id, organisation_id=here)
    if batch.state != BatchState.OPEN:
        return see_other(url_for("batch", public_id=public_id))
    return render(
        "meters/ownership_review.html",
        batch=batch,
        counts=queries.type_counts(batch),
        devices=queries.devices(batch, organisation_id=here, after=request.args.get("after", "")),
        after=request.args.get("after", ""),
    )


@bp.post("/ownership/<public_id>")
@allow(Permission.OWNERSHIP_TAKE)
def ownership_take(org: str, public_id: str) -> ResponseReturnValue:
    batch = queries.get_waiting(public_id, organisation_id=current_organisation().id)
    return see_other(begin_or_do(batch, "take"))


def begin_or_do(batch: Batch, act: str) -> str:
    """At once, or by a job where there are many; where to look."""
    now, here = utcnow(), current_organisation()
    if batch.devices > takeovers.AT_ONCE:
        work = takeovers.begin(batch, act, organisation_id=here.id, now=now)
        return flask_url_for("activities.activity", org=here.public_id, public_id=work.public_id)
    if act == "take":
        asked = takeovers.take(batch, now=now)
        words = _("You asked for ownership. You are told once it is decided.")
        flash(words if asked else _("The meters are yours."), "ok")
    else:
        takeovers.confirm(batch, now=now)
    return url_for("batch", public_id=batch.public_id)
