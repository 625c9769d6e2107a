"""Settings → Data of an organisation; a person's own data; erasing a deactivated person."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO

from flask import Blueprint, Response, abort, flash, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import select

from webapp.accounts.access import OPERATOR, SIGNED_IN
from webapp.accounts.models import User
from webapp.accounts.proofs import fresh
from webapp.core.access import allow
from webapp.core.clock import utcnow
from webapp.core.db import db, rollback
from webapp.core.errors import Refusal
from webapp.core.principal import acting
from webapp.core.retention import all_retentions
from webapp.core.web import render, see_other
from webapp.orgs import queries
from webapp.orgs.access import current_organisation
from webapp.orgs.authority import operator_authority, own_authority
from webapp.orgs.permissions import Permission
from webapp.records import erasure, export_work, services
from webapp.records.forms import ErasureForm, RetentionForm
from webapp.records.own_data import own_archive

bp = Blueprint("records", __name__)

ERASE_OTHER, ERASE_ME = "records/user_erasure.html", "records/my_erasure.html"
PIECE_BYTES = 64 * 1024


@bp.get("/o/<org>/settings/data")
@allow(Permission.ORGANISATION_EDIT)
def data(org: str) -> ResponseReturnValue:
    return _data(RetentionForm.of(current_organisation()))


def _data(form: RetentionForm, *, status: int = 200, error: str = "") -> Response:
    fixed = [rule for rule in all_retentions() if rule.days is not None]
    return render(
        "records/data.html",
        form=form,
        error=error,
        fixed=sorted(fixed, key=lambda rule: str(rule.label)),
        running=export_work.running(),
        status=status,
    )


@bp.post("/o/<org>/settings/data")
@allow(Permission.ORGANISATION_EDIT)
@fresh
def retention_save(org: str) -> ResponseReturnValue:
    here, form = current_organisation(), RetentionForm()
    if not form.validate():
        return _data(form, status=422)
    if form.version.data != str(here.version):
        form.form_errors.append(
            _("Somebody changed the settings meanwhile. Load the page anew and repeat your change.")
        )
        return _data(form, status=409)
    services.change_retention(
        here,
        request_days=form.request_retention_days.data,
        audit_days=form.audit_retention_days.data,
        by=acting(),
    )
    flash(_("Saved. What is over its time goes with the next sweep, within six hours."), "ok")
    return see_other(url_for("records.data", org=org))


@bp.post("/o/<org>/settings/data/exports")
@allow(Permission.ORGANISATION_EDIT)
@fresh
def export_begin(org: str) -> ResponseReturnValue:
    here = current_organisation()
    try:
        work = export_work.begin_export(here, by=acting(), now=utcnow())
    except Refusal as refusal:
        return _data(RetentionForm.of(here), status=refusal.status, error=str(refusal.message))
    return see_other(url_for("activities.activity", org=org, public_id=work.public_id))


@bp.get("/me/data")
@allow(SIGNED_IN)
def my_data() -> ResponseReturnValue:
    return render("records/my_data.html")


@bp.post("/me/data/exports")
@allow(SIGNED_IN)
@fresh
def my_export() -> ResponseReturnValue:
    now = utcnow()
    found = own_archive(current_user, now=now)
    answer = Response(_in_pieces(found), mimetype="application/zip")
    answer.headers.set("Content-Disposition", "attachment", filename=f"my-data-{now:%Y-%m-%d}.zip")
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


def _in_pieces(found: IO[bytes]) -> Iterator[bytes]:
    with found:
        while piece := found.read(PIECE_BYTES):
            yield piece


@bp.get("/me/data/erasure")
@allow(SIGNED_IN)
def my_erasure() -> ResponseReturnValue:
    return _my_erasure(ErasureForm(formdata=None))


@bp.post("/me/data/erasure")
@allow(SIGNED_IN)
@fresh
def erase_me() -> ResponseReturnValue:
    form = ErasureForm()
    if (form.username.data or "").lower() != current_user.username.lower():
        form.refuse(Refusal(_("This is not your user name."), field="username"))
        return _my_erasure(form, status=422)
    try:
        erasure.erase_oneself(current_user._get_current_object(), now=utcnow())
    except Refusal as refusal:
        rollback()
        form.form_errors.append(refusal.message)
        return _my_erasure(form, status=refusal.status)
    session.clear()
    flash(_("You are erased. Your account and what named you are gone."), "ok")
    return see_other(url_for("accounts.sign_in"))


def _my_erasure(form: ErasureForm, *, status: int = 200) -> Response:
    """Says beforehand what stands in the way."""
    blocked = ""
    try:
        erasure.refuse_where_needed(current_user._get_current_object())
    except Refusal as refusal:
        blocked = str(refusal.message)
    return render(ERASE_ME, form=form, blocked=blocked, status=status)


@bp.get("/o/<org>/users/<public_id>/erasure")
@allow(Permission.USERS_EDIT)
def user_erasure(org: str, public_id: str) -> ResponseReturnValue:
    user = queries.membership_of(public_id).user
    return _user_erasure(user, back=url_for("orgs.user", org=org, public_id=public_id))


@bp.post("/o/<org>/users/<public_id>/erasure")
@allow(Permission.USERS_EDIT)
@fresh
def erase_user(org: str, public_id: str) -> ResponseReturnValue:
    user = queries.membership_of(public_id).user
    try:
        erasure.erase_deactivated(user, authority=own_authority(), by=acting(), now=utcnow())
    except Refusal as refusal:
        rollback()
        return _user_erasure(user, back=request.path.removesuffix("/erasure"), refusal=refusal)
    flash(_("The person is erased."), "ok")
    return see_other(url_for("orgs.users", org=org))


@bp.get("/operator/users/<public_id>/erasure")
@allow(OPERATOR)
def operator_erasure(public_id: str) -> ResponseReturnValue:
    return _user_erasure(_user_or_404(public_id), back="/operator/")


@bp.post("/operator/users/<public_id>/erasure")
@allow(OPERATOR)
@fresh
def operator_erase(public_id: str) -> ResponseReturnValue:
    user = _user_or_404(public_id)
    try:
        erasure.erase_deactivated(user, authority=operator_authority(), by=acting(), now=utcnow())
    except Refusal as refusal:
        rollback()
        return _user_erasure(user, back="/operator/", refusal=refusal)
    flash(_("The person is erased."), "ok")
    return see_other(request.path)


def _user_or_404(public_id: str) -> User:
    user = db.session.scalar(select(User).where(User.public_id == public_id))
    if user is None:
        abort(404)
    return user


def _user_erasure(user: User, *, back: str, refusal: Refusal | None = None) -> Response:
    return render(
        ERASE_OTHER,
        person=user,
        back=back,
        error=str(refusal.message) if refusal else "",
        status=refusal.status if refusal else 200,
    )
