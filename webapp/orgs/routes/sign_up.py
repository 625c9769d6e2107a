"""`/sign-up`: an account of one's own, and a company that one founds."""

from __future__ import annotations

import time

from flask import flash, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from webapp.accounts.access import SIGNED_IN
from webapp.accounts.routes import pause_until
from webapp.accounts.services import open_session
from webapp.core.access import PUBLIC, allow
from webapp.core.clock import utcnow
from webapp.core.db import commit, rollback
from webapp.core.errors import Refusal
from webapp.core.preferences import language
from webapp.core.principal import acting
from webapp.core.web import render, see_other
from webapp.legal.queries import AT_SIGN_UP, current_texts
from webapp.orgs.forms.organisations import OrganisationForm
from webapp.orgs.forms.sign_up import ConfirmForm, SignUpForm
from webapp.orgs.routes.blueprint import bp, refused
from webapp.orgs.services import sign_ups
from webapp.orgs.services.companies import found_company

FORM, CONFIRM, COMPANY = "orgs/sign_up.html", "orgs/sign_up_confirm.html", "orgs/company_new.html"
TAKES_SECONDS = 0.6
"""The answer takes this long, whichever mail was written."""


@bp.get("/sign-up")
@allow(PUBLIC)
def sign_up() -> ResponseReturnValue:
    if current_user.is_authenticated:
        return see_other(url_for("orgs.home"))
    form = SignUpForm(formdata=None, language=language())
    form.ask(current_texts(AT_SIGN_UP, language(), utcnow()))
    return render(FORM, form=form)


@bp.post("/sign-up")
@allow(PUBLIC)
def signing_up() -> ResponseReturnValue:
    began = time.monotonic()
    if current_user.is_authenticated:
        return see_other(url_for("orgs.home"))
    form = SignUpForm()
    form.ask(current_texts(AT_SIGN_UP, language(), utcnow()))
    if not form.validate():
        return render(FORM, form=form, status=422)
    try:
        sign_ups.sign_up(form.account(), now=utcnow())
    except Refusal as refusal:
        return refused(FORM, form, refusal)
    commit()
    pause_until(began + TAKES_SECONDS)
    return see_other(url_for("orgs.sign_up_sent"))


@bp.get("/sign-up/sent")
@allow(PUBLIC)
def sign_up_sent() -> ResponseReturnValue:
    return render("orgs/sign_up_sent.html", hours=sign_ups.LINK_HOURS)


@bp.get("/sign-up/<token>")
@allow(PUBLIC)
def sign_up_confirm(token: str) -> ResponseReturnValue:
    """Looking does not use the link: mail programs and scanners open it before people do."""
    row = sign_ups.find_sign_up(token, now=utcnow())
    if row is None:
        return _gone()
    return render(CONFIRM, row=row, form=ConfirmForm(formdata=None))


@bp.post("/sign-up/<token>")
@allow(PUBLIC)
def sign_up_confirming(token: str) -> ResponseReturnValue:
    now, form = utcnow(), ConfirmForm()
    row = sign_ups.find_sign_up(token, now=now)
    if row is None:
        return _gone()
    if not form.validate():
        return render(CONFIRM, row=row, form=form, status=422)
    try:
        user = sign_ups.confirm(row, form.password.data, now=now)
    except Refusal as refusal:
        return refused(CONFIRM, form, refusal, row=row)
    if user is None:
        return _gone()
    open_session(user, now=now)
    flash(_("Your address is confirmed, and you are signed in."), "ok")
    return see_other(url_for("orgs.home"))


def _gone() -> Response:
    """Used, expired, unknown and taken meanwhile are one page."""
    rollback()
    return render("orgs/sign_up_gone.html", status=410, hours=sign_ups.LINK_HOURS)


@bp.get("/me/companies/new")
@allow(SIGNED_IN)
def company_new() -> ResponseReturnValue:
    return render(COMPANY, form=_company_form(formdata=None, language=current_user.language))


@bp.post("/me/companies/new")
@allow(SIGNED_IN)
def company_found() -> ResponseReturnValue:
    form = _company_form()
    if not form.validate():
        return render(COMPANY, form=form, status=422)
    if earlier := form.earlier_location():
        return see_other(earlier)
    try:
        company = found_company(form.particulars(), current_user, by=acting(), now=utcnow())
    except Refusal as refusal:
        return refused(COMPANY, form, refusal)
    flash(_("%(name)s is created. You are its administrator.", name=company.name), "ok")
    return see_other(form.leads_to(url_for("orgs.overview", org=company.public_id)))


def _company_form(**given: object) -> OrganisationForm:
    """Neither parent nor *may create*: the operator gives those."""
    form = OrganisationForm(parents=None, may_set_create=False, **given)
    del form.require_two_factor
    return form
