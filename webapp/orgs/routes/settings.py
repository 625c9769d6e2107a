"""An organisation's settings (P-17): colour, trades, logo, information documents."""

from __future__ import annotations

from typing import Any

from flask import Response, abort, flash, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import undefer
from werkzeug.wrappers import Response as BaseResponse

from webapp.core import navigation
from webapp.core.access import allow
from webapp.core.clock import utcnow
from webapp.core.db import db, rollback
from webapp.core.errors import Refusal
from webapp.core.files import MOST_DOCUMENT_BYTES, MOST_LOGO_BYTES, File
from webapp.core.forms import PortalForm
from webapp.core.principal import acting
from webapp.core.web import render, see_other
from webapp.orgs.access import MEMBER, current_organisation
from webapp.orgs.forms.choices import Choices
from webapp.orgs.forms.settings import DocumentForm, LogoForm, SettingsForm
from webapp.orgs.models import OrganisationDocument
from webapp.orgs.permissions import Permission
from webapp.orgs.routes.blueprint import bp
from webapp.orgs.services import documents as services
from webapp.orgs.words import TRADES


@bp.get("/o/<org>/settings")
@allow(Permission.ORGANISATION_EDIT)
def settings(org: str) -> ResponseReturnValue:
    return _page()


def _page(
    *,
    form: SettingsForm | None = None,
    logo: LogoForm | None = None,
    document: DocumentForm | None = None,
    status: int = 200,
) -> Response:
    """The page with its three forms; the one that was sent as it was filled."""
    here = current_organisation()
    return render(
        "orgs/settings.html",
        form=form or SettingsForm(formdata=None, **_filled()),
        logo_form=logo or LogoForm(formdata=None),
        document_form=document or DocumentForm(formdata=None, language=here.language),
        documents=services.documents(),
        status=status,
    )


def _filled() -> dict[str, Any]:
    here, offered = current_organisation(), _trades()
    stored = {
        "colour": str(here.colour or ""),
        "trades": here.trades or [name for name, _label in offered],
        "version": str(here.version),
    }
    return {"trades": offered, "data": stored}


def _trades() -> Choices:
    """Those of this release."""
    return [(name, str(label)) for name, label, _icon in TRADES if navigation.places(name)]


@bp.post("/o/<org>/settings")
@allow(Permission.ORGANISATION_EDIT)
def settings_save(org: str) -> ResponseReturnValue:
    here, form = current_organisation(), SettingsForm(trades=_trades())
    if not form.validate():
        return _page(form=form, status=422)
    if form.version.data != str(here.version):
        form.form_errors.append(
            _("Somebody changed the settings meanwhile. Load the page anew and repeat your change.")
        )
        return _page(form=form, status=409)
    services.change_settings(
        here, colour=form.chosen_colour, trades=form.trades.data or [], by=acting()
    )
    return _saved(_("The settings are saved."))


@bp.post("/o/<org>/settings/logo")
@allow(Permission.ORGANISATION_EDIT)
def settings_logo(org: str) -> ResponseReturnValue:
    form = LogoForm()
    if not form.validate():
        return _page(logo=form, status=422)
    content = form.logo.data.stream.read(MOST_LOGO_BYTES + 1)
    try:
        services.set_logo(content, organisation=current_organisation(), by=acting(), now=utcnow())
    except Refusal as refusal:
        return _refused(form, refusal)
    return _saved(_("The logo is saved."))


@bp.post("/o/<org>/settings/logo/removal")
@allow(Permission.ORGANISATION_EDIT)
def settings_logo_remove(org: str) -> ResponseReturnValue:
    services.remove_logo(current_organisation(), by=acting())
    return _saved(_("The logo is removed."))


@bp.post("/o/<org>/settings/documents")
@allow(Permission.ORGANISATION_EDIT)
def settings_document(org: str) -> ResponseReturnValue:
    form = DocumentForm()
    if not form.validate():
        return _page(document=form, status=422)
    content = form.file.data.stream.read(MOST_DOCUMENT_BYTES + 1)
    try:
        services.set_document(
            content,
            form.file.data.filename or "",
            form.language.data,
            organisation=current_organisation(),
            by=acting(),
            now=utcnow(),
        )
    except Refusal as refusal:
        return _refused(form, refusal)
    return _saved(_("The information document is saved; it goes with every invitation by mail."))


@bp.post("/o/<org>/settings/documents/<language>/removal")
@allow(Permission.ORGANISATION_EDIT)
def settings_document_remove(org: str, language: str) -> ResponseReturnValue:
    if not services.remove_document(language, organisation=current_organisation(), by=acting()):
        abort(404)
    return _saved(_("The information document is removed."))


@bp.get("/o/<org>/settings/documents/<language>")
@allow(Permission.ORGANISATION_READ)
def settings_document_show(org: str, language: str) -> ResponseReturnValue:
    """As a download: a PDF from elsewhere is not opened inside the portal."""
    file = db.session.scalar(
        select(File)
        .join(OrganisationDocument, OrganisationDocument.file_id == File.id)
        .where(OrganisationDocument.language == language)
        .options(undefer(File.content))
    )
    if file is None:
        abort(404)
    answer = Response(file.content, mimetype=file.media_type)
    answer.headers.set("Content-Disposition", "attachment", filename=file.name)
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


@bp.get("/o/<org>/logo/<public_id>")
@allow(MEMBER)
def logo(org: str, public_id: str) -> ResponseReturnValue:
    """The name changes with the picture: browsers keep it."""
    file = db.session.scalar(
        select(File)
        .where(File.public_id == public_id, File.kind == "logo")
        .options(undefer(File.content))
    )
    if file is None:
        abort(404)
    answer = Response(file.content, mimetype=file.media_type)
    answer.headers["Cache-Control"] = "private, max-age=31536000, immutable"
    return answer


def _refused(form: PortalForm, refusal: Refusal) -> Response:
    rollback()
    form.refuse(refusal)
    if isinstance(form, LogoForm):
        return _page(logo=form, status=refusal.status)
    assert isinstance(form, DocumentForm)  # noqa: S101 - the two that take files
    return _page(document=form, status=refusal.status)


def _saved(words: str) -> BaseResponse:
    flash(words, "ok")
    return see_other(url_for("orgs.settings", org=current_organisation().public_id))
