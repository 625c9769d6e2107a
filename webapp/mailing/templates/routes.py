"""Templates: the list, one of them with its preview, copy, activate, delete, send a test mail."""

from __future__ import annotations

from typing import Any

from flask import Response, abort, flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from webapp.core.access import allow
from webapp.core.clock import utcnow
from webapp.core.crypto import token
from webapp.core.errors import Refusal, TooMany
from webapp.core.preferences import LANGUAGE_NAMES
from webapp.core.web import render, see_other
from webapp.mail import templates as services
from webapp.mail.models import EmailTemplate
from webapp.mailing.blueprint import bp, previewed
from webapp.mailing.templates import samples, texts
from webapp.mailing.templates.forms import CopyForm, TestMailForm
from webapp.mailing.templates.lists import ORIGINS, actions, templates_page, trade_of
from webapp.mailing.templates.texts import Text
from webapp.orgs.access import current_organisation, may
from webapp.orgs.permissions import Permission


@bp.get("/templates", endpoint="templates")
@allow(Permission.MAIL_TEMPLATES_READ)
def template_list(org: str) -> ResponseReturnValue:
    page = templates_page(current_organisation())
    deletable = [row for row in page.rows if row.origin == texts.Origin.OWN]
    return page.respond("mailing/templates/list.html", deletable=deletable)


@bp.get("/templates/<ref>", endpoint="template")
@allow(Permission.MAIL_TEMPLATES_READ)
def template(org: str, ref: str) -> ResponseReturnValue:
    text = text_or_404(ref)
    items = actions(text.ref, own=text.is_own, activatable=_can_activate(text))
    sample = sample_language(text)
    return render(
        "mailing/templates/show.html",
        text=text,
        origin=ORIGINS[text.origin],
        trade=trade_of(text.kind),
        draft=text.draft,
        sample=sample,
        mail=samples.sample_mail(text.kind, text.draft, language=sample),
        languages=LANGUAGE_NAMES,
        in_use=_in_use(text),
        items=[item for item in items if item],
        nonce=token(128),
        fallback=texts.fallback_of(text, current_organisation()),
    )


def _can_activate(text: Text) -> bool:
    return texts.can_activate(text, texts.texts_beside(text, current_organisation()))


def _in_use(text: Text) -> list[Text]:
    """What recipients of each language get of this kind."""
    found = texts.all_texts(current_organisation(), kinds=[text.kind])
    return [other for other in found if other.active]


@bp.get("/templates/<ref>/preview", endpoint="template_preview")
@allow(Permission.MAIL_TEMPLATES_READ)
def preview(org: str, ref: str) -> Response:
    text = text_or_404(ref)
    mail = samples.sample_mail(text.kind, text.draft, language=sample_language(text))
    return previewed(mail.html)


@bp.post("/templates/<ref>/copies", endpoint="template_copies")
@allow(Permission.MAIL_TEMPLATES_EDIT)
def copy(org: str, ref: str) -> ResponseReturnValue:
    """The list follows, narrowed to the kind and language: the copy stands under its original."""
    text = text_or_404(ref)
    form = CopyForm()
    if earlier := form.earlier_location():
        return see_other(earlier)
    made = services.copy_template(
        text.kind.name,
        text.language,
        text.draft,
        name=text.name,
        organisation_id=current_organisation().id,
        copied_from=text.row if text.is_own else None,
        now=utcnow(),
    )
    flash(_("“%(name)s” is made. It is inactive until you activate it.", name=made.name), "ok")
    return see_other(form.leads_to(_list_url(text)))


@bp.post("/templates/<ref>/activations", endpoint="template_activations")
@allow(Permission.MAIL_TEMPLATES_EDIT)
def activate(org: str, ref: str) -> ResponseReturnValue:
    text = text_or_404(ref)
    if text.is_own and text.row is not None:
        services.activate(text.row)
    elif _can_activate(text):
        own = current_organisation().id
        services.use_fallback(text.kind.name, text.language, organisation_id=own)
    elif not text.active:
        raise Refusal(_("The organisation above has a template of its own, which comes first."))
    return see_other(_list_url(text))


@bp.get("/templates/<ref>/deletion", endpoint="template_deletion")
@allow(Permission.MAIL_TEMPLATES_EDIT)
def deletion(org: str, ref: str) -> ResponseReturnValue:
    text, _row = own_or_404(ref)
    fallback = texts.fallback_of(text, current_organisation())
    return render("mailing/templates/delete.html", text=text, fallback=fallback)


@bp.post("/templates/<ref>/deletions", endpoint="template_deletions")
@allow(Permission.MAIL_TEMPLATES_EDIT)
def delete(org: str, ref: str) -> ResponseReturnValue:
    text, row = own_or_404(ref)
    services.delete_template(row)
    flash(_("“%(name)s” is deleted.", name=text.name), "ok")
    return see_other(_list_url(text))


@bp.get("/templates/<ref>/test", endpoint="template_test")
@allow(Permission.MAIL_TEMPLATES_EDIT)
def test_form(org: str, ref: str) -> ResponseReturnValue:
    form = TestMailForm(formdata=None, to=current_user.email)
    return _test_page(text_or_404(ref), form)


@bp.post("/templates/<ref>/test", endpoint="template_test_send")
@allow(Permission.MAIL_TEMPLATES_EDIT)
def test_send(org: str, ref: str) -> ResponseReturnValue:
    text, form = text_or_404(ref), TestMailForm()
    if not form.validate():
        return _test_page(text, form, status=422)
    if earlier := form.earlier_location():
        return see_other(earlier)
    try:
        mail = samples.send_test(text, to=form.to.data, organisation=current_organisation())
    except Refusal as refusal:
        form.refuse(refusal)
        return _test_page(text, form, status=refusal.status)
    except TooMany as wait:
        form.refuse(Refusal(_wait_words(wait.wait_seconds), field="to"))
        return _test_page(text, form, status=429)
    if may(Permission.MAIL_READ):
        return see_other(form.leads_to(url_for("mailing.mail", mail_id=mail.public_id)))
    flash(_("The test mail to %(address)s is on its way.", address=mail.recipient), "ok")
    return see_other(form.leads_to(url_for("mailing.template", ref=ref)))


def _test_page(text: Text, form: TestMailForm, **more: Any) -> Response:
    return render("mailing/templates/test.html", text=text, form=form, **more)


def _wait_words(seconds: int) -> str:
    minutes = -(-seconds // 60)
    return str(
        ngettext(
            "That were many test mails. The next can go in a minute.",
            "That were many test mails. The next can go in %(num)s minutes.",
            minutes,
        )
    )


def text_or_404(ref: str) -> Text:
    return texts.find_text(current_organisation(), ref) or abort(404)


def own_or_404(ref: str) -> tuple[Text, EmailTemplate]:
    """One that may be changed: the system's and the parents' can only be copied."""
    text = text_or_404(ref)
    if not text.is_own or text.row is None:
        raise Refusal(_("Only your own templates can be changed. Make a copy of this one first."))
    return text, text.row


def sample_language(text: Text) -> str:
    asked = request.args.get("sample", "")
    return asked if asked in LANGUAGE_NAMES else text.language


def _list_url(text: Text) -> str:
    return url_for("mailing.templates", type=text.kind.name, language=text.language)
