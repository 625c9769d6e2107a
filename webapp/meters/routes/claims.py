"""Claiming: by the label (K-9), and of one device that was delivered here (K-10)."""

from __future__ import annotations

from flask import flash, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from webapp.core.access import allow
from webapp.core.answers import answer_form
from webapp.core.clock import utcnow
from webapp.core.errors import Refusal
from webapp.core.web import local_target, render, see_other
from webapp.meters import claims, queries, tr005
from webapp.meters.batch_forms import ClaimForm
from webapp.meters.models import ClaimState
from webapp.meters.routes.blueprint import bp, url_for
from webapp.meters.sentences import SpokenError
from webapp.orgs.access import current_organisation
from webapp.orgs.permissions import Permission

TEMPLATE = "meters/claim.html"


@bp.get("/claim")
@allow(Permission.METERS_CLAIM)
def claim_label(org: str) -> ResponseReturnValue:
    return render(TEMPLATE, form=ClaimForm(formdata=None))


@bp.post("/claim")
@allow(Permission.METERS_CLAIM)
def claim_labelled(org: str) -> ResponseReturnValue:
    form = ClaimForm()
    scanned = _read(form)
    return answer_form(form, TEMPLATE, lambda: _claim_labelled(form, scanned))


def _read(form: ClaimForm) -> tr005.DeviceCode | str | SpokenError:
    """What the scanner gave; the owner token of a LoRa Alliance code stands in for a code not typed."""
    try:
        scanned = tr005.scanned(form.scanned.data or "")
    except SpokenError as error:
        return error
    if isinstance(scanned, tr005.DeviceCode) and not form.code.data:
        form.code.data = (scanned.owner_token or "")[:40]
    return scanned


def _claim_labelled(form: ClaimForm, scanned: tr005.DeviceCode | str | SpokenError) -> str:
    if isinstance(scanned, SpokenError):
        raise Refusal(str(scanned), field="scanned")
    meter = claims.claim_by_label(
        scanned,
        form.code.data,
        organisation_id=current_organisation().id,
        address=request.remote_addr or "",
        now=utcnow(),
    )
    flash(_("%(serial)s is yours.", serial=meter.serial), "ok")
    return url_for("meter", public_id=meter.public_id)


@bp.post("/<public_id>/claims")
@allow(Permission.METERS_CLAIM)
def claim(org: str, public_id: str) -> ResponseReturnValue:
    """Pressed twice it is claimed once; `next` leads back to the list it was pressed in."""
    meter = queries.get_meter(public_id)
    if meter.claim_state == ClaimState.PENDING:
        words = _(
            "%(serial)s belongs to a batch whose ownership was asked for. Decide on that first.",
            serial=meter.serial,
        )
        raise Refusal(words, status=409)
    done = claims.claim([meter.id], organisation_id=meter.organisation_id, now=utcnow())
    words = _("%(serial)s is claimed.") if done else _("%(serial)s was claimed already.")
    flash(words % {"serial": meter.serial}, "ok")
    here = url_for("meter", public_id=public_id)
    return see_other(local_target(request.form.get("next"), here))
