"""The catalogue, the page of a meter, and what happened to it (K-1, K-2, K-28)."""

from __future__ import annotations

from collections.abc import Sequence

from flask import flash, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from webapp.core.access import allow
from webapp.core.activities import Activity
from webapp.core.clock import utcnow
from webapp.core.db import db
from webapp.core.errors import NotPermitted, Refusal
from webapp.core.web import render, see_other
from webapp.meters import claims, codes, facts, findings, histories, queries, selections
from webapp.meters.lists.former import FORMER, former_meters
from webapp.meters.lists.meters import ACTS, listing_here
from webapp.meters.lists.reveals import listing_of
from webapp.meters.models import ClaimState, Meter
from webapp.meters.routes.blueprint import bp, flask_url_for, url_for
from webapp.orgs.access import administrators_of, current_organisation, may
from webapp.orgs.permissions import Permission


@bp.get("/", endpoint="meters")
@allow(Permission.METERS_READ)
def catalogue(org: str) -> ResponseReturnValue:
    listing = listing_here()
    bulk_url = url_for("meters_bulk") if listing.bulk else None
    return listing.page(queries.meters(), bulk_url=bulk_url).respond("meters/meters.html")


@bp.post("/bulk")
@allow(Permission.METERS_READ)
def meters_bulk(org: str) -> ResponseReturnValue:
    """What was chosen for the ticked rows, or for all of the filter; each act asks its own permission."""
    _require(ACTS.get(request.form.get("action", "")))
    selection = listing_here().selection().check()
    chosen = selection.of(queries.meters()).order_by(None).with_only_columns(Meter.id)
    ids = list(db.session.scalars(chosen.limit(selections.MOST + 1)))
    if len(ids) > selections.MOST:
        words = _("At most %(most)s meters at once. Narrow the list first.", most=selections.MOST)
        raise Refusal(words)
    if not ids:
        raise Refusal(_("None of these meters is here any more."), status=409)
    if selection.action == "claim":
        return _claim(ids)
    if selection.action == "lint":
        return _lint(ids)
    return see_other(_page_for(selection.action, ids))


@bp.get("/<public_id>", endpoint="meter")
@allow(Permission.METERS_READ)
def meter_page(org: str, public_id: str) -> ResponseReturnValue:
    meter = queries.get_meter(public_id)
    keys = histories.keys_of(meter)
    return render(
        "meters/meter.html",
        meter=meter,
        address=facts.address_rows(meter),
        chips=facts.chips(meter),
        keys=[key for key in keys if key.in_use],
        past=[key for key in keys if not key.in_use],
        warnings=findings.of_meter(meter),
        reveals=histories.latest_reveals(meter),
        earlier=histories.earlier_reveals(meter),
        owners=histories.owners_of(meter),
        batches=histories.batches_of(meter) if may(Permission.BATCHES_READ) else [],
        can_download=may(Permission.KEYS_DOWNLOAD) and meter.claim_state == ClaimState.CLAIMED,
        has_label=_label_code(meter) is not None,
    )


@bp.get("/<public_id>/history")
@allow(Permission.METERS_READ)
def meter_history(org: str, public_id: str) -> ResponseReturnValue:
    meter = queries.get_meter(public_id)
    return render(
        "meters/history.html",
        meter=meter,
        keys=histories.keys_of(meter),
        owners=histories.owners_of(meter),
        batches=histories.batches_of(meter) if may(Permission.BATCHES_READ) else [],
        log=histories.log_of(meter) if may(Permission.AUDIT_READ) else [],
    )


@bp.get("/<public_id>/reveals")
@allow(Permission.METERS_READ)
def meter_reveals(org: str, public_id: str) -> ResponseReturnValue:
    meter = queries.get_meter(public_id)
    page = listing_of(meter.id).page(histories.reveals_of(meter))
    earlier = histories.earlier_reveals(meter)
    return page.respond("meters/reveals.html", meter=meter, earlier=earlier)


@bp.get("/<public_id>/label")
@allow(Permission.METERS_READ)
def meter_label(org: str, public_id: str) -> ResponseReturnValue:
    """To print: serial, address, and the claim code for those who may hand it on while it is good for something."""
    meter = queries.get_meter(public_id)
    return render("meters/label.html", meter=meter, label=facts.label_of(meter, _label_code(meter)))


@bp.post("/<public_id>/findings/<kind>/<slot>/<finding>/dismissals")
@allow(Permission.METERS_EDIT)
def finding_dismiss(
    org: str, public_id: str, kind: str, slot: str, finding: str
) -> ResponseReturnValue:
    findings.dismiss(queries.get_meter(public_id), kind, slot, finding, now=utcnow())
    flash(_("The warning is dismissed."), "ok")
    return see_other(url_for("meter", public_id=public_id))


@bp.get("/former")
@allow(Permission.METERS_READ)
def former(org: str) -> ResponseReturnValue:
    """What was ours: serial, type, from, until. Its keys are another's now."""
    return FORMER.page(former_meters()).respond("meters/former.html")


def _label_code(meter: Meter) -> str | None:
    may_see = may(Permission.METERS_CLAIM) or may(Permission.METERS_EDIT)
    if not may_see or meter.claim_state != ClaimState.UNCLAIMED:
        return None
    return codes.code_of(meter)


def _require(permission: Permission | None) -> None:
    if permission is not None and not may(permission):
        raise NotPermitted(permission, administrators_of(current_organisation()))


def _claim(ids: Sequence[int]) -> ResponseReturnValue:
    organisation_id, now = current_organisation().id, utcnow()
    if len(ids) > claims.AT_ONCE:
        work = claims.begin_claiming(ids, organisation_id=organisation_id, now=now)
        return see_other(_progress(work))
    done = claims.claim(ids, organisation_id=organisation_id, now=now)
    if not done:
        raise Refusal(_("None of these meters is unclaimed."), status=409)
    flash(ngettext("%(num)s meter claimed.", "%(num)s meters claimed.", done), "ok")
    return see_other(_list())


def _lint(ids: Sequence[int]) -> ResponseReturnValue:
    organisation_id, now = current_organisation().id, utcnow()
    if len(ids) > findings.AT_ONCE:
        work = findings.begin_look(ids, organisation_id=organisation_id, now=now)
        return see_other(_progress(work))
    findings.note(ids, organisation_id=organisation_id)
    number = findings.look(ids, now=now)
    words = ngettext("%(num)s warning about keys.", "%(num)s warnings about keys.", number)
    flash(words, "warning" if number else "ok")
    return see_other(_list())


def _page_for(action: str, ids: Sequence[int]) -> str:
    kept = selections.keep(ids, organisation_id=current_organisation().id, now=utcnow())
    if action == "download":
        return url_for("download_new", selection=kept)
    return url_for("labels_set", selection=kept)


def _progress(work: Activity) -> str:
    org = current_organisation().public_id
    return flask_url_for("activities.activity", org=org, public_id=work.public_id)


def _list() -> str:
    """The list as it was: its own parameters come along, and nothing else."""
    listing = listing_here()
    return listing.selection().query.url(url_for("meters"), listing)
