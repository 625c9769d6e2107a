"""Product types and makers in the operator's area (K-3)."""

from __future__ import annotations

from flask import Blueprint, flash, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select

from webapp.accounts.access import OPERATOR
from webapp.core.access import allow
from webapp.core.answers import answer_form
from webapp.core.errors import Refusal
from webapp.core.web import render
from webapp.meters import queries, types
from webapp.meters.catalogue_forms import MakerForm, TypeForm
from webapp.meters.lists.types import MAKERS, TYPES
from webapp.meters.models import Maker, ProductType
from webapp.operator.routes.blueprint import own_organisation

bp = Blueprint("meter_types", __name__, url_prefix="/operator/meters")


@bp.get("/types", endpoint="types")
@allow(OPERATOR)
def type_list() -> ResponseReturnValue:
    return TYPES.page(select(ProductType)).respond("meters/operator/types.html")


@bp.get("/types/new")
@allow(OPERATOR)
def type_new() -> ResponseReturnValue:
    form = TypeForm(formdata=None, makers=queries.makers(), radio="wmbus")
    return render("meters/operator/type_form.html", form=form, row=None, is_used=False)


@bp.post("/types")
@allow(OPERATOR)
def type_create() -> ResponseReturnValue:
    form = TypeForm(makers=queries.makers())

    def act() -> str:
        row = types.create_type(form.facts(), of=own_organisation())
        flash(_("%(name)s is a product type now.", name=row.name), "ok")
        return url_for("meter_types.types")

    return answer_form(form, "meters/operator/type_form.html", act, row=None, is_used=False)


@bp.get("/types/<public_id>")
@allow(OPERATOR)
def type_edit(public_id: str) -> ResponseReturnValue:
    row = types.get_type(public_id)
    form = TypeForm.of(row, queries.makers())
    return render("meters/operator/type_form.html", form=form, row=row, is_used=types.is_used(row))


@bp.post("/types/<public_id>")
@allow(OPERATOR)
def type_change(public_id: str) -> ResponseReturnValue:
    row = types.get_type(public_id)
    form, is_used = TypeForm(makers=queries.makers()), types.is_used(row)

    def act() -> str:
        types.change_type(row, form.facts(), seen=form["version"].data, of=own_organisation())
        flash(_("%(name)s is saved.", name=row.name), "ok")
        return url_for("meter_types.types")

    return answer_form(form, "meters/operator/type_form.html", act, row=row, is_used=is_used)


@bp.get("/makers", endpoint="makers")
@allow(OPERATOR)
def maker_list() -> ResponseReturnValue:
    return MAKERS.page(select(Maker)).respond("meters/operator/makers.html")


@bp.get("/makers/new")
@allow(OPERATOR)
def maker_new() -> ResponseReturnValue:
    return render("meters/operator/maker_form.html", form=MakerForm(formdata=None), row=None)


@bp.post("/makers")
@allow(OPERATOR)
def maker_create() -> ResponseReturnValue:
    form = MakerForm()

    def act() -> str:
        types.create_maker(form["code"].data, form["name"].data, of=own_organisation())
        return url_for("meter_types.makers")

    return answer_form(form, "meters/operator/maker_form.html", act, row=None)


@bp.get("/makers/<code>")
@allow(OPERATOR)
def maker_edit(code: str) -> ResponseReturnValue:
    row = types.get_maker(code)
    form = MakerForm(formdata=None, obj=row)
    return render("meters/operator/maker_form.html", form=form, row=row)


@bp.post("/makers/<code>")
@allow(OPERATOR)
def maker_change(code: str) -> ResponseReturnValue:
    row, form = types.get_maker(code), MakerForm()

    def act() -> str:
        if form["code"].data.upper() != row.code:
            raise Refusal(_("The code of a maker can't change."), field="code")
        types.rename_maker(row, form["name"].data, seen=form["version"].data, of=own_organisation())
        return url_for("meter_types.makers")

    return answer_form(form, "meters/operator/maker_form.html", act, row=row)
