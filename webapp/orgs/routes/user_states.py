"""What happens to a user: a first password, deactivation, removal. Each is a small resource with a page of its own."""

from __future__ import annotations

from flask import flash, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from webapp.accounts.proofs import fresh
from webapp.core.access import allow
from webapp.core.clock import utcnow
from webapp.core.errors import Refusal
from webapp.core.principal import acting
from webapp.core.web import render, see_other
from webapp.orgs import queries
from webapp.orgs.access import current_organisation
from webapp.orgs.authority import own_authority
from webapp.orgs.forms.people import FirstPasswordForm
from webapp.orgs.lists import user_url
from webapp.orgs.permissions import Permission
from webapp.orgs.routes.blueprint import bp, refused
from webapp.orgs.services import memberships, people

PASSWORD = "orgs/user_password.html"  # noqa: S105 - a template
TWO_FACTOR = "orgs/user_two_factor.html"
DEACTIVATION, REMOVAL = "orgs/user_deactivation.html", "orgs/user_removal.html"


@bp.get("/o/<org>/users/<public_id>/password")
@allow(Permission.USERS_EDIT)
def user_password(org: str, public_id: str) -> ResponseReturnValue:
    membership = queries.membership_of(public_id)
    return render(PASSWORD, form=FirstPasswordForm(formdata=None), membership=membership)


@bp.post("/o/<org>/users/<public_id>/password")
@allow(Permission.USERS_EDIT)
@fresh
def user_password_set(org: str, public_id: str) -> ResponseReturnValue:
    membership = queries.membership_of(public_id)
    form = FirstPasswordForm()
    if not form.validate():
        return render(PASSWORD, form=form, membership=membership, status=422)
    if earlier := form.earlier_location():
        return see_other(earlier)
    try:
        people.set_first_password(
            membership.user,
            form.password.data or None,
            organisation=membership.organisation,
            authority=own_authority(),
            by=acting(),
            now=utcnow(),
        )
    except Refusal as refusal:
        return refused(PASSWORD, form, refusal, membership=membership)
    flash(_("The first password is on its way to %(email)s.", email=membership.user.email), "ok")
    return see_other(form.leads_to(user_url(membership)))


@bp.get("/o/<org>/users/<public_id>/two-factor")
@allow(Permission.USERS_EDIT)
def user_two_factor(org: str, public_id: str) -> ResponseReturnValue:
    return render(TWO_FACTOR, membership=queries.membership_of(public_id), error=None)


@bp.post("/o/<org>/users/<public_id>/two-factor")
@allow(Permission.USERS_EDIT)
@fresh
def user_two_factor_end(org: str, public_id: str) -> ResponseReturnValue:
    """For who has lost phone and recovery codes."""
    membership = queries.membership_of(public_id)
    try:
        people.switch_off_two_factor(membership.user, authority=own_authority(), by=acting())
    except Refusal as refusal:
        return render(TWO_FACTOR, membership=membership, error=refusal.message, status=422)
    return see_other(user_url(membership))


@bp.get("/o/<org>/users/<public_id>/deactivation")
@allow(Permission.USERS_EDIT)
def user_deactivation(org: str, public_id: str) -> ResponseReturnValue:
    return render(DEACTIVATION, membership=queries.membership_of(public_id), error=None)


@bp.post("/o/<org>/users/<public_id>/deactivation")
@allow(Permission.USERS_EDIT)
@fresh
def user_deactivate(org: str, public_id: str) -> ResponseReturnValue:
    membership = queries.membership_of(public_id)
    try:
        people.deactivate_user(
            membership.user,
            organisation=membership.organisation,
            authority=own_authority(),
            by=acting(),
            now=utcnow(),
        )
    except Refusal as refusal:
        return render(DEACTIVATION, membership=membership, error=refusal.message, status=422)
    return see_other(user_url(membership))


@bp.post("/o/<org>/users/<public_id>/reactivation")
@allow(Permission.USERS_EDIT)
@fresh
def user_reactivate(org: str, public_id: str) -> ResponseReturnValue:
    membership = queries.membership_of(public_id)
    people.reactivate_user(
        membership.user,
        organisation=membership.organisation,
        authority=own_authority(),
        by=acting(),
    )
    return see_other(user_url(membership))


@bp.get("/o/<org>/users/<public_id>/removal")
@allow(Permission.USERS_EDIT)
def user_removal(org: str, public_id: str) -> ResponseReturnValue:
    return render(REMOVAL, membership=queries.membership_of(public_id), error=None)


@bp.post("/o/<org>/users/<public_id>/removal")
@allow(Permission.USERS_EDIT)
@fresh
def user_remove(org: str, public_id: str) -> ResponseReturnValue:
    membership = queries.membership_of(public_id)
    name = membership.user.name
    try:
        memberships.remove_membership(membership, authority=own_authority(), by=acting())
    except Refusal as refusal:
        return render(REMOVAL, membership=membership, error=refusal.message, status=422)
    here = current_organisation()
    flash(_("%(name)s no longer belongs to %(org)s.", name=name, org=here.name), "ok")
    return see_other(url_for("orgs.users", org=here.public_id))
