"""Batches: the list, one batch for its two sides, and what each may do with it (K-11, K-14, K-16)."""

from __future__ import annotations

from typing import Any

from flask import Response, abort, request
from flask.typing import ResponseReturnValue

from webapp.core.access import allow
from webapp.core.answers import answer_form
from webapp.core.clock import utcnow
from webapp.core.web import render, see_other
from webapp.meters import batch_queries as queries
from webapp.meters import batches as services
from webapp.meters import takeovers
from webapp.meters.batch_forms import RefusalForm
from webapp.meters.batch_words import STEPS
from webapp.meters.lists.batches import BATCHES, is_sent
from webapp.meters.models import Batch, BatchState
from webapp.meters.routes.blueprint import bp, url_for
from webapp.meters.routes.ownership import begin_or_do
from webapp.meters.words import BATCH_STATES
from webapp.orgs.access import current_organisation
from webapp.orgs.permissions import Permission

TEMPLATE = "meters/batch.html"


@bp.get("/batches")
@allow(Permission.BATCHES_READ)
def batches(org: str) -> Response:
    return BATCHES.page(queries.batches()).respond("meters/batches.html")


@bp.get("/batches/<public_id>", endpoint="batch")
@allow(Permission.BATCHES_READ)
def batch_page(org: str, public_id: str) -> Response:
    return _page(queries.get_batch(public_id))


def _page(batch: Batch, form: RefusalForm | None = None, status: int = 200) -> Response:
    return render(TEMPLATE, status=status, form=form or RefusalForm(formdata=None), **_facts(batch))


def _facts(batch: Batch) -> dict[str, Any]:
    """What the page shows, whatever its form says."""
    here = current_organisation().id
    shows = queries.shows_devices(batch, here)
    after = request.args.get("after", "")
    return {
        "batch": batch,
        "state": BatchState(batch.state),
        "states": BatchState,
        "state_word": BATCH_STATES[BatchState(batch.state)],
        "sent": is_sent(batch),
        "counts": queries.type_counts(batch) if shows else [],
        "devices": queries.devices(batch, organisation_id=here, after=after) if shows else None,
        "history": queries.history(batch),
        "step_words": STEPS,
        "asked": queries.open_request(batch),
        "after": after,
    }


def _own(public_id: str, *, sent: bool) -> Batch:
    """404 for the other side, as for strangers."""
    batch = queries.get_batch(public_id)
    if is_sent(batch) is not sent:
        abort(404)
    return batch


@bp.post("/batches/<public_id>/withdrawals")
@allow(Permission.BATCHES_EDIT)
def batch_withdraw(org: str, public_id: str) -> ResponseReturnValue:
    services.withdraw(_own(public_id, sent=True), now=utcnow())
    return see_other(url_for("batch", public_id=public_id))


@bp.post("/batches/<public_id>/confirmations")
@allow(Permission.BATCHES_EDIT)
def batch_confirm(org: str, public_id: str) -> ResponseReturnValue:
    return see_other(begin_or_do(_own(public_id, sent=True), "confirm"))


@bp.post("/batches/<public_id>/refusals")
@allow(Permission.BATCHES_EDIT)
def batch_refuse(org: str, public_id: str) -> ResponseReturnValue:
    batch, form = _own(public_id, sent=True), RefusalForm()

    def act() -> str:
        takeovers.refuse(batch, form.reason.data, now=utcnow())
        return url_for("batch", public_id=public_id)

    return answer_form(form, TEMPLATE, act, **_facts(batch))


@bp.post("/batches/<public_id>/request-withdrawals")
@allow(Permission.OWNERSHIP_TAKE)
def batch_withdraw_request(org: str, public_id: str) -> ResponseReturnValue:
    takeovers.withdraw_request(_own(public_id, sent=False), now=utcnow())
    return see_other(url_for("batch", public_id=public_id))
