"""Creating a batch: the form, the report of what can't go along, the batch (K-11, K-12)."""

from __future__ import annotations

import csv
import io
import re
from typing import IO, Any

from flask import Response, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from webapp.core.access import allow
from webapp.core.clock import utcnow
from webapp.core.db import rollback
from webapp.core.errors import Refusal
from webapp.core.web import render, see_other
from webapp.devices import labels
from webapp.meters import batches, drafts
from webapp.meters.batch_forms import BatchForm
from webapp.meters.batch_receivers import receivers_of
from webapp.meters.batch_words import FAULTS
from webapp.meters.batches import Report, Wanted
from webapp.meters.drafts import BatchDraft, Contents, Sent
from webapp.meters.routes.blueprint import bp, url_for
from webapp.orgs.access import current_organisation
from webapp.orgs.permissions import Permission

FORM, REPORT = "meters/batch_form.html", "meters/batch_report.html"
MOST_SHOWN = 200
MOST_BYTES = 40 * 1024 * 1024
MOST_TEXT_BYTES = 8 * 1024 * 1024
_LARGE = ("meters.batch_create", "meters.draft_save")


@bp.url_value_preprocessor
def allow_large_lists(endpoint: str | None, _values: dict[str, Any] | None) -> None:
    """Before anything reads the form; for people who are signed in only."""
    if endpoint in _LARGE and current_user.is_authenticated:
        request.max_content_length = MOST_BYTES
        request.max_form_memory_size = MOST_TEXT_BYTES


@bp.get("/batches/new")
@allow(Permission.BATCHES_EDIT)
def batch_new(org: str) -> Response:
    here = current_organisation()
    suggested = batches.suggested_reference(here, year=utcnow().year)
    rest = suggested.removeprefix(f"{here.prefix}-")
    form = BatchForm(formdata=None, receivers=receivers_of(here), rest=rest)
    return _form_page(form, None)


@bp.post("/batches")
@allow(Permission.BATCHES_EDIT)
def batch_create(org: str) -> ResponseReturnValue:
    return _take_in(None)


@bp.get("/batches/drafts/<public_id>")
@allow(Permission.BATCHES_EDIT)
def draft(org: str, public_id: str) -> ResponseReturnValue:
    found = drafts.get(public_id, user_id=current_user.id)
    if found.batch_public_id:
        return see_other(url_for("batch", public_id=found.batch_public_id))
    return _form_page(BatchForm.of(found, receivers_of(current_organisation())), found)


@bp.post("/batches/drafts/<public_id>")
@allow(Permission.BATCHES_EDIT)
def draft_save(org: str, public_id: str) -> ResponseReturnValue:
    return _take_in(public_id)


def _form_page(form: BatchForm, kept: BatchDraft | None, status: int = 200) -> Response:
    return render(
        FORM,
        status=status,
        form=form,
        draft=kept,
        count=drafts.count(kept) if kept is not None else 0,
        listed=sum(row.number for row in kept.lists) if kept is not None else 0,
        label_names=[label.name for label in labels.all_labels("meters")],
        most=batches.MOST_SERIALS,
        prefix=current_organisation().prefix,
    )


def _take_in(public_id: str | None) -> ResponseReturnValue:
    """Keep what came; then go on, or say what is wrong."""
    here = current_organisation()
    if public_id:
        drafts.get(public_id, user_id=current_user.id)
    form = BatchForm(receivers=receivers_of(here))
    if earlier := form.earlier_location():
        return see_other(earlier)
    sent = _sent(form)
    kept_id = drafts.stage(
        sent, public_id, organisation_id=here.id, user_id=current_user.id, now=utcnow()
    )
    kept = drafts.get(kept_id, user_id=current_user.id, lock=True)
    form.serials.data, form.one.data = kept.typed, sent.one
    if not sent.problems and request.form.get("act") in ("add", "count", "remove"):
        return see_other(form.leads_to(url_for("draft", public_id=kept_id)))
    return _check_and_create(form, kept, sent)


def _check_and_create(form: BatchForm, kept: BatchDraft, sent: Sent) -> ResponseReturnValue:
    held = drafts.contents(kept)
    is_valid = form.validate()
    _add_problems(form, sent, held)
    if not is_valid or sent.problems or held.columns_missing or not held.serials:
        rollback()
        return _form_page(form, drafts.get(kept.public_id, user_id=current_user.id), 422)
    try:
        batches.checked_reference(_reference(form.rest.data), current_organisation())
        report = drafts.check(kept, held)
        if held.faults or not report.is_clean:
            return see_other(form.leads_to(url_for("draft_report", public_id=kept.public_id)))
        return see_other(form.leads_to(_create(kept, report)))
    except Refusal as refusal:
        rollback()
        _refuse(form, refusal)
        kept = drafts.get(kept.public_id, user_id=current_user.id)
        return _form_page(form, kept, refusal.status)


def _add_problems(form: BatchForm, sent: Sent, held: Contents) -> None:
    for name, problems in sent.problems.items():
        form[name].errors = [*form[name].errors, *problems]
    if sent.problems:
        return
    for name in held.columns_missing:
        words = _("Choose the column of %(name)s that holds the serial numbers.", name=name)
        form.files.errors = [*form.files.errors, words]
    if not held.serials and not held.columns_missing:
        words = _("Enter at least one serial number, or choose a file.")
        form.serials.errors = [*form.serials.errors, words]


def _refuse(form: BatchForm, refusal: Refusal) -> None:
    field = "rest" if refusal.field == "reference" else refusal.field
    form.refuse(Refusal(refusal.message, field=field))


def _sent(form: BatchForm) -> Sent:
    columns = {
        int(name.removeprefix("column-")): int(value)
        for name, value in request.form.items()
        if re.fullmatch(r"column-\d{1,18}", name) and re.fullmatch(r"-?\d{1,4}", value)
    }
    removed = request.form.get("remove", "")
    files = [(_name_of(f.filename), _stream_of(f)) for f in form.files.data or [] if _is_file(f)]
    return Sent(
        reference=_rest(form.rest.data or ""),
        receiver=form.receiver.data or "",
        needs_confirmation=form.needs_confirmation.data,
        label=form.label.data or "",
        typed=form.serials.data or "",
        one=form.one.data or "",
        files=files,
        columns=columns,
        remove=int(removed) if re.fullmatch(r"\d{1,18}", removed) else None,
    )


def _is_file(sent: Any) -> bool:
    return bool(getattr(sent, "filename", ""))


def _stream_of(sent: Any) -> IO[bytes]:
    stream: IO[bytes] = sent.stream
    return stream


def _name_of(filename: str) -> str:
    return " ".join(filename.split())[-120:]


def _rest(typed: str) -> str:
    """Without the prefix, which stands before the field: whoever pastes the whole reference is understood."""
    prefix = f"{current_organisation().prefix}-"
    return typed[len(prefix) :] if typed.upper().startswith(prefix) else typed


def _reference(rest: str) -> str:
    prefix = current_organisation().prefix
    return f"{prefix}-{_rest(rest)}" if prefix else rest


def _create(kept: BatchDraft, report: Report) -> str:
    here = current_organisation()
    receiver = receivers_of(here).named(kept.receiver)
    if receiver is None:
        raise Refusal(_("Choose who receives the batch."), field="receiver")
    wanted = Wanted(
        reference=_reference(kept.reference),
        receiver=receiver,
        needs_confirmation=kept.needs_confirmation,
        label_name=kept.label or None,
    )
    batch = batches.create(wanted, report.meter_ids, issuer=here, now=utcnow())
    drafts.done(kept, batch.public_id)
    return url_for("batch", public_id=batch.public_id)


@bp.get("/batches/drafts/<public_id>/report")
@allow(Permission.BATCHES_EDIT)
def draft_report(org: str, public_id: str) -> ResponseReturnValue:
    kept = drafts.get(public_id, user_id=current_user.id)
    if kept.batch_public_id:
        return see_other(url_for("batch", public_id=kept.batch_public_id))
    held = drafts.contents(kept)
    report = drafts.check(kept, held)
    if request.args.get("format") == "csv":
        return _as_csv(report, held)
    return _report_page(kept, held, report)


def _report_page(
    kept: BatchDraft, held: Contents, report: Report, *, refusal: str = "", status: int = 200
) -> Response:
    several = [r for r in report.refused if r.makers]
    return render(
        REPORT,
        status=status,
        draft=kept,
        reference=_reference(kept.reference),
        report=report,
        held=held,
        several=several[:MOST_SHOWN],
        refused=[r for r in report.refused if not r.makers][:MOST_SHOWN],
        faults=held.faults[:MOST_SHOWN],
        fault_words=FAULTS,
        number=len(report.refused) + len(held.faults) + held.more_faults,
        most=MOST_SHOWN,
        refusal=refusal,
    )


def _as_csv(report: Report, held: Contents) -> Response:
    """Each serial and why, as the person's spreadsheet likes it."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=current_user.csv_delimiter, lineterminator="\r\n")
    writer.writerow([_("Serial number"), _("Why"), _("Where"), _("Line")])
    for refused in report.refused:
        writer.writerow([refused.serial, str(FAULTS[refused.fault]), ", ".join(refused.makers), ""])
    for source, line, words in held.faults:
        writer.writerow(["", _harmless(words), _harmless(source or _("typed")), line])
    answer = Response("\ufeff" + out.getvalue(), mimetype="text/csv")
    answer.headers.set("Content-Disposition", "attachment", filename="batch-report.csv")
    return answer


def _harmless(text: str) -> str:
    """A spreadsheet takes what begins so for a formula."""
    return f"'{text}" if text[:1] in "=+-@\t\r" else text


@bp.post("/batches/drafts/<public_id>/makers")
@allow(Permission.BATCHES_EDIT)
def draft_makers(org: str, public_id: str) -> ResponseReturnValue:
    kept = drafts.get(public_id, user_id=current_user.id, lock=True)
    report = drafts.check(kept, drafts.contents(kept))
    offered = {r.serial: r.makers for r in report.refused if r.makers}
    chosen = {
        serial: maker
        for serial, makers in offered.items()
        if (maker := request.form.get(f"maker-{serial}", "")) in makers
    }
    drafts.choose_makers(kept, chosen)
    return see_other(url_for("draft_report", public_id=public_id))


@bp.post("/batches/drafts/<public_id>/batches")
@allow(Permission.BATCHES_EDIT)
def draft_create(org: str, public_id: str) -> ResponseReturnValue:
    """With `without=1` those that can't go are left out; else all must be right."""
    kept = drafts.get(public_id, user_id=current_user.id, lock=True)
    if kept.batch_public_id:
        return see_other(url_for("batch", public_id=kept.batch_public_id))
    held = drafts.contents(kept)
    report = drafts.check(kept, held)
    without = request.form.get("without") == "1"
    if not without and (held.faults or held.columns_missing or not report.is_clean):
        return see_other(url_for("draft_report", public_id=public_id))
    try:
        return see_other(_create(kept, report))
    except Refusal as refusal:
        rollback()
        words, status = str(refusal.message), refusal.status
    kept = drafts.get(public_id, user_id=current_user.id)
    return _report_page(kept, held, report, refusal=words, status=status)


@bp.post("/batches/drafts/<public_id>/removals")
@allow(Permission.BATCHES_EDIT)
def draft_remove(org: str, public_id: str) -> ResponseReturnValue:
    drafts.discard(drafts.get(public_id, user_id=current_user.id, lock=True))
    return see_other(url_for("batches"))
