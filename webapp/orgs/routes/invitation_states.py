"""What happens to an invitation: sending, a link, the mail's preview and trial, revoking."""

from __future__ import annotations

from flask import Response, flash, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from webapp.core.access import allow
from webapp.core.clock import utcnow
from webapp.core.db import rollback
from webapp.core.errors import Refusal
from webapp.core.headers import PREVIEW_CSP
from webapp.core.principal import acting
from webapp.core.web import render, see_other
from webapp.mail.addresses import checked_address
from webapp.orgs.authority import own_authority
from webapp.orgs.forms.invitations import TrialForm
from webapp.orgs.invitation_list import invitation_url
from webapp.orgs.mails import preview_of_invitation
from webapp.orgs.models import Invitation
from webapp.orgs.permissions import Permission
from webapp.orgs.routes.blueprint import bp, refused
from webapp.orgs.routes.invitations import invitation_or_404, invitation_page
from webapp.orgs.services import invitations as services

TRIAL, REVOCATION = "orgs/invitation_test.html", "orgs/invitation_revocation.html"


@bp.post("/o/<org>/invitations/<public_id>/sendings")
@allow(Permission.USERS_EDIT)
def invitation_send(org: str, public_id: str) -> ResponseReturnValue:
    row = invitation_or_404(public_id)
    try:
        services.send_invitation(row, authority=own_authority(), by=acting(), now=utcnow())
    except Refusal as refusal:
        return _refused(public_id, refusal)
    flash(_("The invitation is on its way to %(email)s.", email=row.email), "ok")
    return see_other(invitation_url(row))


@bp.post("/o/<org>/invitations/<public_id>/links")
@allow(Permission.USERS_EDIT)
def invitation_link(org: str, public_id: str) -> ResponseReturnValue:
    """The answer itself shows the link, this once."""
    row = invitation_or_404(public_id)
    try:
        link = services.create_link(row, authority=own_authority(), by=acting(), now=utcnow())
    except Refusal as refusal:
        return _refused(public_id, refusal)
    return render("orgs/invitation_link.html", row=row, link=link)


@bp.get("/o/<org>/invitations/<public_id>/links")
@allow(Permission.USERS_READ)
def invitation_links(org: str, public_id: str) -> ResponseReturnValue:
    """Where a reload of the page with the link ends: the link is not told again."""
    return see_other(invitation_url(invitation_or_404(public_id)))


def _refused(public_id: str, refusal: Refusal) -> ResponseReturnValue:
    """The page as it stands, with the reason on top."""
    rollback()
    return invitation_page(
        invitation_or_404(public_id), status=refusal.status, error=refusal.message
    )


@bp.get("/o/<org>/invitations/<public_id>/preview")
@allow(Permission.USERS_READ)
def invitation_preview(org: str, public_id: str) -> ResponseReturnValue:
    """The HTML part, for the frame on the invitation's page."""
    mail = preview_of_invitation(invitation_or_404(public_id), now=utcnow())
    answer = Response(mail.html, mimetype="text/html")
    answer.headers["Content-Security-Policy"] = PREVIEW_CSP
    answer.headers["X-Frame-Options"] = "SAMEORIGIN"
    return answer


@bp.get("/o/<org>/invitations/<public_id>/test")
@allow(Permission.USERS_EDIT)
def invitation_test(org: str, public_id: str) -> ResponseReturnValue:
    row = invitation_or_404(public_id)
    return render(TRIAL, form=TrialForm(formdata=None, to=current_user.email), row=row)


@bp.post("/o/<org>/invitations/<public_id>/test")
@allow(Permission.USERS_EDIT)
def invitation_testing(org: str, public_id: str) -> ResponseReturnValue:
    row, form = invitation_or_404(public_id), TrialForm()
    if not form.validate():
        return render(TRIAL, form=form, row=row, status=422)
    if earlier := form.earlier_location():
        return see_other(earlier)
    try:
        to = checked_address(form.to.data, field="to")
        services.send_trial(row, to, by=acting())
    except Refusal as refusal:
        return refused(TRIAL, form, refusal, row=row)
    flash(_("A test mail is on its way to %(email)s.", email=to), "ok")
    return see_other(form.leads_to(invitation_url(row)))


@bp.get("/o/<org>/invitations/<public_id>/revocation")
@allow(Permission.USERS_EDIT)
def invitation_revocation(org: str, public_id: str) -> ResponseReturnValue:
    row = _revocable(public_id)
    return render(REVOCATION, row=row)


@bp.post("/o/<org>/invitations/<public_id>/revocation")
@allow(Permission.USERS_EDIT)
def invitation_revoke(org: str, public_id: str) -> ResponseReturnValue:
    row = invitation_or_404(public_id)
    try:
        services.revoke_invitation(row, by=acting())
    except Refusal as refusal:
        return _refused(public_id, refusal)
    flash(_("The invitation of %(name)s is revoked.", name=row.name), "ok")
    return see_other(url_for("orgs.invitations", org=row.organisation.public_id))


def _revocable(public_id: str) -> Invitation:
    row = invitation_or_404(public_id)
    services.refuse_closed(row)
    return row
