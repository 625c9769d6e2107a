"""Downloading keys (K-23, K-24)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from flask import Response, request
from flask import url_for as flask_url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from werkzeug.wrappers import Response as BaseResponse

from webapp.accounts.proofs import fresh
from webapp.core.access import allow
from webapp.core.clock import utcnow
from webapp.core.db import db
from webapp.core.errors import Refusal
from webapp.core.web import render, see_other
from webapp.meters import keyring, queries, selections
from webapp.meters.downloads import devices, jobs, leaving
from webapp.meters.downloads.choices import Choice
from webapp.meters.downloads.forms import DownloadForm
from webapp.meters.formats import FORMATS
from webapp.meters.many import among
from webapp.meters.models import ClaimState, Meter
from webapp.meters.routes.blueprint import bp, url_for
from webapp.orgs.access import current_organisation
from webapp.orgs.permissions import Permission

TEMPLATE = "meters/download.html"
MOST_LOOKED_THROUGH = 2_000
"""Of more devices the job reports what a format can't carry."""
SHOWN = 10


@dataclass(frozen=True)
class Wanted:
    """The devices that the page's address, or its form, names; all are the organisation's."""

    ids: list[int]
    fields: dict[str, str | list[str]]

    @cached_property
    def refused(self) -> list[Meter]:
        return leaving.not_claimed(self.ids)

    @cached_property
    def claimed_ids(self) -> list[int]:
        refused = {meter.id for meter in self.refused}
        return [meter_id for meter_id in self.ids if meter_id not in refused]

    def left_out(self) -> dict[str, list[str]]:
        """Format → devices that it can't carry, with the reason; nothing for too many devices."""
        if len(self.claimed_ids) > MOST_LOOKED_THROUGH:
            return {}
        found = [meter.with_kinds for meter in devices.claimed(self.claimed_ids)]
        return {
            form.id: [f"{d.serial}: {why}" for d in found if (why := form.refusal(d))]
            for form in FORMATS.values()
        }


@bp.get("/<public_id>/keys")
@allow(Permission.KEYS_DOWNLOAD)
def keys_download(org: str, public_id: str) -> BaseResponse:
    """The way from a device's page and from the menu of its row."""
    meter = queries.get_meter(public_id)
    return see_other(url_for("download_new", meter=meter.public_id))


@bp.get("/downloads/new")
@allow(Permission.KEYS_DOWNLOAD)
def download_new(org: str) -> ResponseReturnValue:
    return _page(DownloadForm.blank(), _wanted())


@bp.post("/downloads")
@allow(Permission.KEYS_DOWNLOAD)
@fresh
def download(org: str) -> ResponseReturnValue:
    """One device at once; many as long work."""
    wanted, form = _wanted(), DownloadForm()
    if not form.validate():
        return _page(form, wanted, status=422)
    try:
        if not wanted.claimed_ids and wanted.refused:
            raise leaving.refuse(wanted.refused, organisation_id=current_organisation().id)
        return _leave(wanted.claimed_ids, form.chosen())
    except Refusal as refusal:
        form.refuse(refusal)
        return _page(form, wanted, status=refusal.status)


def _leave(ids: Sequence[int], choice: Choice) -> ResponseReturnValue:
    here, now = current_organisation(), utcnow()
    if len(ids) > 1:
        keyring.active_data_key(
            here.id
        )  # told now, rather than by the job, that the portal is sealed
        work = jobs.begin_download(ids, choice, organisation_id=here.id, now=now)
        return see_other(
            flask_url_for("activities.activity", org=here.public_id, public_id=work.public_id)
        )
    sent = leaving.at_once(ids[0], choice, organisation_id=here.id, now=now)
    answer = Response(sent.content, content_type=sent.media_type)
    answer.headers.set("Content-Disposition", "attachment", filename=sent.name)
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


def _wanted() -> Wanted:
    """By a kept selection, by ids of devices, or all that are claimed; 404 for a device of somebody else."""
    if selection := request.values.get("selection", ""):
        ids = selections.ids_of(selection)
        return Wanted(_here(ids), {"selection": selection})
    if names := request.values.getlist("meter"):
        found = [queries.get_meter(name).id for name in dict.fromkeys(names[:SHOWN])]
        return Wanted(found, {"meter": names})
    claimed = select(Meter.id).where(Meter.claim_state == ClaimState.CLAIMED)
    return Wanted(list(db.session.scalars(claimed.order_by(Meter.serial, Meter.id))), {})


def _here(ids: Sequence[int]) -> list[int]:
    return list(db.session.scalars(select(Meter.id).where(among(Meter.id, ids))))


def _page(form: DownloadForm, wanted: Wanted, *, status: int = 200) -> ResponseReturnValue:
    return render(
        TEMPLATE,
        status=status,
        form=form,
        wanted=wanted,
        formats=FORMATS,
        left_out=wanted.left_out(),
        why_not=leaving.why_not,
        shown=SHOWN,
        problem=keyring.problem(),
        action=url_for("download"),
    )
