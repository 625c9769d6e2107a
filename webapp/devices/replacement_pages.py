"""Replacing a device, and its own credentials: from its support page (P-43)."""

from __future__ import annotations

from typing import Any

from flask import abort, current_app, flash, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select

from webapp.accounts.proofs import fresh
from webapp.core.access import allow
from webapp.core.clock import utcnow
from webapp.core.db import db, rollback
from webapp.core.errors import NotPermitted, Refusal
from webapp.core.principal import acting
from webapp.core.web import render, see_other
from webapp.devices import replacing
from webapp.devices.forms import CredentialForm, ReplaceForm
from webapp.devices.models import Credential, Device
from webapp.devices.replacing import Trade
from webapp.devices.support import back_to, bp, device_in_sight
from webapp.orgs.access import administrators_of, current_organisation, may
from webapp.orgs.permissions import Permission

REPLACE, MADE = "devices/replace.html", "devices/credential_made.html"


@bp.get("/<public_id>/replacements/new")
@allow(Permission.ENROLMENT_EDIT)
def replacement_new(org: str, public_id: str) -> ResponseReturnValue:
    device, _trade = _replaceable(public_id)
    return _page(device, ReplaceForm(formdata=None, seen=replacing.mark_of(device)))


@bp.post("/<public_id>/replacements")
@allow(Permission.ENROLMENT_EDIT)
@fresh
def replacement_create(org: str, public_id: str) -> ResponseReturnValue:
    """First what it means, then, when that was read, the act; its answer shows the credential this once."""
    device, trade = _replaceable(public_id)
    form = ReplaceForm()
    if not form.validate():
        return _page(device, form, status=422)
    try:
        serial = trade.read_serial(form.serial.data)
        if not form.sure.data:
            return render(
                "devices/replace_confirm.html",
                device=device,
                form=form,
                serial=serial,
                **_back(device),
            )
        row, text = replacing.replace_device(
            device,
            trade,
            form.serial.data,
            seen=form.seen.data or "",
            reason=form.reason.data or "",
            by=acting(),
            now=utcnow(),
        )
    except Refusal as refusal:
        return _refused(public_id, form, refusal)
    return _made(device, text, replacement=row)


@bp.post("/<public_id>/credentials")
@allow(Permission.ENROLMENT_EDIT)
@fresh
def credential_create(org: str, public_id: str) -> ResponseReturnValue:
    """The answer itself shows it, this once; loaded again it leads back."""
    device, trade = _replaceable(public_id)
    form = CredentialForm()
    if not form.validate():
        abort(422)
    earlier = form.earlier_location()
    if earlier is not None:
        return see_other(earlier)
    _row, text = replacing.make_credential(device, trade, by=acting(), now=utcnow())
    form.leads_to(url_for("device.device_support", org=org, public_id=public_id))
    return _made(device, text)


@bp.get("/<public_id>/credentials/<credential>/revocations/confirm")
@allow(Permission.ENROLMENT_EDIT)
def credential_confirm(org: str, public_id: str, credential: str) -> ResponseReturnValue:
    device, _trade = _replaceable(public_id)
    return render(
        "devices/credential_confirm.html",
        device=device,
        credential=_credential(device, credential),
        **_back(device),
    )


@bp.post("/<public_id>/credentials/<credential>/revocations")
@allow(Permission.ENROLMENT_EDIT)
@fresh
def credential_revoke(org: str, public_id: str, credential: str) -> ResponseReturnValue:
    device, _trade = _replaceable(public_id)
    row = _credential(device, credential)
    replacing.revoke_credential(device, row, by=acting(), now=utcnow())
    flash(_("The credential is revoked."), "ok")
    return see_other(url_for("device.device_support", org=org, public_id=public_id))


def _replaceable(public_id: str) -> tuple[Device, Trade]:
    """404 for what can't be replaced, 403 for who may not."""
    device, _page_of_it = device_in_sight(public_id)
    trade = replacing.trade_of(device.kind) or abort(404)
    if not may(trade.permission):
        raise NotPermitted(trade.permission, administrators_of(current_organisation()))
    return device, trade


def _credential(device: Device, public_id: str) -> Credential:
    found: Credential | None = db.session.scalar(
        select(Credential).where(
            Credential.public_id == public_id, Credential.device_id == device.id
        )
    )
    return found or abort(404)


def _refused(public_id: str, form: ReplaceForm, refusal: Refusal) -> ResponseReturnValue:
    """The form once more; on it the device as it is now, and the mark of that."""
    rollback()
    device, _trade = _replaceable(public_id)
    form.refuse(refusal)
    form.sure.data, form.seen.data = "", replacing.mark_of(device)
    return _page(device, form, status=refusal.status)


def _page(device: Device, form: ReplaceForm, *, status: int = 200) -> ResponseReturnValue:
    return render(REPLACE, device=device, form=form, status=status, **_back(device))


def _made(device: Device, text: str, *, replacement: object = None) -> ResponseReturnValue:
    return render(
        MADE,
        device=device,
        text=text,
        replacement=replacement,
        portal=current_app.extensions["settings"].base_url,
        **_back(device),
    )


def _back(device: Device) -> dict[str, Any]:
    org = current_organisation().public_id
    support = url_for("device.device_support", org=org, public_id=device.public_id)
    return {"back": back_to(device), "support": support}
