"""The second page of signing in: the code from the phone, or a recovery code."""

from __future__ import annotations

from flask import flash, make_response, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user
from werkzeug.wrappers import Response

from webapp.accounts import pending, two_factor
from webapp.accounts.forms import CodeForm, RecoveryCodeForm
from webapp.accounts.routes import HOME, bp
from webapp.core.access import PUBLIC, allow
from webapp.core.clock import utcnow
from webapp.core.errors import Refusal, TooMany
from webapp.core.forms import PortalForm
from webapp.core.web import render, see_other

CODE, RECOVERY = "accounts/second_step.html", "accounts/recovery_code.html"


@bp.get("/sign-in/second-step")
@allow(PUBLIC)
def second_step() -> ResponseReturnValue:
    return _begin(CODE, CodeForm(formdata=None))


@bp.post("/sign-in/second-step")
@allow(PUBLIC)
def second_stepping() -> ResponseReturnValue:
    waiting, form = pending.waiting(now=utcnow()), CodeForm()
    if waiting is None:
        return _start_over()
    if not form.validate():
        return render(CODE, form=form, status=422)
    try:
        two_factor.finish_with_code(waiting, form.code.data, now=utcnow())
    except (Refusal, TooMany) as error:
        return _refused(CODE, form, error)
    return see_other(waiting.target)


@bp.get("/sign-in/recovery-code")
@allow(PUBLIC)
def recovery_code() -> ResponseReturnValue:
    return _begin(RECOVERY, RecoveryCodeForm(formdata=None))


@bp.post("/sign-in/recovery-code")
@allow(PUBLIC)
def using_recovery_code() -> ResponseReturnValue:
    waiting, form = pending.waiting(now=utcnow()), RecoveryCodeForm()
    if waiting is None:
        return _start_over()
    if not form.validate():
        return render(RECOVERY, form=form, status=422)
    try:
        left = two_factor.finish_with_recovery_code(waiting, form.code.data, now=utcnow())
    except (Refusal, TooMany) as error:
        return _refused(RECOVERY, form, error)
    _say_how_many(left)
    return see_other(waiting.target)


def _say_how_many(left: int) -> None:
    flash(
        ngettext(
            "You are signed in, and that recovery code is used up. You have %(num)s left.",
            "You are signed in, and that recovery code is used up. You have %(num)s left.",
            left,
        ),
        "warning",
    )


def _begin(template: str, form: PortalForm) -> ResponseReturnValue:
    if current_user.is_authenticated:
        return see_other(HOME)
    if pending.waiting(now=utcnow()) is None:
        return _start_over()
    return render(template, form=form)


def _refused(template: str, form: PortalForm, error: Refusal | TooMany) -> Response:
    """Beside the field, or 429 on the page itself."""
    if isinstance(error, Refusal):
        form.refuse(error)
        return render(template, form=form, status=422)
    response = make_response(
        render(template, form=form, status=429, wait_seconds=error.wait_seconds)
    )
    response.headers["Retry-After"] = str(error.wait_seconds)
    return response


def _start_over() -> Response:
    """Too late, or nothing was begun here: the password once more."""
    if current_user.is_authenticated:
        return see_other(HOME)
    pending.end()
    flash(_("Ten minutes went by, or nothing was begun here. Please sign in once more."), "info")
    return see_other(url_for("accounts.sign_in"))
