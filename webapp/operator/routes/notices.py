"""Status notices: list, write, edit, resolve, delete."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from flask import abort, flash, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select

from webapp.accounts.access import OPERATOR
from webapp.core import health
from webapp.core.access import allow
from webapp.core.clock import utcnow
from webapp.core.db import db, rollback
from webapp.core.errors import Refusal
from webapp.core.web import render, see_other
from webapp.operator import notices as services
from webapp.operator.forms import NoticeForm
from webapp.operator.lists import NOTICES
from webapp.operator.models import Notice
from webapp.operator.routes.blueprint import bp, own_organisation, stale


@bp.get("/notices", endpoint="notices")
@allow(OPERATOR)
def notice_list() -> ResponseReturnValue:
    return NOTICES.page(select(Notice)).respond("operator/notices.html")


@bp.get("/notices/new")
@allow(OPERATOR)
def notice_new() -> ResponseReturnValue:
    return _form(
        NoticeForm(
            formdata=None,
            components=_components(),
            begins_at=utcnow().astimezone(_zone()),
            state="open",
        )
    )


@bp.post("/notices/new")
@allow(OPERATOR)
def notice_create() -> ResponseReturnValue:
    form = NoticeForm(components=_components())
    if not form.validate():
        return _form(form, status=422)
    if earlier := form.earlier_location():
        return see_other(earlier)
    try:
        row = services.create_notice(form.values(_zone()), of=own_organisation())
    except Refusal as refusal:
        return _refused(form, refusal)
    flash(_("The notice is saved."), "ok")
    return see_other(form.leads_to(url_for("operator.notice", public_id=row.public_id)))


@bp.get("/notices/<public_id>", endpoint="notice")
@allow(OPERATOR)
def notice_show(public_id: str) -> ResponseReturnValue:
    row = _row(public_id)
    part = dict(_components()).get(row.component or "", row.component) or _("The whole portal")
    return render("operator/notice.html", row=row, part=part, now=utcnow())


@bp.get("/notices/<public_id>/edit")
@allow(OPERATOR)
def notice_edit(public_id: str) -> ResponseReturnValue:
    row = _row(public_id)
    return _form(NoticeForm.of(row, _zone(), _components()), row)


@bp.post("/notices/<public_id>/edit")
@allow(OPERATOR)
def notice_save(public_id: str) -> ResponseReturnValue:
    row, form = _row(public_id), NoticeForm(components=_components())
    if not form.validate():
        return _form(form, row, status=422)
    if stale(form, row):
        return _form(form, row, status=409)
    try:
        services.change_notice(row, form.values(_zone()), of=own_organisation())
    except Refusal as refusal:
        return _refused(form, refusal, public_id)
    flash(_("The notice is saved."), "ok")
    return see_other(url_for("operator.notice", public_id=public_id))


@bp.post("/notices/<public_id>/resolutions")
@allow(OPERATOR)
def notice_resolve(public_id: str) -> ResponseReturnValue:
    services.resolve_notice(_row(public_id), of=own_organisation(), now=utcnow())
    flash(_("The notice is resolved."), "ok")
    return see_other(url_for("operator.notice", public_id=public_id))


@bp.get("/notices/<public_id>/deletion")
@allow(OPERATOR)
def notice_deletion(public_id: str) -> ResponseReturnValue:
    row = _row(public_id)
    return render(
        "operator/confirm.html",
        title=_("Delete this notice?"),
        words=_(
            "It vanishes from the status page at once and can't be brought back. What is over is better resolved."
        ),
        verb=_("Delete"),
        back=url_for("operator.notice", public_id=public_id),
        trail=[(_("Status notices"), url_for("operator.notices"))],
        about=row.title.in_language("en"),
    )


@bp.post("/notices/<public_id>/deletion")
@allow(OPERATOR)
def notice_delete(public_id: str) -> ResponseReturnValue:
    services.delete_notice(_row(public_id), of=own_organisation())
    flash(_("The notice is deleted."), "ok")
    return see_other(url_for("operator.notices"))


def _row(public_id: str) -> Notice:
    return db.session.scalar(select(Notice).where(Notice.public_id == public_id)) or abort(404)


def _components() -> list[tuple[str, str]]:
    """The parts of the status page."""
    return [(part.name, str(part.label)) for part in health.parts()]


def _zone() -> ZoneInfo:
    return ZoneInfo(own_organisation().time_zone)


def _form(form: NoticeForm, row: Notice | None = None, *, status: int = 200) -> ResponseReturnValue:
    zone = own_organisation().time_zone.replace("_", " ")
    return render("operator/notice_form.html", form=form, row=row, zone=zone, status=status)


def _refused(
    form: NoticeForm, refusal: Refusal, public_id: str | None = None
) -> ResponseReturnValue:
    rollback()
    form.refuse(refusal)
    return _form(form, _row(public_id) if public_id else None, status=refusal.status)
