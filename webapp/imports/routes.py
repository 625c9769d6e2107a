"""Imports as steps: upload, map, look, commit, undo. Each step is a URL and works without a script."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from webapp.accounts.proofs import fresh
from webapp.core.access import allow
from webapp.core.clock import utcnow
from webapp.core.db import rollback
from webapp.core.errors import Refusal
from webapp.core.web import render, see_other
from webapp.imports import services
from webapp.imports.forms import UploadForm, mapping_form, mapping_of
from webapp.imports.lists import IMPORTS, STATES, faults_listing, subject_label
from webapp.imports.models import Import, ImportState
from webapp.imports.queries import (
    allowed_subjects,
    faults_of,
    first_lines,
    get_import,
    get_subject,
    imports_here,
    sample_of,
    work_of,
)
from webapp.imports.reading import MOST_BYTES
from webapp.imports.states import MAPPABLE, REMOVABLE
from webapp.imports.subjects import Subject
from webapp.orgs.access import MEMBER, current_organisation

bp = Blueprint("imports", __name__, url_prefix="/o/<org>/imports")
SAMPLE_LINES = 5


@bp.url_value_preprocessor
def allow_large_files(endpoint: str | None, _values: dict[str, Any] | None) -> None:
    """Before anything reads the form; for people who are signed in only."""
    if endpoint == "imports.upload" and current_user.is_authenticated:
        request.max_content_length = MOST_BYTES


@bp.get("/")
@allow(MEMBER)
def imports(org: str) -> Response:
    page = IMPORTS.page(imports_here())
    return page.respond("imports/imports.html", subjects=allowed_subjects())


@bp.get("/new/<subject>")
@allow(MEMBER)
def new(org: str, subject: str) -> ResponseReturnValue:
    return render("imports/new.html", form=UploadForm(formdata=None), subject=get_subject(subject))


@bp.post("/new/<subject>")
@allow(MEMBER)
def upload(org: str, subject: str) -> ResponseReturnValue:
    what, form = get_subject(subject), UploadForm()
    if not form.validate():
        return render("imports/new.html", form=form, subject=what, status=422)
    if earlier := form.earlier_location():
        return see_other(earlier)
    try:
        row = _keep(form, what)
    except Refusal as refusal:
        rollback()
        form.refuse(refusal)
        return render("imports/new.html", form=form, subject=what, status=refusal.status)
    return see_other(form.leads_to(_url("mapping", row)))


def _keep(form: UploadForm, subject: Subject) -> Import:
    sent = form.file.data
    name = " ".join((sent.filename or "").split())[-120:] or _("file")
    return services.keep_upload(
        sent.stream,
        name,
        subject,
        organisation_id=current_organisation().id,
        encoding=form.encoding.data,
        now=utcnow(),
    )


@bp.get("/new/<subject>/example.csv")
@allow(MEMBER)
def example(org: str, subject: str) -> Response:
    """A file with the headings and one line, as the person's spreadsheet likes it."""
    what, out = get_subject(subject), io.StringIO()
    writer = csv.writer(out, delimiter=current_user.csv_delimiter, lineterminator="\r\n")
    writer.writerow([str(field.label) for field in what.fields])
    writer.writerow([field.example for field in what.fields])
    answer = Response("\ufeff" + out.getvalue(), mimetype="text/csv")
    answer.headers.set("Content-Disposition", "attachment", filename=f"{what.name}.csv")
    return answer


@bp.get("/<public_id>")
@allow(MEMBER)
def one(org: str, public_id: str) -> ResponseReturnValue:
    """How it stands: progress while something runs, else verdicts, report, and what can be done."""
    row, subject = get_import(public_id)
    if row.state == ImportState.UPLOADED:
        return see_other(_url("mapping", row))
    return _page(row, subject)


def _page(row: Import, subject: Subject) -> Response:
    listing = faults_listing(subject).page(faults_of(row))
    work = work_of(row)
    endpoint, values = subject.place()
    now = utcnow()
    return listing.respond(
        "imports/import.html",
        row=row,
        subject=subject,
        subject_label=subject_label(row),
        state=ImportState(row.state),
        state_words=STATES[ImportState(row.state)],
        work=work if work is not None and work.is_open else None,
        sample=sample_of(row, limit=SAMPLE_LINES) if row.rows else [],
        may_undo=row.undo_until is not None and row.undo_until > now and row.made > 0,
        may_map=row.state in MAPPABLE and row.file_id is not None,
        may_remove=row.state in REMOVABLE,
        done_url=url_for(endpoint, org=current_organisation().public_id, **values),
    )


@bp.get("/<public_id>/progress")
@allow(MEMBER)
def progress(org: str, public_id: str) -> ResponseReturnValue:
    """The page's moving part; the whole page anew once the work has ended."""
    row, _subject = get_import(public_id)
    work = work_of(row)
    if work is None or not work.is_open:
        return see_other(_url("one", row))
    return render(
        "imports/progress.html",
        block="progress",
        row=row,
        work=work,
        state_words=STATES[ImportState(row.state)],
    )


@bp.get("/<public_id>/mapping")
@allow(MEMBER)
def mapping(org: str, public_id: str) -> ResponseReturnValue:
    row, subject = get_import(public_id)
    if row.state not in MAPPABLE:
        return see_other(_url("one", row))
    return _mapping_page(row, subject, mapping_form(row, subject, filled=True))


@bp.post("/<public_id>/mapping")
@allow(MEMBER)
def map_columns(org: str, public_id: str) -> ResponseReturnValue:
    row, subject = get_import(public_id, lock=True)
    form = mapping_form(row, subject, filled=False)
    if not form.validate():
        return _mapping_page(row, subject, form, status=422)
    try:
        services.begin_check(row, subject, mapping_of(form, subject), version=form.version.data)
    except Refusal as refusal:
        if refusal.status == 409:
            return _changed(public_id, refusal)
        rollback()
        form.refuse(refusal)
        row, subject = get_import(public_id)
        return _mapping_page(row, subject, form, status=refusal.status)
    return see_other(_url("one", row))


def _mapping_page(row: Import, subject: Subject, form: Any, *, status: int = 200) -> Response:
    return render(
        "imports/mapping.html",
        row=row,
        subject=subject,
        form=form,
        sample=first_lines(row, subject, limit=SAMPLE_LINES),
        status=status,
    )


@bp.post("/<public_id>/commits")
@allow(MEMBER)
@fresh
def commit(org: str, public_id: str) -> ResponseReturnValue:
    return _act(
        public_id,
        lambda row: services.begin_commit(
            row,
            without_faulty=request.form.get("faulty") == "skip",
            version=request.form.get("version", ""),
        ),
    )


@bp.post("/<public_id>/undos")
@allow(MEMBER)
@fresh
def undo(org: str, public_id: str) -> ResponseReturnValue:
    return _act(public_id, lambda row: services.begin_undo(row, now=utcnow()))


@bp.post("/<public_id>/cancellations")
@allow(MEMBER)
def cancel(org: str, public_id: str) -> ResponseReturnValue:
    return _act(public_id, lambda row: services.ask_cancel(row, now=utcnow()))


@bp.post("/<public_id>/removals")
@allow(MEMBER)
def remove(org: str, public_id: str) -> ResponseReturnValue:
    row, _subject = get_import(public_id, lock=True)
    try:
        services.remove(row)
    except Refusal as refusal:
        return _changed(public_id, refusal)
    flash(_("%(file)s was discarded.", file=row.file_name), "ok")
    return see_other(url_for("imports.imports", org=org))


def _act(public_id: str, act: Callable[[Import], None]) -> ResponseReturnValue:
    """One step on, then look how it stands; a refusal is shown on the page."""
    row, _subject = get_import(public_id, lock=True)
    try:
        act(row)
    except Refusal as refusal:
        return _changed(public_id, refusal)
    return see_other(_url("one", row))


def _changed(public_id: str, refusal: Refusal) -> BaseResponse:
    rollback()
    row, _subject = get_import(public_id)
    flash(refusal.message, "warning")
    return see_other(_url("one", row))


def _url(name: str, row: Import) -> str:
    return url_for(f"imports.{name}", org=current_organisation().public_id, public_id=row.public_id)
