"""One's own password, sessions and profile."""

from __future__ import annotations

from flask import abort, flash, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user
from werkzeug.wrappers import Response

from webapp.accounts import services, sessions
from webapp.accounts.access import SIGNED_IN
from webapp.accounts.forms import ChangePasswordForm, NewPasswordForm, ProfileForm
from webapp.accounts.routes import HOME, bp
from webapp.accounts.user_agents import in_words, is_phone
from webapp.core.access import allow
from webapp.core.clock import utcnow
from webapp.core.errors import Refusal
from webapp.core.web import render, see_other


@bp.get("/me/first-password")
@allow(SIGNED_IN)
def first_password() -> ResponseReturnValue:
    if not current_user.must_change_password:
        return see_other(HOME)
    return render("accounts/first_password.html", form=NewPasswordForm(formdata=None))


@bp.post("/me/first-password")
@allow(SIGNED_IN)
def choosing_first_password() -> ResponseReturnValue:
    if not current_user.must_change_password:
        return see_other(HOME)
    form = NewPasswordForm()
    if not form.validate():
        return render("accounts/first_password.html", form=form, status=422)
    try:
        services.replace_own_password(current_user, form.password.data, now=utcnow())
    except Refusal as refusal:
        form.refuse(refusal)
        return render("accounts/first_password.html", form=form, status=422)
    return see_other(HOME)


@bp.get("/me/password")
@allow(SIGNED_IN)
def password() -> ResponseReturnValue:
    return render("accounts/password.html", form=ChangePasswordForm(formdata=None))


@bp.post("/me/password")
@allow(SIGNED_IN)
def changing_password() -> ResponseReturnValue:
    form = ChangePasswordForm()
    if not form.validate():
        return render("accounts/password.html", form=form, status=422)
    try:
        services.change_password(
            current_user, old=form.old_password.data, new=form.password.data, now=utcnow()
        )
    except Refusal as refusal:
        form.refuse(refusal)
        return render("accounts/password.html", form=form, status=422)
    flash(_("Your password is changed. All your other sessions have ended."), "ok")
    return see_other(url_for("accounts.password"))


@bp.get("/me/sessions")
@allow(SIGNED_IN)
def my_sessions() -> ResponseReturnValue:
    here = sessions.current_session()
    live = sessions.live_sessions(current_user, now=utcnow())
    return render(
        "accounts/sessions.html",
        sessions=sorted(live, key=lambda row: row.id != here.id),
        this_session=here,
        in_words=in_words,
        is_phone=is_phone,
    )


@bp.post("/me/sessions/<public_id>/endings")
@allow(SIGNED_IN)
def end_session(public_id: str) -> ResponseReturnValue:
    now = utcnow()
    row = sessions.find_live_session(current_user, public_id, now=now)
    if row is None:
        abort(404)
    if row.id == sessions.current_session().id:
        services.sign_out(current_user, now=now)
        return see_other(url_for("accounts.sign_in"))
    services.end_session(current_user, row, now=now)
    flash(_("Signed out there: %(browser)s.", browser=in_words(row.user_agent)), "ok")
    return see_other(url_for("accounts.my_sessions"))


@bp.post("/me/sessions/endings")
@allow(SIGNED_IN)
def end_other_sessions() -> ResponseReturnValue:
    ended = services.end_other_sessions(current_user, now=utcnow())
    flash(ngettext("%(num)s other session ended.", "%(num)s other sessions ended.", ended), "ok")
    return see_other(url_for("accounts.my_sessions"))


@bp.get("/me/profile")
@allow(SIGNED_IN)
def profile() -> ResponseReturnValue:
    return _profile(ProfileForm.of(current_user))


@bp.post("/me/profile")
@allow(SIGNED_IN)
def changing_profile() -> ResponseReturnValue:
    form = ProfileForm()
    if not form.validate():
        return _profile(form, status=422)
    try:
        services.change_profile(current_user, form.profile())
    except Refusal as refusal:
        form.refuse(refusal)
        return _profile(form, status=422)
    flash(_("Your profile is saved."), "ok")
    return see_other(url_for("accounts.profile"))


def _profile(form: ProfileForm, *, status: int = 200) -> Response:
    live = sessions.live_sessions(current_user, now=utcnow())
    return render("accounts/profile.html", form=form, open_sessions=len(live), status=status)
