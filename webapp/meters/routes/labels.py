"""Labels of meters: manage them, set them on one or many (K-5)."""

from __future__ import annotations

from typing import Any

from flask import flash
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import func, select

from webapp.core.access import allow
from webapp.core.clock import utcnow
from webapp.core.db import db
from webapp.core.errors import Refusal
from webapp.core.web import render, see_other
from webapp.devices.labels import all_labels, label_named
from webapp.meters import labelling, queries, selections
from webapp.meters.catalogue_forms import LabelForm, SetLabelsForm
from webapp.meters.facts import TRADE
from webapp.meters.many import among
from webapp.meters.models import Meter
from webapp.meters.routes.blueprint import answer_form, bp, flask_url_for, url_for
from webapp.orgs.access import current_organisation
from webapp.orgs.permissions import Permission

NAMED = 20
"""So many serials stand on the page; of the rest their number."""


@bp.get("/labels", endpoint="labels")
@allow(Permission.METERS_READ)
def labels_page(org: str) -> ResponseReturnValue:
    return render(
        "meters/labels.html", labels=all_labels(TRADE), form=LabelForm(formdata=None), status=200
    )


@bp.post("/labels")
@allow(Permission.METERS_EDIT)
def label_create(org: str) -> ResponseReturnValue:
    form = LabelForm()

    def act() -> str:
        labelling.create_label(
            form["name"].data, form["colour"].data, organisation_id=current_organisation().id
        )
        return url_for("labels")

    return answer_form(form, "meters/labels.html", act, labels=all_labels(TRADE))


@bp.get("/labels/<public_id>/edit")
@allow(Permission.METERS_EDIT)
def label_edit(org: str, public_id: str) -> ResponseReturnValue:
    label = labelling.get_label(public_id)
    form = LabelForm(formdata=None, obj=label)
    return render("meters/label_form.html", form=form, label=label)


@bp.post("/labels/<public_id>/edit")
@allow(Permission.METERS_EDIT)
def label_change(org: str, public_id: str) -> ResponseReturnValue:
    label, form = labelling.get_label(public_id), LabelForm()

    def act() -> str:
        name, colour = form["name"].data, form["colour"].data
        labelling.change_label(label, name, colour, seen=form["version"].data)
        return url_for("labels")

    return answer_form(form, "meters/label_form.html", act, label=label)


@bp.get("/labels/<public_id>/deletion")
@allow(Permission.METERS_EDIT)
def label_deletion(org: str, public_id: str) -> ResponseReturnValue:
    label = labelling.get_label(public_id)
    number = labelling.count_with(label.number)
    return render("meters/label_deletion.html", label=label, number=number)


@bp.post("/labels/<public_id>/deletion")
@allow(Permission.METERS_EDIT)
def label_delete(org: str, public_id: str) -> ResponseReturnValue:
    label = labelling.get_label(public_id)
    labelling.delete_label(label, now=utcnow())
    flash(_("The label “%(name)s” is deleted.", name=label.name), "ok")
    return see_other(url_for("labels"))


@bp.get("/labels/set/<selection>")
@allow(Permission.METERS_EDIT)
def labels_set(org: str, selection: str) -> ResponseReturnValue:
    ids = selections.ids_of(selection)
    form = SetLabelsForm(formdata=None, labels=all_labels(TRADE))
    return render("meters/labels_set.html", form=form, **_chosen(ids))


@bp.post("/labels/set/<selection>")
@allow(Permission.METERS_EDIT)
def labels_put(org: str, selection: str) -> ResponseReturnValue:
    ids = selections.ids_of(selection)
    form = SetLabelsForm(labels=all_labels(TRADE))
    return answer_form(form, "meters/labels_set.html", lambda: _set(form, ids), **_chosen(ids))


@bp.get("/<public_id>/labels")
@allow(Permission.METERS_EDIT)
def meter_labels(org: str, public_id: str) -> ResponseReturnValue:
    meter = queries.get_meter(public_id)
    form = SetLabelsForm(formdata=None, labels=all_labels(TRADE))
    return render("meters/labels_set.html", form=form, **_chosen([meter.id]))


@bp.post("/<public_id>/labels")
@allow(Permission.METERS_EDIT)
def meter_labels_put(org: str, public_id: str) -> ResponseReturnValue:
    ids, form = [queries.get_meter(public_id).id], SetLabelsForm(labels=all_labels(TRADE))
    return answer_form(form, "meters/labels_set.html", lambda: _set(form, ids), **_chosen(ids))


def _set(form: SetLabelsForm, ids: list[int]) -> str:
    organisation, now = current_organisation(), utcnow()
    add, remove = list(form["add"].data or []), list(form["remove"].data or [])
    if both := set(add) & set(remove):
        names = [label.name for label in all_labels(TRADE) if label.number in both]
        words = _("“%(name)s” can't be put on and taken off at once.", name=names[0])
        raise Refusal(words, field="remove")
    if form["new"].data:
        add.append(_new(form["new"].data, organisation.id))
    if not add and not remove:
        raise Refusal(_("Tick at least one label."), field="add")
    if len(ids) > labelling.AT_ONCE:
        work = labelling.begin_labelling(
            ids, add=add, remove=remove, organisation_id=organisation.id, now=now
        )
        return flask_url_for(
            "activities.activity", org=organisation.public_id, public_id=work.public_id
        )
    done = labelling.set_labels(ids, add=add, remove=remove, organisation_id=organisation.id)
    flash(ngettext("%(num)s meter labelled.", "%(num)s meters labelled.", done), "ok")
    return url_for("meters")


def _new(name: str, organisation_id: int) -> int:
    """A name that is there already is that label."""
    try:
        return label_named(name, trade=TRADE, organisation_id=organisation_id).number
    except Refusal as refusal:
        raise Refusal(refusal.message, field="new", status=refusal.status) from refusal


def _chosen(ids: list[int]) -> dict[str, Any]:
    """Those that are still here."""
    here = select(Meter.serial).where(among(Meter.id, ids))
    number = db.session.scalar(select(func.count()).select_from(here.subquery())) or 0
    return {
        "number": number,
        "serials": list(db.session.scalars(here.order_by(Meter.serial).limit(NAMED))),
    }
