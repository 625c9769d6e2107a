"""Signing in and out, and the way back in for who forgot the password."""

from __future__ import annotations

import time

from flask import Blueprint, flash, make_response, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from webapp.accounts import services
from webapp.accounts.access import SIGNED_IN
from webapp.accounts.forms import ForgottenForm, NewPasswordForm, SignInForm
from webapp.accounts.services import FirstPasswordExpired
from webapp.core.access import PUBLIC, allow
from webapp.core.clock import utcnow
from webapp.core.db import commit
from webapp.core.errors import Refusal, TooMany
from webapp.core.web import local_target, render, see_other

bp = Blueprint("accounts", __name__)

HOME = "/"
FORGOTTEN_TAKES_SECONDS = 0.4
"""The answer to a forgotten password takes this long, whether or not a mail was written."""


@bp.get("/sign-in")
@allow(PUBLIC)
def sign_in() -> ResponseReturnValue:
    if current_user.is_authenticated:
        return see_other(local_target(request.args.get("next"), HOME))
    form = SignInForm(formdata=None, next=request.args.get("next", ""))
    return render("accounts/sign_in.html", form=form)


@bp.post("/sign-in")
@allow(PUBLIC)
def signing_in() -> ResponseReturnValue:
    form = SignInForm()
    target = local_target(form.next.data, HOME)
    if current_user.is_authenticated:
        return see_other(target)
    if not form.validate():
        return render("accounts/sign_in.html", form=form, status=422)
    try:
        stands = services.sign_in(form.name.data, form.password.data, target=target, now=utcnow())
    except TooMany as error:
        return _wait(form, error)
    except FirstPasswordExpired as error:
        return render("accounts/first_password_expired.html", status=403, ask=error.whom_to_ask)
    except Refusal as refusal:
        form.refuse(refusal)
        return render("accounts/sign_in.html", form=form, status=422)
    return see_other(target if stands else url_for("accounts.second_step"))


def _wait(form: SignInForm, error: TooMany) -> Response:
    """429 on the page itself, so that the name one typed stays."""
    response = make_response(
        render("accounts/sign_in.html", form=form, status=429, wait_seconds=error.wait_seconds)
    )
    response.headers["Retry-After"] = str(error.wait_seconds)
    return response


@bp.post("/sign-out")
@allow(SIGNED_IN)
def sign_out() -> ResponseReturnValue:
    services.sign_out(current_user, now=utcnow())
    flash(_("You are signed out."), "ok")
    return see_other(url_for("accounts.sign_in"))


@bp.get("/forgotten")
@allow(PUBLIC)
def forgotten() -> ResponseReturnValue:
    return render("accounts/forgotten.html", form=ForgottenForm(formdata=None))


@bp.post("/forgotten")
@allow(PUBLIC)
def asking_reset() -> ResponseReturnValue:
    began = time.monotonic()
    form = ForgottenForm()
    if not form.validate():
        return render("accounts/forgotten.html", form=form, status=422)
    services.ask_reset(form.name.data, now=utcnow())
    commit()
    pause_until(began + FORGOTTEN_TAKES_SECONDS)
    return see_other(url_for("accounts.forgotten_sent"))


def pause_until(moment: float) -> None:
    """Wait for a moment of the monotonic clock; after the commit, so that nothing is held meanwhile."""
    time.sleep(max(0.0, moment - time.monotonic()))


@bp.get("/forgotten/sent")
@allow(PUBLIC)
def forgotten_sent() -> ResponseReturnValue:
    return render("accounts/forgotten_sent.html", minutes=services.RESET_MINUTES)


@bp.get("/reset/<token>")
@allow(PUBLIC)
def reset(token: str) -> ResponseReturnValue:
    """Looking does not use the link: mail programs and scanners open it before people do."""
    row = services.find_reset(token, now=utcnow())
    if row is None:
        return _gone()
    return render("accounts/reset.html", form=NewPasswordForm(formdata=None), person=row.user)


@bp.post("/reset/<token>")
@allow(PUBLIC)
def resetting(token: str) -> ResponseReturnValue:
    now = utcnow()
    row = services.find_reset(token, now=now)
    if row is None:
        return _gone()
    form = NewPasswordForm()
    if not form.validate():
        return render("accounts/reset.html", form=form, person=row.user, status=422)
    try:
        used = services.use_reset(row, form.password.data, now=now)
    except Refusal as refusal:
        form.refuse(refusal)
        return render("accounts/reset.html", form=form, person=row.user, status=422)
    if not used:
        return _gone()
    flash(_("Your password is set. Sign in with it."), "ok")
    return see_other(url_for("accounts.sign_in"))


def _gone() -> Response:
    """Used, expired and unknown are one page, which offers a new link."""
    return render("accounts/reset_gone.html", status=410, minutes=services.RESET_MINUTES)
