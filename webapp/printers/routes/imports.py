"""Printers from a CSV file: choose, look at every line's verdict, confirm."""

from __future__ import annotations

from flask import flash, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from webapp.core.access import allow
from webapp.core.clock import utcnow
from webapp.core.errors import Refusal
from webapp.core.web import render, see_other
from webapp.orgs.access import current_organisation
from webapp.orgs.permissions import Permission
from webapp.printers import imports, queries
from webapp.printers.forms import ImportForm
from webapp.printers.imports.checking import fault_words
from webapp.printers.imports.reading import MOST_BYTES
from webapp.printers.models import ImportState, PrinterImport
from webapp.printers.routes.blueprint import answer_form, bp, url_for

LINES_A_PAGE = 200


@bp.get("/imports/new")
@allow(Permission.PRINTERS_EDIT)
def printer_import_new(org: str) -> ResponseReturnValue:
    return render("printers/import_new.html", form=ImportForm(formdata=None))


@bp.post("/imports")
@allow(Permission.PRINTERS_EDIT)
def printer_import_read(org: str) -> ResponseReturnValue:
    form = ImportForm()
    return answer_form(form, "printers/import_new.html", lambda: _keep(form))


@bp.get("/imports/<public_id>")
@allow(Permission.PRINTERS_EDIT)
def printer_import(org: str, public_id: str) -> ResponseReturnValue:
    return _preview(queries.get_import(public_id))


@bp.post("/imports/<public_id>/confirmations")
@allow(Permission.PRINTERS_EDIT)
def printer_import_confirm(org: str, public_id: str) -> ResponseReturnValue:
    draft = queries.get_import(public_id)
    try:
        made = imports.confirm(
            draft, skip_faulty=request.form.get("faulty") == "skip", now=utcnow()
        )
    except Refusal as refusal:
        return _preview(draft, refusal)
    words = ngettext("%(num)s printer was added.", "%(num)s printers were added.", made)
    flash(words, "ok")
    return see_other(url_for("printers"))


def _keep(form: ImportForm) -> str:
    upload = form.file.data
    content = upload.stream.read(MOST_BYTES + 1)
    name = " ".join((upload.filename or _("file")).split())[-120:]
    draft = imports.keep_draft(
        content, name, organisation_id=current_organisation().id, now=utcnow()
    )
    return url_for("printer_import", public_id=draft.public_id)


def _preview(draft: PrinterImport, refusal: Refusal | None = None) -> ResponseReturnValue:
    rows = imports.recheck(draft)
    faulty = [row for row in rows if row["faults"]]
    shown = faulty if request.args.get("only") == "faulty" else rows
    page = min(max(request.args.get("page", 1, type=int), 1), max(1, _pages(len(shown))))
    return render(
        "printers/import.html",
        status=refusal.status if refusal is not None else 200,
        draft=draft,
        is_done=draft.state == ImportState.DONE,
        rows=shown[(page - 1) * LINES_A_PAGE : page * LINES_A_PAGE],
        total=len(rows),
        faulty=len(faulty),
        only_faulty=shown is faulty,
        page_number=page,
        pages=_pages(len(shown)),
        fault_words=fault_words,
        refused=refusal.message if refusal is not None else "",
    )


def _pages(lines: int) -> int:
    return -(-lines // LINES_A_PAGE)
