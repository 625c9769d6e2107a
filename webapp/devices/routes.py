"""Enrolment tokens, as an administrator makes and revokes them."""

from __future__ import annotations

from flask import Blueprint, abort, current_app, flash, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from webapp.core.access import allow
from webapp.core.clock import utcnow
from webapp.core.db import db
from webapp.core.principal import acting
from webapp.core.web import render, see_other
from webapp.devices import services
from webapp.devices.forms import EnrolmentTokenForm
from webapp.devices.lists import ENROLMENT_TOKENS, enrolment_tokens
from webapp.devices.models import Credential
from webapp.orgs.access import current_organisation
from webapp.orgs.permissions import Permission

bp = Blueprint("devices", __name__, url_prefix="/o/<org>/enrolment-tokens")


@bp.get("", endpoint="enrolment_tokens")
@allow(Permission.ENROLMENT_READ)
def token_list(org: str) -> ResponseReturnValue:
    return ENROLMENT_TOKENS.page(enrolment_tokens()).respond("devices/enrolment_tokens.html")


@bp.get("/new")
@allow(Permission.ENROLMENT_EDIT)
def enrolment_token_new(org: str) -> ResponseReturnValue:
    return render("devices/enrolment_token_new.html", form=EnrolmentTokenForm(formdata=None))


@bp.post("")
@allow(Permission.ENROLMENT_EDIT)
def enrolment_token_create(org: str) -> ResponseReturnValue:
    """The answer itself shows the token, this once; loaded again it leads to the list."""
    form = EnrolmentTokenForm()
    if not form.validate():
        return render("devices/enrolment_token_new.html", form=form, status=422)
    earlier = form.earlier_location()
    if earlier is not None:
        return see_other(earlier)
    row, text = services.create_enrolment_token(
        form["name"].data,
        organisation_id=current_organisation().id,
        by=acting(),
        now=utcnow(),
    )
    form.leads_to(url_for("devices.enrolment_tokens", org=org))
    return render(
        "devices/enrolment_token_made.html",
        made=row,
        text=text,
        portal=current_app.extensions["settings"].base_url,
    )


@bp.get("/<public_id>/revocations/confirm")
@allow(Permission.ENROLMENT_EDIT)
def enrolment_token_confirm(org: str, public_id: str) -> ResponseReturnValue:
    return render("devices/enrolment_token_confirm.html", token=_token(public_id))


@bp.post("/<public_id>/revocations")
@allow(Permission.ENROLMENT_EDIT)
def enrolment_token_revoke(org: str, public_id: str) -> ResponseReturnValue:
    token = _token(public_id)
    services.revoke_enrolment_token(token, by=acting(), now=utcnow())
    flash(_("“%(name)s” is revoked.", name=token.name), "ok")
    return see_other(url_for("devices.enrolment_tokens", org=org))


def _token(public_id: str) -> Credential:
    found: Credential | None = db.session.scalar(
        enrolment_tokens().where(Credential.public_id == public_id)
    )
    return found or abort(404)
