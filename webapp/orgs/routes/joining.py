"""`/invitation/<token>`: what the invited person sees. Public: the link is the proof."""

from __future__ import annotations

from datetime import datetime

from flask import flash, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from webapp.accounts.access import SIGNED_IN
from webapp.accounts.services import open_session
from webapp.core.access import PUBLIC, allow
from webapp.core.clock import utcnow
from webapp.core.db import rollback
from webapp.core.errors import Refusal
from webapp.core.preferences import language
from webapp.core.web import render, see_other
from webapp.legal.queries import AT_SIGN_UP, current_texts, missing_acceptances
from webapp.orgs.forms.invitations import AcceptForm, JoinForm
from webapp.orgs.mails import rights_in_words
from webapp.orgs.models import Invitation
from webapp.orgs.routes.blueprint import bp
from webapp.orgs.services import joining
from webapp.orgs.services.joining import HasAccount, LinkDead

PAGE, JOIN = "orgs/invited.html", "orgs/invited_join.html"


@bp.get("/invitation/<token>")
@allow(PUBLIC)
def invited(token: str) -> ResponseReturnValue:
    """Looking does not use the link."""
    try:
        row = joining.find_invitation(token, now=utcnow())
    except LinkDead:
        return _dead()
    if current_user.is_authenticated:
        return see_other(url_for("orgs.invited_join", token=token))
    form = _form(row, formdata=None, name=row.name, language=row.language)
    return _page(row, token, form, has_account=joining.has_account(row))


@bp.post("/invitation/<token>")
@allow(PUBLIC)
def invited_accept(token: str) -> ResponseReturnValue:
    """Make the account, sign it in."""
    now = utcnow()
    try:
        row = joining.find_invitation(token, now=now)
        if current_user.is_authenticated:
            return see_other(url_for("orgs.invited_join", token=token))
        form = _form(row)
        if not form.validate():
            return _page(row, token, form, status=422)
        try:
            user = joining.join_as_new_person(row, form.person(), now=now)
        except Refusal as refusal:
            return _refused(token, form, refusal, now)
    except LinkDead:
        return _dead()
    open_session(user, now=now)
    return _welcome(row)


def _refused(token: str, form: AcceptForm, refusal: Refusal, now: datetime) -> Response:
    """The form once more; the invitation is read anew, since what was begun is taken back."""
    rollback()
    form.refuse(refusal)
    row, taken = joining.find_invitation(token, now=now), isinstance(refusal, HasAccount)
    return _page(row, token, form, has_account=taken, status=refusal.status)


def _form(row: Invitation, **given: object) -> AcceptForm:
    form = AcceptForm(names_address=row.email is not None, **given)
    form.ask(current_texts(AT_SIGN_UP, language(), utcnow()))
    return form


def _join_form(**given: object) -> JoinForm:
    form = JoinForm(**given)
    now = utcnow()
    form.ask(missing_acceptances(current_user, AT_SIGN_UP, language=language(), now=now))
    return form


def _page(
    row: Invitation, token: str, form: AcceptForm, *, has_account: bool = False, status: int = 200
) -> Response:
    return render(
        PAGE,
        row=row,
        token=token,
        form=form,
        has_account=has_account,
        rights=rights_in_words(row.roles, row.grants),
        status=status,
    )


@bp.get("/invitation/<token>/join")
@allow(SIGNED_IN)
def invited_join(token: str) -> ResponseReturnValue:
    """For who has an account: one button. Signed out, one signs in first and lands here."""
    try:
        row = joining.find_invitation(token, now=utcnow())
        joining.refuse_other_person(row, current_user)
    except LinkDead:
        return _dead()
    except Refusal as refusal:
        return _join_page(row, token, error=refusal.message)
    return _join_page(row, token)


@bp.post("/invitation/<token>/join")
@allow(SIGNED_IN)
def invited_joining(token: str) -> ResponseReturnValue:
    now = utcnow()
    try:
        row = joining.find_invitation(token, now=now)
        form = _join_form()
        if not form.validate():
            return _join_page(row, token, form=form, status=422)
        try:
            joining.join_as(row, current_user, accepted_texts=form.accepted_ids, now=now)
        except Refusal as refusal:
            rollback()
            row = joining.find_invitation(token, now=now)
            return _join_page(row, token, error=refusal.message, status=refusal.status)
    except LinkDead:
        return _dead()
    return _welcome(row)


def _join_page(
    row: Invitation,
    token: str,
    *,
    form: JoinForm | None = None,
    error: str = "",
    status: int = 200,
) -> Response:
    return render(
        JOIN,
        row=row,
        token=token,
        form=form or _join_form(formdata=None),
        error=error,
        is_member=joining.is_member(row, current_user),
        rights=rights_in_words(row.roles, row.grants),
        status=status,
    )


def _welcome(row: Invitation) -> Response:
    flash(_("Welcome to %(org)s.", org=row.organisation.name), "ok")
    return see_other(url_for("orgs.overview", org=row.organisation.public_id))


def _dead() -> Response:
    """Unknown, used, run out and revoked are one page."""
    rollback()
    return render("orgs/invited_gone.html", status=410)
