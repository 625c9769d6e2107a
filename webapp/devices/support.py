"""The support pages of a device and of an enrolment token: what it said last, and why it was refused (P-43)."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, abort, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from webapp.core.access import allow
from webapp.core.db import db
from webapp.core.web import render
from webapp.devices import messages
from webapp.devices.access import ENROLMENT
from webapp.devices.models import Credential, Device, DeviceMessage, Liveness
from webapp.devices.pages import page_of
from webapp.devices.routes import bp as tokens
from webapp.orgs.access import may
from webapp.orgs.permissions import Permission

bp = Blueprint("device", __name__, url_prefix="/o/<org>/devices")


@bp.get("/<public_id>/support")
@allow(Permission.ENROLMENT_READ)
def device_support(org: str, public_id: str) -> ResponseReturnValue:
    device = db.session.scalar(select(Device).where(Device.public_id == public_id))
    page = page_of(device.kind) if device is not None else None
    if device is None or page is None or not may(page.permission):
        abort(404)
    found = messages.latest_of_device(device.id)
    return render(
        "devices/support.html",
        name=device.name,
        code=device.serial or device.code or "",
        back=(page.label, url_for(page.endpoint, org=org, public_id=public_id)),
        messages=found,
        offset=_offset(found),
        credentials=_credentials(device, found),
        seen_at=db.session.scalar(
            select(Liveness.last_seen_at).where(Liveness.device_id == device.id)
        ),
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
        name=token.name,
        code=f"op_{token.kind}_{token.public_id}_…",
        back=(None, url_for("devices.enrolment_tokens", org=org)),
        messages=found,
        offset=_offset(found),
        credentials=[token],
        seen_at=token.last_used_at,
    )


def _credentials(device: Device, found: Sequence[DeviceMessage]) -> Sequence[Credential]:
    """Its own, and those by which it spoke lately."""
    ids = {m.credential_id for m in found}
    return db.session.scalars(
        select(Credential)
        .where((Credential.device_id == device.id) | Credential.id.in_(ids))
        .order_by(Credential.created_at.desc())
    ).all()


def _offset(found: Sequence[DeviceMessage]) -> float | None:
    """Seconds by which its clock was ahead when it last said the time."""
    latest = next((m.clock_offset_ms for m in found if m.clock_offset_ms is not None), None)
    return None if latest is None else latest / 1000
