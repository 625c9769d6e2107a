"""Invitations: the list, one of them, adding and editing."""

from __future__ import annotations

from typing import Any

from flask import abort, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import joinedload
from werkzeug.wrappers import Response

from webapp.accounts.proofs import fresh
from webapp.core.access import allow
from webapp.core.clock import utcnow
from webapp.core.db import db
from webapp.core.errors import Refusal
from webapp.core.principal import acting
from webapp.core.web import render, see_other
from webapp.orgs import queries
from webapp.orgs.access import current_organisation, may
from webapp.orgs.authority import Rights, own_authority
from webapp.orgs.forms.invitations import InvitationForm
from webapp.orgs.invitation_list import (
    INVITATIONS,
    invitation_url,
    invitations_in_scope,
    state_words,
)
from webapp.orgs.lists import users_scope
from webapp.orgs.mails import rights_in_words
from webapp.orgs.models import Invitation, InvitationState, Organisation
from webapp.orgs.permissions import Permission
from webapp.orgs.routes.blueprint import bp, refused
from webapp.orgs.services import invitations as services
from webapp.orgs.services.documents import document_for

NEW, EDIT = "orgs/invitation_new.html", "orgs/invitation_edit.html"


@bp.get("/o/<org>/invitations")
@allow(Permission.USERS_READ)
def invitations(org: str) -> ResponseReturnValue:
    with users_scope():
        page = INVITATIONS.page(invitations_in_scope())
        return page.respond("orgs/invitations.html", may_add=may(Permission.USERS_EDIT))


@bp.get("/o/<org>/invitations/<public_id>")
@allow(Permission.USERS_READ)
def invitation(org: str, public_id: str) -> ResponseReturnValue:
    return invitation_page(invitation_or_404(public_id))


def invitation_page(row: Invitation, *, status: int = 200, error: str = "") -> Response:
    """The page, also where something was refused on it."""
    now = utcnow()
    is_open = InvitationState(row.state) in services.EDITABLE
    return render(
        "orgs/invitation.html",
        row=row,
        state=state_words(row),
        has_run_out=row.state_at(now) == InvitationState.EXPIRED,
        rights=rights_in_words(row.roles, row.grants),
        document=document_for(row.organisation, row.language),
        may_edit=may(Permission.USERS_EDIT) and is_open,
        error=error,
        status=status,
    )


def invitation_or_404(public_id: str) -> Invitation:
    """One of the organisation in scope; any other is unknown."""
    found = db.session.scalar(
        invitations_in_scope()
        .where(Invitation.public_id == public_id)
        .options(joinedload(Invitation.inviter), joinedload(Invitation.accepted_user))
    )
    return found or abort(404)


@bp.get("/o/<org>/invitations/new")
@allow(Permission.USERS_EDIT)
def invitation_new(org: str) -> ResponseReturnValue:
    here = current_organisation()
    form = InvitationForm(
        formdata=None, **_offered(), language=here.language, organisation=here.public_id
    )
    return render(NEW, form=form)


@bp.post("/o/<org>/invitations/new")
@allow(Permission.USERS_EDIT)
@fresh
def invitation_create(org: str) -> ResponseReturnValue:
    form = InvitationForm(**_offered())
    if not form.validate():
        return render(NEW, form=form, status=422)
    if earlier := form.earlier_location():
        return see_other(earlier)
    try:
        row = services.create_invitation(
            form.guest(),
            organisation=_chosen(form),
            authority=own_authority(),
            by=acting(),
            now=utcnow(),
        )
    except Refusal as refusal:
        return refused(NEW, form, refusal)
    return see_other(form.leads_to(invitation_url(row)))


def _offered(held: frozenset[Permission] = frozenset()) -> dict[str, Any]:
    """What the form offers: where one may invite, and what one has or the invitation gives already."""
    here = current_organisation()
    places = queries.open_organisations_below(here)
    return {
        "organisations": queries.names_of(places, root=here),
        "permissions": own_authority().permissions_in(here) | held,
    }


def _chosen(form: InvitationForm) -> Organisation:
    return queries.organisation_below(current_organisation(), form.organisation.data)


@bp.get("/o/<org>/invitations/<public_id>/edit")
@allow(Permission.USERS_EDIT)
def invitation_edit(org: str, public_id: str) -> ResponseReturnValue:
    row = _editable(public_id)
    return render(EDIT, form=_editing_form(row), row=row)


@bp.post("/o/<org>/invitations/<public_id>/edit")
@allow(Permission.USERS_EDIT)
@fresh
def invitation_save(org: str, public_id: str) -> ResponseReturnValue:
    row = _editable(public_id)
    form = _editing_form(row)
    if not form.validate():
        return render(EDIT, form=form, row=row, status=422)
    if form.version.data != str(row.version):
        return _conflict(form, row)
    try:
        services.edit_invitation(
            row, form.guest(), organisation=_chosen(form), authority=own_authority(), by=acting()
        )
    except Refusal as refusal:
        return refused(EDIT, form, refusal, row=row)
    return see_other(invitation_url(row))


def _editable(public_id: str) -> Invitation:
    row = invitation_or_404(public_id)
    services.refuse_closed(row)
    return row


def _editing_form(row: Invitation) -> InvitationForm:
    return InvitationForm(**_offered(Rights.of(row).permissions), data=_filled(row))


def _filled(row: Invitation) -> dict[str, Any]:
    names = ("name", "email", "language", "roles", "grants", "keys_below")
    return {
        **{name: getattr(row, name) for name in names},
        "organisation": row.organisation.public_id,
        "version": str(row.version),
    }


def _conflict(form: InvitationForm, row: Invitation) -> Response:
    """Somebody was faster: both versions, and nothing saved."""
    now = _filled(row)
    pairs = [
        (field.label.text, now[field.name], field.data)
        for field in form
        if field.name in now and field.name != "version"
    ]
    here = current_organisation().public_id
    again = url_for("orgs.invitation_edit", org=here, public_id=row.public_id)
    return render("orgs/conflict.html", name=row.name, pairs=pairs, again=again, status=409)
