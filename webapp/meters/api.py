"""Meters and keys for programs: `/api/v1/meters`, `/api/v1/meters/keys` (K-26)."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request
from flask_babel import gettext as _
from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload

from webapp.accounts.sessions import address_here
from webapp.api.access import ApiToken
from webapp.api.paging import next_url, page_of
from webapp.core.access import allow
from webapp.core.clock import utcnow
from webapp.core.db import db
from webapp.core.endpoints import Description, Tagged, endpoint
from webapp.core.errors import Refusal
from webapp.core.listing.paging import Order
from webapp.meters import claims, key_feed, queries
from webapp.meters.api_views import (
    KeysAsked,
    KeysPage,
    LabelClaim,
    MeterPage,
    MetersAsked,
    MeterView,
    view_of_meter,
)
from webapp.meters.downloads import leaving, receivers
from webapp.meters.models import ClaimState, Meter, ProductType, ReceiverKey
from webapp.meters.serials import SerialError, normalise
from webapp.orgs.access import current_organisation
from webapp.orgs.permissions import Permission

bp = Blueprint("meters_api", __name__, url_prefix="/api/v1")

BY_SERIAL = Order("serial", Meter.serial, Meter.id, descending=False)
READ = ApiToken(Permission.METERS_READ)
CLAIM = ApiToken(Permission.METERS_CLAIM)
KEYS = ApiToken(Permission.KEYS_DOWNLOAD)


@bp.get("/meters")
@allow(READ)
@endpoint(
    Description(
        summary="The organisation's meters.",
        answers={200: MeterPage},
        query=MetersAsked,
        conditional=True,
    )
)
def meters(query: MetersAsked) -> MeterPage:
    found = page_of(_meters(query), BY_SERIAL, query)
    return MeterPage([view_of_meter(row) for row in found.rows], next_url(found))


@bp.get("/meters/<public_id>")
@allow(READ)
@endpoint(Description(summary="One meter.", answers={200: MeterView}, conditional=True))
def meter(public_id: str) -> MeterView:
    return view_of_meter(queries.get_meter(public_id))


@bp.post("/meters/<public_id>/claims")
@allow(CLAIM)
@endpoint(
    Description(
        summary="Claim a meter that was delivered to the organisation. Once more changes nothing.",
        answers={201: MeterView},
        problems={409: "conflict"},
    )
)
def claim(public_id: str) -> tuple[MeterView, int]:
    row = queries.get_meter(public_id)
    if row.claim_state == ClaimState.PENDING:
        raise Refusal(leaving.why_not(row.claim_state), status=409)
    claims.claim([row.id], organisation_id=current_organisation().id, now=utcnow())
    db.session.refresh(row)
    return view_of_meter(row), 201


@bp.post("/meters/claims")
@allow(CLAIM)
@endpoint(
    Description(
        summary="Claim a meter by what is printed on its label.",
        body=LabelClaim,
        answers={201: MeterView},
    )
)
def claim_by_label(message: LabelClaim) -> tuple[MeterView, int]:
    try:
        serial = normalise(message.serial, single=True)
    except SerialError as error:
        raise Refusal(str(error), field="serial") from error
    row = claims.claim_by_label(
        serial,
        message.code,
        organisation_id=current_organisation().id,
        address=address_here(),
        now=utcnow(),
    )
    return view_of_meter(row), 201


@bp.get("/meters/keys")
@allow(KEYS)
@endpoint(
    Description(
        summary="Keys of claimed meters that are new beyond a position.",
        answers={200: KeysPage},
        query=KeysAsked,
        conditional=True,
        problems={409: "conflict"},
    )
)
def keys(query: KeysAsked) -> Tagged:
    """Written down before it is answered. An unchanged page opens and notes nothing."""
    receiver = _receiver(query)
    due = key_feed.due(query.after, query.limit)
    tag = due.tag(receiver)
    if request.if_none_match.contains_weak(tag):
        return Tagged(tag, None)
    here = current_organisation()
    return Tagged(tag, key_feed.page(due, receiver, organisation_id=here.id, now=utcnow()))


def _receiver(query: KeysAsked) -> ReceiverKey | None:
    """The public key asked for; the newest required one where the organisation requires encryption."""
    if isinstance(query.public_key, str):
        found = receivers.usable(query.public_key)
        if found is None:
            raise Refusal(_("There is no such public key, or it is retired."), field="public_key")
        return found
    return next((key for key in receivers.in_use() if key.required), None)


def _meters(query: MetersAsked) -> Select[Any]:
    found = select(Meter).options(joinedload(Meter.product_type).joinedload(ProductType.maker))
    if query.claim_state:
        found = found.where(Meter.claim_state.in_(query.claim_state))
    if isinstance(query.serial, str):
        found = found.where(Meter.serial == query.serial.strip().upper())
    if isinstance(query.dev_eui, str):
        found = found.where(Meter.dev_eui == query.dev_eui.upper())
    if isinstance(query.batch_reference, str):
        found = found.where(Meter.batch_reference == query.batch_reference)
    return found
