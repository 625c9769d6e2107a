"""Permissions that people asked for: the administrators' list, giving and refusing (P-15)."""

from __future__ import annotations

from typing import Any

from flask import abort, flash, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from sqlalchemy import Select, select
from sqlalchemy.orm import contains_eager

from webapp.accounts.models import User
from webapp.accounts.proofs import fresh
from webapp.core.access import allow
from webapp.core.clock import utcnow
from webapp.core.db import db, rollback
from webapp.core.errors import Refusal
from webapp.core.listing import Choice, Column, Listing, Option, Words
from webapp.core.names import sort_name
from webapp.core.principal import acting
from webapp.core.web import render, see_other
from webapp.orgs import queries
from webapp.orgs.access import current_organisation
from webapp.orgs.authority import own_authority
from webapp.orgs.forms.people import RefuseRightForm
from webapp.orgs.permission_requests import PermissionRequest, RequestState
from webapp.orgs.permissions import Permission
from webapp.orgs.routes.blueprint import bp
from webapp.orgs.services import rights

STATES = {
    RequestState.OPEN: _l("Open"),
    RequestState.GRANTED: _l("Given"),
    RequestState.REFUSED: _l("Refused"),
}


def _requests() -> Select[Any]:
    return (
        select(PermissionRequest)
        .join(PermissionRequest.user)
        .options(contains_eager(PermissionRequest.user))
    )


def _url(row: PermissionRequest) -> str:
    here = current_organisation().public_id
    return url_for("orgs.permission_request", org=here, public_id=row.public_id)


REQUESTS = Listing(
    name="permission-requests",
    model=PermissionRequest,
    columns=[
        Column("who", _l("Who"), value=lambda r: r.user.name, link=_url),
        Column(
            "state",
            _l("State"),
            value=lambda r: str(STATES[RequestState(r.state)]),
            cell="orgs/cells.html#request_state",
            main=True,
        ),
        Column("permission", _l("Permission"), value=lambda r: r.label),
        Column(
            "asked",
            _l("Asked"),
            kind="time",
            value=lambda r: r.asked_at,
            sort=PermissionRequest.asked_at,
            first_descending=True,
        ),
        Column("decided_by", _l("Decided by")),
        Column("decided", _l("Decided"), kind="time", value=lambda r: r.decided_at),
    ],
    default_sort="-asked",
    total=lambda n, shown: ngettext("%(shown)s request", "%(shown)s requests", n, shown=shown),
    search=[Words(User.sort_name, fold=sort_name)],
    search_hint=_l("Name"),
    filters=[
        Choice(
            "state",
            _l("State"),
            PermissionRequest.state,
            [Option(state.value, label, state.value) for state, label in STATES.items()],
        )
    ],
    row_name=lambda r: f"{r.user.name}: {r.label}",
)


@bp.get("/o/<org>/permission-requests")
@allow(Permission.USERS_EDIT)
def permission_requests(org: str) -> ResponseReturnValue:
    return REQUESTS.page(_requests()).respond("orgs/permission_requests.html")


@bp.get("/o/<org>/permission-requests/<public_id>")
@allow(Permission.USERS_EDIT)
def permission_request(org: str, public_id: str) -> ResponseReturnValue:
    return _page(_request(public_id), RefuseRightForm(formdata=None))


@bp.post("/o/<org>/permission-requests/<public_id>/grants")
@allow(Permission.USERS_EDIT)
@fresh
def permission_request_grant(org: str, public_id: str) -> ResponseReturnValue:
    row, here = _request(public_id, lock=True), current_organisation()
    try:
        rights.grant_request(row, here, authority=own_authority(), by=acting(), now=utcnow())
    except Refusal as refusal:
        return _refused(public_id, refusal)
    flash(_("%(name)s may now: %(right)s", name=row.user.name, right=row.label), "ok")
    return see_other(url_for("orgs.permission_requests", org=org))


@bp.post("/o/<org>/permission-requests/<public_id>/refusals")
@allow(Permission.USERS_EDIT)
def permission_request_refuse(org: str, public_id: str) -> ResponseReturnValue:
    row, form, here = _request(public_id, lock=True), RefuseRightForm(), current_organisation()
    if not form.validate():
        return _page(row, form, status=422)
    try:
        rights.refuse_request(row, here, answer=form.answer.data or "", by=acting(), now=utcnow())
    except Refusal as refusal:
        return _refused(public_id, refusal)
    flash(_("Refused. %(name)s is told why.", name=row.user.name), "ok")
    return see_other(url_for("orgs.permission_requests", org=org))


def _request(public_id: str, *, lock: bool = False) -> PermissionRequest:
    statement = _requests().where(PermissionRequest.public_id == public_id)
    if lock:
        statement = statement.with_for_update(of=PermissionRequest)
    found: PermissionRequest | None = db.session.scalar(statement)
    return found or abort(404)


def _refused(public_id: str, refusal: Refusal) -> ResponseReturnValue:
    rollback()
    form = RefuseRightForm(formdata=None)
    form.refuse(refusal)
    return _page(_request(public_id), form, status=refusal.status)


def _page(
    row: PermissionRequest, form: RefuseRightForm, *, status: int = 200
) -> ResponseReturnValue:
    held = [
        h for h in queries.holders(current_organisation()) if h.membership.user_id == row.user_id
    ]
    missing = own_authority().missing(
        [p for p in [row.asked_for] if p is not None], current_organisation()
    )
    return render(
        "orgs/permission_request.html",
        row=row,
        form=form,
        state=STATES[RequestState(row.state)],
        has_it=any(row.permission in h.permissions for h in held),
        belongs_here=any(not h.is_inherited for h in held),
        may_give=not missing,
        status=status,
    )
