"""The system's information document, one PDF a language: for invitations of organisations that have none (P-16)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Response, abort, flash, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from webapp.accounts.access import OPERATOR
from webapp.core import tenancy
from webapp.core.access import allow
from webapp.core.clock import utcnow
from webapp.core.db import rollback
from webapp.core.errors import Refusal
from webapp.core.files import MOST_DOCUMENT_BYTES
from webapp.core.principal import acting
from webapp.core.web import render, see_other
from webapp.operator.routes.blueprint import bp, own_organisation
from webapp.orgs.forms.settings import DocumentForm
from webapp.orgs.models import Organisation
from webapp.orgs.services import documents as services


@contextmanager
def _at_home() -> Iterator[Organisation]:
    """In the operator's own organisation: its documents are the system's."""
    here = own_organisation()
    with tenancy.scope(here.id):
        yield here


@bp.get("/documents", endpoint="documents")
@allow(OPERATOR)
def documents() -> ResponseReturnValue:
    return _page(DocumentForm(formdata=None))


@bp.post("/documents")
@allow(OPERATOR)
def document_save() -> ResponseReturnValue:
    form = DocumentForm()
    if not form.validate():
        return _page(form, status=422)
    content = form.file.data.stream.read(MOST_DOCUMENT_BYTES + 1)
    name, language = form.file.data.filename or "", form.language.data
    try:
        with _at_home() as here:
            by = acting().acting_for(here.id)
            services.set_document(content, name, language, organisation=here, by=by, now=utcnow())
    except Refusal as refusal:
        rollback()
        form.refuse(refusal)
        return _page(form, status=refusal.status)
    flash(_("The information document is saved; it goes with every invitation by mail."), "ok")
    return see_other(url_for("operator.documents"))


@bp.get("/documents/<language>")
@allow(OPERATOR)
def document_show(language: str) -> ResponseReturnValue:
    """As a download: a PDF from elsewhere is not opened inside the portal."""
    with _at_home():
        file = services.document_file(language)
    if file is None:
        abort(404)
    answer = Response(file.content, mimetype=file.media_type)
    answer.headers.set("Content-Disposition", "attachment", filename=file.name)
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


@bp.post("/documents/<language>/removal")
@allow(OPERATOR)
def document_remove(language: str) -> ResponseReturnValue:
    with _at_home() as here:
        removed = services.remove_document(
            language, organisation=here, by=acting().acting_for(here.id)
        )
    if not removed:
        abort(404)
    flash(_("The information document is removed."), "ok")
    return see_other(url_for("operator.documents"))


def _page(form: DocumentForm, *, status: int = 200) -> ResponseReturnValue:
    with _at_home():
        found = services.documents()
    return render("operator/documents.html", form=form, documents=found, status=status)
