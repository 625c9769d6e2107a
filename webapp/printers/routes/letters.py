"""A button's mails: sender, list, editor with preview, test mail."""

from __future__ import annotations

from typing import Any

from flask import Response, abort, flash
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from webapp.core.access import allow
from webapp.core.errors import Refusal, TooMany
from webapp.core.forms import CreatingForm
from webapp.core.preferences import LANGUAGE_NAMES
from webapp.core.web import render, see_other
from webapp.mail import placeholders
from webapp.mail.compose import Composed, Draft
from webapp.mail.markup import left_out
from webapp.mailing.blueprint import previewed
from webapp.orgs.permissions import Permission
from webapp.printers import queries
from webapp.printers.domains.services import domain_of
from webapp.printers.forms import addresses_in
from webapp.printers.letters import services
from webapp.printers.letters.forms import LetterForm, SenderForm
from webapp.printers.mails import own_mail, template_of
from webapp.printers.models import PanicButton, Receiver
from webapp.printers.routes.blueprint import answer_form, bp, me, url_for
from webapp.printers.variables import DESCRIPTIONS, Values, sample_values, values_of

LETTERS = {
    Receiver.TECHNICIANS: _l("To the technicians"),
    Receiver.END_USER: _l("To the person at the printer"),
}
EDITOR = "printers/letter.html"
WHICH = "/buttons/<public_id>/mails/<any(technicians, end_user):name>/<language>"


@bp.get("/buttons/<public_id>/mails", endpoint="button_mails")
@allow(Permission.PRINTERS_EDIT)
def mails(org: str, public_id: str) -> ResponseReturnValue:
    button = queries.get_button(public_id)
    form = SenderForm(
        formdata=None,
        emails="\n".join(button.technician_emails),
        from_email=button.from_email or "",
        from_name=button.from_name,
    )
    return render("printers/letters.html", form=form, **_context(button))


@bp.post("/buttons/<public_id>/mails", endpoint="button_sender_save")
@allow(Permission.PRINTERS_EDIT)
def save_sender(org: str, public_id: str) -> ResponseReturnValue:
    button, form = queries.get_button(public_id), SenderForm()

    def act() -> str:
        services.change_sender(
            button,
            emails=addresses_in(form.emails.data),
            from_email=form.from_email.data or "",
            from_name=form.from_name.data or "",
        )
        flash(_("The sender of %(name)s is saved.", name=button.name), "ok")
        return url_for("button_mails", public_id=public_id)

    return answer_form(form, "printers/letters.html", act, **_context(button))


@bp.get(WHICH, endpoint="button_mail")
@allow(Permission.PRINTERS_EDIT)
def mail(org: str, public_id: str, name: str, language: str) -> ResponseReturnValue:
    button, receiver = _asked(public_id, name, language)
    subject, html = template_of(button, receiver, language)
    form = LetterForm(
        formdata=None,
        subject=subject,
        html=html,
        to=me().email,
        version=str(services.version_of(button, receiver, language)),
    )
    return _editor(button, receiver, language, form)


@bp.post(WHICH, endpoint="button_mail_save")
@allow(Permission.PRINTERS_EDIT)
def save(org: str, public_id: str, name: str, language: str) -> ResponseReturnValue:
    button, receiver = _asked(public_id, name, language)
    form = LetterForm()
    if not form.validate():
        return _editor(button, receiver, language, form, status=422)
    try:
        services.word_mail(button, receiver, language, form.draft, seen=form.seen)
    except Refusal as refusal:
        form.refuse(refusal)
        return _editor(button, receiver, language, form, status=refusal.status)
    except services.Overtaken:
        form.version.raw_data = None
        form.version.data = str(services.version_of(button, receiver, language))
        theirs = Draft(*template_of(button, receiver, language))
        return _editor(button, receiver, language, form, theirs=theirs, status=409)
    _tell_saved(receiver, language, form)
    return see_other(url_for("button_mails", public_id=public_id))


@bp.post(f"{WHICH}/defaults", endpoint="button_mail_default")
@allow(Permission.PRINTERS_EDIT)
def use_default(org: str, public_id: str, name: str, language: str) -> ResponseReturnValue:
    button, receiver = _asked(public_id, name, language)
    services.use_default(button, receiver, language)
    words = _("“%(mail)s” in %(language)s is the default text again.")
    flash(words % {"mail": LETTERS[receiver], "language": LANGUAGE_NAMES[language]}, "ok")
    return see_other(url_for("button_mails", public_id=public_id))


@bp.get(f"{WHICH}/preview", endpoint="button_mail_preview")
@allow(Permission.PRINTERS_EDIT)
def stored_preview(org: str, public_id: str, name: str, language: str) -> Response:
    button, receiver = _asked(public_id, name, language)
    draft = Draft(*template_of(button, receiver, language))
    values = sample_values(language)
    return previewed(services.as_mail(button, receiver, language, draft, values).html)


@bp.post(f"{WHICH}/preview", endpoint="button_mail_draft")
@allow(Permission.PRINTERS_EDIT)
def draft_preview(org: str, public_id: str, name: str, language: str) -> Response:
    """What stands in the form, as a mail; kept nowhere."""
    button, receiver = _asked(public_id, name, language)
    return previewed(_composed(button, receiver, language, LetterForm()).html)


@bp.post(f"{WHICH}/remarks", endpoint="button_mail_remarks")
@allow(Permission.PRINTERS_EDIT)
def remarks(org: str, public_id: str, name: str, language: str) -> ResponseReturnValue:
    button, receiver = _asked(public_id, name, language)
    return _editor(button, receiver, language, LetterForm(), block="remarks")


@bp.post(f"{WHICH}/tests", endpoint="button_mail_test")
@allow(Permission.PRINTERS_EDIT)
def send_test(org: str, public_id: str, name: str, language: str) -> ResponseReturnValue:
    """The mail as it stands in the form, which is not saved by that."""
    button, receiver = _asked(public_id, name, language)
    form = LetterForm()
    if not form.validate():
        return _editor(button, receiver, language, form, status=422)
    try:
        to = _test_once(button, receiver, language, form)
    except Refusal as refusal:
        form.refuse(refusal)
        return _editor(button, receiver, language, form, status=refusal.status)
    except TooMany as wait:
        words = _("That were many test mails. The next can go in %(num)s minutes.")
        form.refuse(Refusal(words % {"num": -(-wait.wait_seconds // 60)}, field="to"))
        return _editor(button, receiver, language, form, status=429)
    form.nonce.raw_data, form.nonce.data = None, CreatingForm(formdata=None).nonce.data
    return _editor(button, receiver, language, form, tested=to)


def _test_once(button: PanicButton, receiver: Receiver, language: str, form: LetterForm) -> str:
    """A double click sends one."""
    if not form.to.data:
        raise Refusal(_("Enter a mail address."), field="to")
    if form.earlier_location() is None:
        values = _values(button, language, form.data_of.data)
        services.send_test(button, receiver, language, form.draft, values=values, to=form.to.data)
        form.leads_to(url_for("button_mails", public_id=button.public_id))
    return str(form.to.data)


def _asked(public_id: str, name: str, language: str) -> tuple[PanicButton, Receiver]:
    button, receiver = queries.get_button(public_id), Receiver(name)
    if language not in services.languages_of(button, receiver):
        abort(404)
    return button, receiver


def _context(button: PanicButton) -> dict[str, Any]:
    return {
        "button": button,
        "letters": [
            (receiver, label, language, own_mail(button, receiver, language) is not None)
            for receiver, label in LETTERS.items()
            for language in services.languages_of(button, receiver)
        ],
        "leaves_from_own": services.leaves_from_own(button),
        "domain": domain_of(button.from_email) if button.from_email else "",
    }


def _editor(
    button: PanicButton,
    receiver: Receiver,
    language: str,
    form: LetterForm,
    *,
    theirs: Draft | None = None,
    tested: str = "",
    block: str | None = None,
    status: int = 200,
) -> Response:
    here = {"public_id": button.public_id, "name": str(receiver), "language": language}
    return render(
        EDITOR,
        block=block,
        status=status,
        button=button,
        form=form.offer(queries.latest_requests_of_button(button)),
        theirs=theirs,
        tested=tested,
        letter=LETTERS[receiver],
        letter_language=language,
        language_name=LANGUAGE_NAMES[language],
        is_own=own_mail(button, receiver, language) is not None,
        variables=DESCRIPTIONS,
        mail=_composed(button, receiver, language, form),
        objections=_objections(form.draft),
        left_out=left_out(form.draft.html),
        address=lambda endpoint: url_for(endpoint, **here),
    )


def _composed(button: PanicButton, receiver: Receiver, language: str, form: LetterForm) -> Composed:
    values = _values(button, language, form.data_of.data)
    return services.as_mail(button, receiver, language, form.draft, values)


def _values(button: PanicButton, language: str, request_id: str | None) -> Values:
    """Of the request chosen, if it is one of this button's latest; else the sample."""
    chosen = (r for r in queries.latest_requests_of_button(button) if r.public_id == request_id)
    request = next(chosen, None)
    return values_of(request, language=language) if request else sample_values(language)


def _objections(draft: Draft) -> list[str]:
    found = []
    for field, template in (("subject", draft.subject), ("html", draft.html)):
        try:
            placeholders.check(template, services.KNOWN, field=field)
        except Refusal as refusal:
            found.append(refusal.message)
    return found


def _tell_saved(receiver: Receiver, language: str, form: LetterForm) -> None:
    words = _("“%(mail)s” is saved in %(language)s.")
    flash(words % {"mail": LETTERS[receiver], "language": LANGUAGE_NAMES[language]}, "ok")
    gone = left_out(form.draft.html)
    if gone:
        flash(
            _("Left out, since mails can't carry it: %(names)s", names=", ".join(gone)), "warning"
        )
