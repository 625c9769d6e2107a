"""API tokens, as an administrator makes and revokes them."""

from __future__ import annotations

from flask import Blueprint, abort, current_app, flash, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import select

from webapp.accounts.proofs import proof_needed, prove
from webapp.api.forms import TokenForm
from webapp.api.lists import STATES, TOKENS, permission_words, state_of, tokens
from webapp.api.models import Token
from webapp.api.services import create_token, permissions_of_the_api, revoke_token
from webapp.core.access import allow
from webapp.core.clock import utcnow
from webapp.core.db import db, rollback
from webapp.core.errors import Refusal
from webapp.core.principal import acting
from webapp.core.web import render, see_other
from webapp.orgs.access import current_organisation, permissions_here
from webapp.orgs.permissions import Permission

bp = Blueprint("api", __name__, url_prefix="/o/<org>/api-tokens")


@bp.get("", endpoint="tokens")
@allow(Permission.API_READ)
def token_list(org: str) -> ResponseReturnValue:
    return TOKENS.page(tokens()).respond("api/tokens.html")


@bp.get("/new")
@allow(Permission.API_EDIT)
def token_new(org: str) -> ResponseReturnValue:
    return _form(TokenForm.fresh(_offered(), today=utcnow().date()))


@bp.post("")
@allow(Permission.API_EDIT)
def token_create(org: str) -> ResponseReturnValue:
    """The answer itself shows the token, this once; loaded again it leads to the list."""
    form = TokenForm(permissions=_offered())
    if not form.validate():
        return _form(form, 422)
    try:
        return _made(form, org)
    except Refusal as refusal:
        rollback()
        form.refuse(refusal)
        return _form(form, refusal.status)


@bp.get("/<public_id>", endpoint="token")
@allow(Permission.API_READ)
def token_page(org: str, public_id: str) -> ResponseReturnValue:
    row = _token(public_id)
    state = state_of(row)
    return render(
        "api/token.html",
        token=row,
        state=state,
        state_word=STATES[state],
        permissions=permission_words(row),
    )


@bp.get("/<public_id>/revocations/confirm")
@allow(Permission.API_EDIT)
def token_confirm(org: str, public_id: str) -> ResponseReturnValue:
    return render("api/token_confirm.html", token=_token(public_id))


@bp.post("/<public_id>/revocations")
@allow(Permission.API_EDIT)
def token_revoke(org: str, public_id: str) -> ResponseReturnValue:
    row = _token(public_id)
    revoke_token(row, by=acting(), now=utcnow())
    flash(_("“%(name)s” is revoked.", name=row.name), "ok")
    return see_other(url_for("api.tokens", org=org))


def _made(form: TokenForm, org: str) -> ResponseReturnValue:
    now = utcnow()
    earlier = form.earlier_location()
    if earlier is not None:
        return see_other(earlier)
    prove(current_user, form.proof.data, now=now)
    row, text = create_token(
        form["name"].data,
        form.chosen(),
        expires_on=form.expires_on.data,
        organisation_id=current_organisation().id,
        maker=current_user,
        makers=permissions_here(),
        by=acting(),
        now=now,
    )
    form.leads_to(url_for("api.token", org=org, public_id=row.public_id))
    base_url = current_app.extensions["settings"].base_url
    return render("api/token_made.html", token=row, text=text, portal=base_url)


def _form(form: TokenForm, status: int = 200) -> ResponseReturnValue:
    asks = proof_needed(now=utcnow())
    return render("api/token_new.html", form=form, asks_proof=asks, status=status)


def _offered() -> list[Permission]:
    """What an endpoint asks for and the person may do here."""
    mine = permissions_here()
    return [p for p in permissions_of_the_api(current_app) if p in mine]


def _token(public_id: str) -> Token:
    return db.session.scalar(select(Token).where(Token.public_id == public_id)) or abort(404)
