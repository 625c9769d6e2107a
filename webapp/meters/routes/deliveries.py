"""The operator's pages of factory deliveries (K-4): file, columns, verdicts, commit, report, undo."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, abort, flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from webapp.accounts.access import OPERATOR
from webapp.accounts.proofs import fresh
from webapp.core.access import allow
from webapp.core.clock import utcnow
from webapp.core.db import rollback
from webapp.core.errors import Refusal
from webapp.core.web import render, see_other
from webapp.imports import services
from webapp.imports.forms import mapping_form, mapping_of
from webapp.imports.lists import STATES, faults_listing
from webapp.imports.models import Import, ImportState
from webapp.imports.queries import faults_of, first_lines, sample_of, work_of
from webapp.imports.reading import MOST_BYTES
from webapp.imports.states import MAPPABLE, REMOVABLE
from webapp.imports.subjects import subject_of
from webapp.meters import deliveries as parcels
from webapp.meters.delivery_forms import DeliveryForm, organisations_offered, types_offered
from webapp.meters.imports.subjects import Deliveries
from webapp.meters.lists.deliveries import DELIVERIES, deliveries_here, format_words
from webapp.operator.routes.blueprint import own_organisation

bp = Blueprint("deliveries", __name__, url_prefix="/operator/deliveries")
SAMPLE_LINES = 5


@bp.url_value_preprocessor
def allow_large_files(endpoint: str | None, _values: dict[str, Any] | None) -> None:
    """Before anything reads the form; for operators only."""
    if endpoint == "deliveries.upload" and getattr(current_user, "is_operator", False):
        request.max_content_length = MOST_BYTES


@bp.get("/", endpoint="deliveries")
@allow(OPERATOR)
def all_of_them() -> ResponseReturnValue:
    return DELIVERIES.page(deliveries_here()).respond("meters/deliveries/deliveries.html")


@bp.get("/new")
@allow(OPERATOR)
def new() -> ResponseReturnValue:
    return _upload_page(DeliveryForm(formdata=None, data={"receiver": request.args.get("to", "")}))


@bp.post("/new")
@allow(OPERATOR)
def upload() -> ResponseReturnValue:
    form = DeliveryForm()
    if not form.validate():
        return _upload_page(form, status=422)
    if earlier := form.earlier_location():
        return see_other(earlier)
    try:
        row = parcels.take_in(form.parcel(), operator=own_organisation(), now=utcnow())
    except Refusal as refusal:
        rollback()
        form.refuse(refusal)
        return _upload_page(form, status=refusal.status)
    return see_other(form.leads_to(_url("mapping", row)))


def _upload_page(form: DeliveryForm, *, status: int = 200) -> Response:
    return render(
        "meters/deliveries/new.html",
        form=form,
        subject=subject_of(Deliveries.name),
        offered=organisations_offered(),
        status=status,
    )


@bp.get("/example.csv")
@allow(OPERATOR)
def example() -> Response:
    """Headings and one line of our own CSV; its key is no key."""
    subject, out = subject_of(Deliveries.name), io.StringIO()
    writer = csv.writer(out, delimiter=current_user.csv_delimiter, lineterminator="\r\n")
    writer.writerow([str(field.label) for field in subject.fields])
    writer.writerow([field.example for field in subject.fields])
    answer = Response("\ufeff" + out.getvalue(), mimetype="text/csv")
    answer.headers.set("Content-Disposition", "attachment", filename="delivery.csv")
    return answer


@bp.get("/<public_id>")
@allow(OPERATOR)
def delivery(public_id: str) -> ResponseReturnValue:
    """How it stands: progress while something runs, else verdicts, report, and what can be done."""
    row = _get(public_id)
    if row.state == ImportState.UPLOADED:
        return see_other(_url("mapping", row))
    subject = subject_of(row.subject)
    work = work_of(row)
    page = faults_listing(subject).page(faults_of(row))
    return page.respond(
        "meters/deliveries/delivery.html",
        row=row,
        subject=subject,
        receiver=parcels.receiver_of(row),
        state=ImportState(row.state),
        state_words=STATES[ImportState(row.state)],
        work=work if work is not None and work.is_open else None,
        sample=sample_of(row, limit=SAMPLE_LINES) if row.rows else [],
        shown=[field for field in subject.fields if not field.secret],
        format_words=format_words,
        may_undo=row.undo_until is not None and row.undo_until > utcnow() and row.made > 0,
        may_map=row.state in MAPPABLE and row.file_id is not None,
        may_remove=row.state in REMOVABLE,
    )


@bp.get("/<public_id>/progress")
@allow(OPERATOR)
def progress(public_id: str) -> ResponseReturnValue:
    """The page's moving part; the whole page anew once the work has ended."""
    row = _get(public_id)
    work = work_of(row)
    if work is None or not work.is_open:
        return see_other(_url("delivery", row))
    words = STATES[ImportState(row.state)]
    return render(
        "meters/deliveries/progress.html", block="progress", row=row, work=work, state_words=words
    )


@bp.get("/<public_id>/mapping")
@allow(OPERATOR)
def mapping(public_id: str) -> ResponseReturnValue:
    row = _get(public_id)
    if row.state not in MAPPABLE:
        return see_other(_url("delivery", row))
    return _mapping_page(row, mapping_form(row, subject_of(row.subject), filled=True))


@bp.post("/<public_id>/mapping")
@allow(OPERATOR)
def map_columns(public_id: str) -> ResponseReturnValue:
    row = _get(public_id, lock=True)
    subject = subject_of(row.subject)
    form = mapping_form(row, subject, filled=False)
    if not form.validate():
        return _mapping_page(row, form, status=422)
    try:
        services.begin_check(row, subject, mapping_of(form, subject), version=form.version.data)
    except Refusal as refusal:
        if refusal.status == 409:
            return _changed(public_id, refusal)
        rollback()
        form.refuse(refusal)
        return _mapping_page(_get(public_id), form, status=refusal.status)
    return see_other(_url("delivery", row))


def _mapping_page(row: Import, form: Any, *, status: int = 200) -> Response:
    subject = subject_of(row.subject)
    return render(
        "meters/deliveries/mapping.html",
        row=row,
        subject=subject,
        form=form,
        receiver=parcels.receiver_of(row),
        types=types_offered(),
        sample=first_lines(row, subject, limit=SAMPLE_LINES),
        status=status,
    )


@bp.post("/<public_id>/commits")
@allow(OPERATOR)
@fresh
def commit(public_id: str) -> ResponseReturnValue:
    """All or nothing: a delivery with faulty lines is mended at the maker's, not cut."""
    version = request.form.get("version", "")
    return _act(
        public_id,
        lambda row: services.begin_commit(row, without_faulty=False, version=version),
    )


@bp.post("/<public_id>/undos")
@allow(OPERATOR)
@fresh
def undo(public_id: str) -> ResponseReturnValue:
    return _act(public_id, lambda row: services.begin_undo(row, now=utcnow()))


@bp.post("/<public_id>/cancellations")
@allow(OPERATOR)
def cancel(public_id: str) -> ResponseReturnValue:
    return _act(public_id, lambda row: services.ask_cancel(row, now=utcnow()))


@bp.post("/<public_id>/removals")
@allow(OPERATOR)
def remove(public_id: str) -> ResponseReturnValue:
    row = _get(public_id, lock=True)
    try:
        services.remove(row)
    except Refusal as refusal:
        return _changed(public_id, refusal)
    flash(_("%(file)s was discarded.", file=row.file_name), "ok")
    return see_other(url_for("deliveries.deliveries"))


def _act(public_id: str, act: Callable[[Import], None]) -> ResponseReturnValue:
    row = _get(public_id, lock=True)
    try:
        act(row)
    except Refusal as refusal:
        return _changed(public_id, refusal)
    return see_other(_url("delivery", row))


def _changed(public_id: str, refusal: Refusal) -> BaseResponse:
    rollback()
    flash(refusal.message, "warning")
    return see_other(url_for("deliveries.delivery", public_id=public_id))


def _get(public_id: str, *, lock: bool = False) -> Import:
    return parcels.find(public_id, lock=lock) or abort(404)


def _url(name: str, row: Import) -> str:
    return url_for(f"deliveries.{name}", public_id=row.public_id)
