"""The editor: source and preview side by side. Nothing is kept before *Save*; two who edit at once lose nothing."""

from __future__ import annotations

from typing import Any

from flask import Response, flash, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from webapp.core.access import allow
from webapp.core.clock import utcnow
from webapp.core.errors import Refusal
from webapp.core.preferences import LANGUAGE_NAMES
from webapp.core.web import render, see_other
from webapp.mail import placeholders
from webapp.mail import templates as services
from webapp.mail.markup import left_out
from webapp.mail.models import EmailTemplate
from webapp.mailing.blueprint import bp, previewed
from webapp.mailing.templates import samples, texts
from webapp.mailing.templates.forms import TemplateForm
from webapp.mailing.templates.routes import own_or_404
from webapp.mailing.templates.texts import Text
from webapp.orgs.access import current_organisation
from webapp.orgs.permissions import Permission

EDITOR = "mailing/templates/edit.html"


@bp.get("/templates/<ref>/edit", endpoint="template_edit")
@allow(Permission.MAIL_TEMPLATES_EDIT)
def edit(org: str, ref: str) -> ResponseReturnValue:
    text, row = own_or_404(ref)
    return _editor(text, _filled(row))


def _filled(row: EmailTemplate) -> TemplateForm:
    return TemplateForm(
        formdata=None,
        name=row.name,
        subject=row.subject,
        html=row.html,
        sample=row.language,
        version=str(row.version),
    )


@bp.post("/templates/<ref>/edit", endpoint="template_save")
@allow(Permission.MAIL_TEMPLATES_EDIT)
def save(org: str, ref: str) -> ResponseReturnValue:
    form = TemplateForm()
    text = texts.find_text(current_organisation(), ref)
    if text is None:
        return render("mailing/templates/gone.html", form=form, status=410)
    text, row = own_or_404(ref)
    if not form.validate():
        return _editor(text, form, status=422)
    try:
        services.edit_template(
            row,
            version=form.version_number,
            name=form.name.data,
            draft=form.draft,
            now=utcnow(),
        )
    except Refusal as refusal:
        form.refuse(refusal)
        return _editor(text, form, status=refusal.status)
    except services.Overtaken:
        form.version.raw_data, form.version.data = None, str(row.version)
        return _editor(text, form, theirs=row, status=409)
    _tell(form)
    return see_other(url_for("mailing.template", ref=ref))


def _tell(form: TemplateForm) -> None:
    flash(_("“%(name)s” is saved.", name=form.name.data), "ok")
    gone = left_out(form.draft.html)
    if gone:
        words = _("Left out, since mails can't carry it: %(names)s", names=", ".join(gone))
        flash(words, "warning")


@bp.post("/templates/<ref>/drafts", endpoint="template_draft")
@allow(Permission.MAIL_TEMPLATES_EDIT)
def draft(org: str, ref: str) -> Response:
    """What stands in the form, as a mail; kept nowhere."""
    text, _row = own_or_404(ref)
    return previewed(_composed(text, TemplateForm()).html)


@bp.post("/templates/<ref>/remarks", endpoint="template_remarks")
@allow(Permission.MAIL_TEMPLATES_EDIT)
def remarks(org: str, ref: str) -> ResponseReturnValue:
    """Beside the preview: the subject, the plain text, and what saving would refuse or leave out."""
    text, _row = own_or_404(ref)
    return _editor(text, TemplateForm(), block="remarks")


def _editor(
    text: Text,
    form: TemplateForm,
    *,
    theirs: EmailTemplate | None = None,
    block: str | None = None,
    status: int = 200,
) -> Response:
    return render(
        EDITOR,
        block=block,
        status=status,
        text=text,
        form=form,
        theirs=theirs,
        mail=_composed(text, form),
        objections=_objections(text, form),
        left_out=left_out(form.draft.html),
    )


def _composed(text: Text, form: TemplateForm) -> Any:
    draft, sample = form.draft, form.sample.data
    language = sample if sample in LANGUAGE_NAMES else text.language
    return samples.sample_mail(text.kind, draft, language=language)


def _objections(text: Text, form: TemplateForm) -> list[str]:
    found = []
    for field, template in (("subject", form.draft.subject), ("html", form.draft.html)):
        try:
            placeholders.check(template, text.kind.known, field=field)
        except Refusal as refusal:
            found.append(refusal.message)
    return found
