"""Alarms of an organisation, and the operator's page of the portal's own."""

from __future__ import annotations

from flask import Blueprint, abort, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from webapp.accounts.access import OPERATOR
from webapp.alarms import services
from webapp.alarms.forms import AcknowledgeForm
from webapp.alarms.kinds import all_kinds, kind_of
from webapp.alarms.lists import ALARMS, PORTAL_ALARMS, STATES, conditions
from webapp.alarms.models import Condition, ConditionState
from webapp.alarms.telling import subject_of, words_of
from webapp.core.access import allow
from webapp.core.clock import utcnow
from webapp.core.db import db
from webapp.core.errors import Refusal
from webapp.core.principal import acting
from webapp.core.web import render, see_other
from webapp.devices.pages import page_of
from webapp.orgs.access import current_organisation, may
from webapp.orgs.permissions import Permission

bp = Blueprint("alarms", __name__)


@bp.get("/o/<org>/alarms")
@allow(Permission.ALARMS_READ)
def alarms(org: str) -> ResponseReturnValue:
    """What is open now."""
    page = ALARMS.page(conditions(also_closed=False))
    return page.respond("alarms/alarms.html", is_all=False)


@bp.get("/o/<org>/alarms/all")
@allow(Permission.ALARMS_READ)
def all_alarms(org: str) -> ResponseReturnValue:
    page = ALARMS.page(conditions(also_closed=True))
    return page.respond("alarms/alarms.html", is_all=True)


@bp.get("/o/<org>/alarms/<public_id>")
@allow(Permission.ALARMS_READ)
def alarm(org: str, public_id: str) -> ResponseReturnValue:
    return _page(_condition(public_id), AcknowledgeForm(formdata=None))


@bp.post("/o/<org>/alarms/<public_id>/acknowledgements")
@allow(Permission.ALARMS_EDIT)
def alarm_acknowledge(org: str, public_id: str) -> ResponseReturnValue:
    return _acknowledged(
        _condition(public_id, lock=True), url_for("alarms.alarm", org=org, public_id=public_id)
    )


@bp.get("/operator/alarms")
@allow(OPERATOR)
def operator_alarms() -> ResponseReturnValue:
    """The portal's own, also those that are over."""
    names = [kind.name for kind in all_kinds(portals=True)]
    statement = conditions(also_closed=True).where(Condition.kind.in_(names))
    return PORTAL_ALARMS.page(statement).respond("alarms/operator_alarms.html")


@bp.get("/operator/alarms/<public_id>")
@allow(OPERATOR)
def operator_alarm(public_id: str) -> ResponseReturnValue:
    return _page(_portals(public_id), AcknowledgeForm(formdata=None))


@bp.post("/operator/alarms/<public_id>/acknowledgements")
@allow(OPERATOR)
def operator_acknowledge(public_id: str) -> ResponseReturnValue:
    back = url_for("alarms.operator_alarm", public_id=public_id)
    return _acknowledged(_portals(public_id, lock=True), back)


def _condition(public_id: str, *, lock: bool = False) -> Condition:
    """One of the organisation in scope that has opened."""
    statement = (
        select(Condition)
        .where(Condition.public_id == public_id, Condition.state != ConditionState.PENDING)
        .options(joinedload(Condition.device), joinedload(Condition.organisation))
    )
    if lock:
        statement = statement.with_for_update(of=Condition)
    return db.session.scalar(statement) or abort(404)


def _portals(public_id: str, *, lock: bool = False) -> Condition:
    found = _condition(public_id, lock=lock)
    return found if kind_of(found.kind).is_portals else abort(404)


def _acknowledged(condition: Condition, back: str) -> ResponseReturnValue:
    form = AcknowledgeForm()
    if not form.validate():
        return _page(condition, form, status=422)
    try:
        services.acknowledge(condition, note=form.note.data or "", by=acting(), now=utcnow())
    except Refusal as refusal:
        form.refuse(refusal)
        return _page(condition, form, status=refusal.status)
    return see_other(back)


def _page(condition: Condition, form: AcknowledgeForm, *, status: int = 200) -> ResponseReturnValue:
    kind = kind_of(condition.kind)
    return render(
        "alarms/alarm.html",
        condition=condition,
        kind=kind,
        state=STATES[ConditionState(condition.state)],
        about=subject_of(condition),
        words=words_of(condition),
        device_url=_device_url(condition),
        form=form,
        may_edit=kind.is_portals or may(Permission.ALARMS_EDIT),
        status=status,
    )


def _device_url(condition: Condition) -> str | None:
    page = page_of(condition.device.kind) if condition.device is not None else None
    if page is None or condition.device is None or not may(page.permission):
        return None
    here = current_organisation().public_id
    return url_for(page.endpoint, org=here, public_id=condition.device.public_id)
