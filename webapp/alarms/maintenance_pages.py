"""Maintenance windows: the list, one for the organisation or a device, from a device's page (P-44)."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from flask import abort, flash, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select

from webapp.alarms import settings
from webapp.alarms.forms import DeviceWindowForm, WindowForm
from webapp.alarms.lists import windows, windows_listing
from webapp.alarms.models import MaintenanceWindow
from webapp.alarms.routes import bp
from webapp.core import db as database
from webapp.core.access import allow
from webapp.core.clock import utcnow
from webapp.core.db import db
from webapp.core.errors import Refusal
from webapp.core.principal import acting
from webapp.core.web import render, see_other
from webapp.devices.models import Device
from webapp.devices.support import back_to, device_in_sight
from webapp.orgs.access import current_organisation
from webapp.orgs.permissions import Permission


@bp.get("/o/<org>/alarms/maintenance")
@allow(Permission.ALARMS_READ)
def maintenance(org: str) -> ResponseReturnValue:
    """What lasts and what comes."""
    now = utcnow()
    page = windows_listing(now).page(windows(now, also_past=False))
    return page.respond("alarms/maintenance.html", is_all=False)


@bp.get("/o/<org>/alarms/maintenance/all")
@allow(Permission.ALARMS_READ)
def all_maintenance(org: str) -> ResponseReturnValue:
    now = utcnow()
    page = windows_listing(now).page(windows(now, also_past=True))
    return page.respond("alarms/maintenance.html", is_all=True)


@bp.get("/o/<org>/alarms/maintenance/new")
@allow(Permission.ALARMS_EDIT)
def maintenance_new(org: str) -> ResponseReturnValue:
    return _page(WindowForm(formdata=None))


@bp.post("/o/<org>/alarms/maintenance")
@allow(Permission.ALARMS_EDIT)
def maintenance_create(org: str) -> ResponseReturnValue:
    form = WindowForm()
    return _entered(form, None, url_for("alarms.maintenance", org=org))


@bp.get("/o/<org>/devices/<public_id>/maintenance")
@allow(Permission.ALARMS_EDIT)
def device_maintenance(org: str, public_id: str) -> ResponseReturnValue:
    device, _page_of_it = device_in_sight(public_id)
    return _page(DeviceWindowForm(formdata=None), device)


@bp.post("/o/<org>/devices/<public_id>/maintenance")
@allow(Permission.ALARMS_EDIT)
def device_maintenance_create(org: str, public_id: str) -> ResponseReturnValue:
    device, _page_of_it = device_in_sight(public_id)
    back = url_for("alarms.device_maintenance", org=org, public_id=public_id)
    return _entered(DeviceWindowForm(), device, back)


@bp.post("/o/<org>/alarms/maintenance/<public_id>/ending")
@allow(Permission.ALARMS_EDIT)
def maintenance_end(org: str, public_id: str) -> ResponseReturnValue:
    window = db.session.scalar(
        select(MaintenanceWindow).where(MaintenanceWindow.public_id == public_id).with_for_update()
    ) or abort(404)
    settings.end_window(window, by=acting(), now=utcnow())
    flash(_("The maintenance is over."), "ok")
    return see_other(url_for("alarms.maintenance", org=org))


def _entered(form: DeviceWindowForm, device: Device | None, back: str) -> ResponseReturnValue:
    here = current_organisation()
    if not form.validate():
        return _page(form, device, status=422)
    if earlier := form.earlier_location():
        return see_other(earlier)
    try:
        begins_at, ends_at = form.moments(ZoneInfo(here.time_zone))
        settings.create_window(
            here.id,
            begins_at,
            ends_at,
            form.reason.data or "",
            by=acting(),
            now=utcnow(),
            device=device or form.named_device(),
        )
    except Refusal as refusal:
        database.rollback()
        form.refuse(refusal)
        return _page(form, device, status=422)
    flash(_("The maintenance is entered."), "ok")
    return see_other(form.leads_to(back))


def _page(
    form: DeviceWindowForm, device: Device | None = None, *, status: int = 200
) -> ResponseReturnValue:
    here = current_organisation()
    return render(
        "alarms/maintenance_new.html",
        form=form,
        device=device,
        back=back_to(device) if device is not None else None,
        windows=settings.windows_to_come(utcnow(), device) if device is not None else [],
        zone=here.time_zone,
        status=status,
    )
