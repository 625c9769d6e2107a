"""The support pages of a device and of an enrolment token: what it said last, why it was refused, when it was heard,
and with what it signs in (P-43)."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, abort, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from webapp.core.access import allow
from webapp.core.clock import utcnow
from webapp.core.db import db
from webapp.core.navigation import Label
from webapp.core.web import render
from webapp.devices import messages, presence, replacing
from webapp.devices.access import ENROLMENT
from webapp.devices.forms import CredentialForm
from webapp.devices.models import Credential, Device, DeviceMessage, Liveness
from webapp.devices.pages import DevicePage, page_of
from webapp.devices.routes import bp as tokens
from webapp.orgs.access import current_organisation, may
from webapp.orgs.permissions import Permission

bp = Blueprint("device", __name__, url_prefix="/o/<org>/devices")


@bp.get("/<public_id>/support")
@allow(Permission.ENROLMENT_READ)
def device_support(org: str, public_id: str) -> ResponseReturnValue:
    device, _page = device_in_sight(public_id)
    found, trade = messages.latest_of_device(device.id), replacing.trade_of(device.kind)
    return render(
        "devices/support.html",
        device=device,
        name=device.name,
        code=device.serial or device.code or "",
        back=back_to(device),
        messages=found,
        offset=_offset(found),
        program=_program(found),
        credentials=_credentials(device, found),
        seen_at=db.session.scalar(
            select(Liveness.last_seen_at).where(Liveness.device_id == device.id)
        ),
        timeline=presence.timeline_of(device, now=utcnow()),
        replacements=replacing.replacements_of(device),
        may_replace=trade is not None and may(trade.permission) and may(Permission.ENROLMENT_EDIT),
        most_valid=replacing.MOST_VALID,
        form=CredentialForm(formdata=None),
    )


@tokens.get("/<public_id>/support")
@allow(Permission.ENROLMENT_READ)
def enrolment_token_support(org: str, public_id: str) -> ResponseReturnValue:
    token = db.session.scalar(
        select(Credential).where(Credential.public_id == public_id, Credential.kind == ENROLMENT)
    ) or abort(404)
    found = messages.latest_of_credential(token.id)
    return render(
        "devices/support.html",
        device=None,
        name=token.name,
        code=f"op_{token.kind}_{token.public_id}_…",
        back=(None, url_for("devices.enrolment_tokens", org=org)),
        messages=found,
        offset=_offset(found),
        program=_program(found),
        credentials=[token],
        seen_at=token.last_used_at,
    )


def device_in_sight(public_id: str) -> tuple[Device, DevicePage]:
    """One of the organisation in scope whose trade the visitor may see; 404 for any other."""
    device = db.session.scalar(select(Device).where(Device.public_id == public_id))
    page = page_of(device.kind) if device is not None else None
    if device is None or page is None or not may(page.permission):
        abort(404)
    return device, page


def back_to(device: Device) -> tuple[Label, str]:
    """The kind's name, and where the device's own page is."""
    page = page_of(device.kind) or abort(404)
    org = current_organisation().public_id
    return page.label, url_for(page.endpoint, org=org, public_id=device.public_id)


def _credentials(device: Device, found: Sequence[DeviceMessage]) -> Sequence[Credential]:
    """Its own, and those by which it spoke lately."""
    ids = {m.credential_id for m in found}
    return db.session.scalars(
        select(Credential)
        .where((Credential.device_id == device.id) | Credential.id.in_(ids))
        .order_by(Credential.created_at.desc())
        .limit(messages.KEPT_OF_ONE)
    ).all()


def _offset(found: Sequence[DeviceMessage]) -> float | None:
    """Seconds by which its clock was ahead when it last said the time."""
    latest = next((m.clock_offset_ms for m in found if m.clock_offset_ms is not None), None)
    return None if latest is None else latest / 1000


def _program(found: Sequence[DeviceMessage]) -> str:
    """Name and version of the program that spoke last, as it says itself."""
    return next((m.program for m in found if m.program), "")
