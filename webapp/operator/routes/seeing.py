"""Seeing as somebody of an organisation: the question, the beginning, the end (`orgs.seeing`)."""

from __future__ import annotations

from flask import flash, url_for
from flask import session as cookie
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from webapp.accounts import sessions
from webapp.accounts.access import OPERATOR, SIGNED_IN
from webapp.accounts.proofs import fresh
from webapp.core.access import allow
from webapp.core.clock import utcnow
from webapp.core.db import rollback
from webapp.core.errors import Refusal
from webapp.core.principal import acting
from webapp.core.web import render, see_other
from webapp.operator.forms import SeeingForm
from webapp.operator.routes.blueprint import bp, organisation_or_404
from webapp.orgs import seeing
from webapp.orgs.access import LAST_ORGANISATION
from webapp.orgs.models import Organisation
from webapp.orgs.permissions import Role


@bp.get("/organisations/<public_id>/seeing")
@allow(OPERATOR)
def seeing_new(public_id: str) -> ResponseReturnValue:
    return _page(organisation_or_404(public_id), SeeingForm(formdata=None))


@bp.post("/organisations/<public_id>/seeing")
@allow(OPERATOR)
@fresh
def seeing_begin(public_id: str) -> ResponseReturnValue:
    organisation, form = organisation_or_404(public_id), SeeingForm()
    if not form.validate():
        return _page(organisation, form, status=422)
    try:
        seeing.begin_seeing(
            organisation,
            Role(form.role.data),
            form.reason.data or "",
            user=current_user,
            session=sessions.current_session(),
            by=acting().acting_for(organisation.id),
            now=utcnow(),
        )
    except Refusal as refusal:
        rollback()
        form.refuse(refusal)
        return _page(organisation_or_404(public_id), form, status=refusal.status)
    return see_other(url_for("orgs.overview", org=public_id))


@bp.post("/seeing/ending")
@allow(SIGNED_IN)
def seeing_end() -> ResponseReturnValue:
    """Open to whoever is signed in: an operator who no longer is one must get out as well."""
    ended = seeing.end_all(sessions.current_session(), by=acting(), now=utcnow())
    if ended is None:
        return see_other(url_for("orgs.home"))
    if cookie.get(LAST_ORGANISATION) == ended.public_id:
        cookie.pop(LAST_ORGANISATION)
    flash(_("You act as yourself again."), "ok")
    return see_other(url_for("orgs.operator_organisation", public_id=ended.public_id))


def _page(
    organisation: Organisation, form: SeeingForm, *, status: int = 200
) -> ResponseReturnValue:
    minutes = int(seeing.LASTS.total_seconds() // 60)
    return render(
        "operator/seeing.html", row=organisation, form=form, minutes=minutes, status=status
    )
