"""News: list, write, edit, end, delete."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from flask import abort, flash, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select

from webapp.accounts.access import OPERATOR
from webapp.core.access import allow
from webapp.core.clock import utcnow
from webapp.core.db import db, rollback
from webapp.core.errors import Refusal
from webapp.core.web import render, see_other
from webapp.operator import news as services
from webapp.operator.forms import NewsForm
from webapp.operator.lists import NEWS, TRADE_NAMES
from webapp.operator.models import News
from webapp.operator.routes.blueprint import bp, own_organisation, stale


@bp.get("/news", endpoint="news_items")
@allow(OPERATOR)
def news_list() -> ResponseReturnValue:
    return NEWS.page(select(News)).respond("operator/news_items.html")


@bp.get("/news/new")
@allow(OPERATOR)
def news_item_new() -> ResponseReturnValue:
    return _form(NewsForm(formdata=None, from_at=utcnow().astimezone(_zone())))


@bp.post("/news/new")
@allow(OPERATOR)
def news_item_create() -> ResponseReturnValue:
    form = NewsForm()
    if not form.validate():
        return _form(form, status=422)
    if earlier := form.earlier_location():
        return see_other(earlier)
    try:
        row = services.create_news(form.values(_zone()), of=own_organisation())
    except Refusal as refusal:
        return _refused(form, refusal)
    flash(_("The news is saved."), "ok")
    return see_other(form.leads_to(url_for("operator.news_item", public_id=row.public_id)))


@bp.get("/news/<public_id>", endpoint="news_item")
@allow(OPERATOR)
def news_show(public_id: str) -> ResponseReturnValue:
    row = _row(public_id)
    trade = str(TRADE_NAMES.get(row.trade or "", _("All")))
    return render("operator/news_item.html", row=row, trade=trade, now=utcnow())


@bp.get("/news/<public_id>/edit")
@allow(OPERATOR)
def news_item_edit(public_id: str) -> ResponseReturnValue:
    row = _row(public_id)
    return _form(NewsForm.of(row, _zone()), row)


@bp.post("/news/<public_id>/edit")
@allow(OPERATOR)
def news_item_save(public_id: str) -> ResponseReturnValue:
    row, form = _row(public_id), NewsForm()
    if not form.validate():
        return _form(form, row, status=422)
    if stale(form, row):
        return _form(form, row, status=409)
    try:
        services.change_news(row, form.values(_zone()), of=own_organisation())
    except Refusal as refusal:
        return _refused(form, refusal, public_id)
    flash(_("The news is saved."), "ok")
    return see_other(url_for("operator.news_item", public_id=public_id))


@bp.post("/news/<public_id>/endings")
@allow(OPERATOR)
def news_item_end(public_id: str) -> ResponseReturnValue:
    services.end_news(_row(public_id), of=own_organisation(), now=utcnow())
    flash(_("The news is no longer shown."), "ok")
    return see_other(url_for("operator.news_item", public_id=public_id))


@bp.get("/news/<public_id>/deletion")
@allow(OPERATOR)
def news_item_deletion(public_id: str) -> ResponseReturnValue:
    row = _row(public_id)
    return render(
        "operator/confirm.html",
        title=_("Delete this news?"),
        words=_("It vanishes from all pages at once and can't be brought back."),
        verb=_("Delete"),
        back=url_for("operator.news_item", public_id=public_id),
        trail=[(_("News"), url_for("operator.news_items"))],
        about=row.title.in_language("en"),
    )


@bp.post("/news/<public_id>/deletion")
@allow(OPERATOR)
def news_item_delete(public_id: str) -> ResponseReturnValue:
    services.delete_news(_row(public_id), of=own_organisation())
    flash(_("The news is deleted."), "ok")
    return see_other(url_for("operator.news_items"))


def _row(public_id: str) -> News:
    return db.session.scalar(select(News).where(News.public_id == public_id)) or abort(404)


def _zone() -> ZoneInfo:
    return ZoneInfo(own_organisation().time_zone)


def _form(form: NewsForm, row: News | None = None, *, status: int = 200) -> ResponseReturnValue:
    zone = own_organisation().time_zone.replace("_", " ")
    return render("operator/news_form.html", form=form, row=row, zone=zone, status=status)


def _refused(form: NewsForm, refusal: Refusal, public_id: str | None = None) -> ResponseReturnValue:
    rollback()
    form.refuse(refusal)
    return _form(form, _row(public_id) if public_id else None, status=refusal.status)
