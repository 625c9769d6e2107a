"""`/me/email`, and the page behind the link that confirms a new address."""

from __future__ import annotations

from flask import flash, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from webapp.accounts import email_changes
from webapp.accounts.access import SIGNED_IN
from webapp.accounts.forms import EmailForm
from webapp.accounts.proofs import fresh
from webapp.accounts.routes import bp
from webapp.core.access import PUBLIC, allow
from webapp.core.clock import utcnow
from webapp.core.errors import Refusal
from webapp.core.principal import acting
from webapp.core.web import render, see_other

PAGE, CONFIRM = "accounts/email.html", "accounts/email_confirmation.html"


@bp.get("/me/email")
@allow(SIGNED_IN)
def email() -> ResponseReturnValue:
    return _page(EmailForm(formdata=None))


@bp.post("/me/email")
@allow(SIGNED_IN)
@fresh
def asking_email() -> ResponseReturnValue:
    form = EmailForm()
    if not form.validate():
        return _page(form, status=422)
    try:
        email_changes.ask_email_change(current_user, form.email.data, by=acting(), now=utcnow())
    except Refusal as refusal:
        form.refuse(refusal)
        return _page(form, status=422)
    return see_other(url_for("accounts.email"))


def _page(form: EmailForm, *, status: int = 200) -> Response:
    waiting = email_changes.open_change(current_user, now=utcnow())
    return render(PAGE, form=form, waiting=waiting, status=status)


@bp.post("/me/email/confirmations")
@allow(SIGNED_IN)
def confirm_own_email() -> ResponseReturnValue:
    """Once more the link to the address that nobody has confirmed yet."""
    email_changes.ask_confirmation(current_user, by=acting(), now=utcnow())
    return see_other(url_for("accounts.email"))


@bp.post("/me/email/endings")
@allow(SIGNED_IN)
def give_up_email() -> ResponseReturnValue:
    email_changes.give_up_change(current_user, now=utcnow())
    return see_other(url_for("accounts.email"))


@bp.get("/confirm-email/<token>")
@allow(PUBLIC)
def confirm_email(token: str) -> ResponseReturnValue:
    """Looking does not use the link: mail programs and scanners open it before people do."""
    row = email_changes.find_change(token, now=utcnow())
    return render(CONFIRM, row=row) if row is not None else _gone()


@bp.post("/confirm-email/<token>")
@allow(PUBLIC)
def confirming_email(token: str) -> ResponseReturnValue:
    """Signed in or not: whoever reads the new address's mail has the link."""
    now = utcnow()
    row = email_changes.find_change(token, now=now)
    if row is None or not email_changes.use_change(row, now=now):
        return _gone()
    flash(_("The address is confirmed: %(email)s.", email=row.email), "ok")
    is_own = current_user.is_authenticated and current_user.id == row.user_id
    return see_other(url_for("accounts.profile" if is_own else "accounts.sign_in"))


def _gone() -> Response:
    """Used, expired, unknown and taken meanwhile are one page."""
    return render("accounts/email_gone.html", status=410, hours=email_changes.LINK_HOURS)
