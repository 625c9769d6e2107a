"""Public keys to which downloads are encrypted (K-27)."""

from __future__ import annotations

from flask import abort, flash, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from webapp.accounts.proofs import fresh
from webapp.core.access import allow
from webapp.core.answers import answer_form
from webapp.core.clock import utcnow
from webapp.core.db import db
from webapp.core.errors import Refusal
from webapp.core.web import render, see_other
from webapp.meters.downloads import receivers
from webapp.meters.downloads.forms import ReceiverForm
from webapp.meters.routes.blueprint import bp, url_for
from webapp.meters.sealed_files import LABELS
from webapp.orgs.access import current_organisation
from webapp.orgs.permissions import Permission

TEMPLATE = "meters/receiver_key_form.html"


@bp.get("/public-keys/")
@allow(Permission.KEYS_DOWNLOAD)
def receiver_keys(org: str) -> ResponseReturnValue:
    keys = db.session.scalars(receivers.all_keys()).all()
    return render(
        "meters/receiver_keys.html", keys=keys, algorithms=LABELS, required=receivers.required()
    )


@bp.get("/public-keys/new")
@allow(Permission.KEYS_DOWNLOAD)
@fresh
def receiver_key_new(org: str) -> ResponseReturnValue:
    return render(TEMPLATE, form=ReceiverForm())


@bp.post("/public-keys/")
@allow(Permission.KEYS_DOWNLOAD)
@fresh
def receiver_key_add(org: str) -> ResponseReturnValue:
    form = ReceiverForm()

    def act() -> str:
        row = receivers.add(
            form.name.data,
            form.text(),
            required=form.required.data,
            organisation_id=current_organisation().id,
            now=utcnow(),
        )
        flash(_("“%(name)s” is deposited. Compare its fingerprint.", name=row.name), "success")
        return url_for("receiver_keys")

    return answer_form(form, TEMPLATE, act)


@bp.post("/public-keys/<public_id>/requirement")
@allow(Permission.KEYS_DOWNLOAD)
@fresh
def receiver_key_require(org: str, public_id: str) -> ResponseReturnValue:
    wanted = request.form.get("required")
    if wanted not in ("yes", "no"):
        abort(400)
    row = receivers.get(public_id)
    try:
        receivers.require(row, required=wanted == "yes")
    except Refusal as refusal:
        flash(refusal.message, "warning")
    return see_other(url_for("receiver_keys"))


@bp.post("/public-keys/<public_id>/retirement")
@allow(Permission.KEYS_DOWNLOAD)
@fresh
def receiver_key_retire(org: str, public_id: str) -> ResponseReturnValue:
    receivers.retire(receivers.get(public_id), now=utcnow())
    return see_other(url_for("receiver_keys"))
