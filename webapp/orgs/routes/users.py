"""Users: the list, one of them, adding and editing."""

from __future__ import annotations

from typing import Any

from flask import flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from webapp.accounts.email_changes import ask_email_change
from webapp.accounts.forms import DELIMITERS, THOUSANDS
from webapp.accounts.models import User
from webapp.accounts.proofs import fresh
from webapp.core.access import allow
from webapp.core.clock import utcnow
from webapp.core.errors import Refusal
from webapp.core.principal import acting
from webapp.core.web import render, see_other
from webapp.mail.addresses import checked_address
from webapp.orgs import queries
from webapp.orgs.access import current_organisation, may, permissions_of
from webapp.orgs.authority import own_authority
from webapp.orgs.forms.people import AddPersonForm, NewUserForm, RightsForm, UserForm
from webapp.orgs.lists import USERS, role_names, state_in_words, user_url, users_scope
from webapp.orgs.models import Membership, Organisation
from webapp.orgs.permissions import Permission, Role
from webapp.orgs.routes.blueprint import bp, refused
from webapp.orgs.services import memberships, people
from webapp.orgs.services.people import PersonExists
from webapp.orgs.services.rights import open_requests

NEW, ADD, EDIT = "orgs/user_new.html", "orgs/user_add.html", "orgs/user_edit.html"


@bp.get("/o/<org>/users")
@allow(Permission.USERS_READ)
def users(org: str) -> ResponseReturnValue:
    may_add = may(Permission.USERS_EDIT)
    waiting = open_requests() if may_add else 0
    with users_scope():
        page = USERS.page(queries.members())
        return page.respond("orgs/users.html", may_add=may_add, open_requests=waiting)


@bp.get("/o/<org>/users/<public_id>")
@allow(Permission.USERS_READ)
def user(org: str, public_id: str) -> ResponseReturnValue:
    membership = queries.membership_of(public_id)
    authority, everywhere = own_authority(), memberships.memberships_everywhere(membership.user)
    return render(
        "orgs/user.html",
        membership=membership,
        person=membership.user,
        state=state_in_words(membership.user),
        roles=role_names(membership),
        grants=[p.label for p in Permission if p in membership.grants],
        may_edit=may(Permission.USERS_EDIT),
        governs=authority.governs(membership.user, everywhere),
        itself=membership.user_id == authority.user_id,
    )


@bp.get("/o/<org>/users/new")
@allow(Permission.USERS_EDIT)
def user_new(org: str) -> ResponseReturnValue:
    here = current_organisation()
    form = NewUserForm(
        formdata=None,
        **_offered(),
        language=here.language,
        organisation=here.public_id,
        email=request.args.get("email", ""),
    )
    return render(NEW, form=form, exists=False)


@bp.post("/o/<org>/users/new")
@allow(Permission.USERS_EDIT)
@fresh
def user_create(org: str) -> ResponseReturnValue:
    form = NewUserForm(**_offered())
    if not form.validate():
        return render(NEW, form=form, exists=False, status=422)
    if earlier := form.earlier_location():
        return see_other(earlier)
    where = _chosen(form)
    try:
        person = people.create_user(
            form.account(),
            checked_address(form.email.data, field="email"),
            form.password.data or None,
            organisation=where,
            rights=form.rights(),
            authority=own_authority(),
            by=acting(),
            now=utcnow(),
        )
    except Refusal as refusal:
        return refused(NEW, form, refusal, exists=isinstance(refusal, PersonExists))
    return see_other(form.leads_to(_url_of(where, person.public_id)))


@bp.get("/o/<org>/users/add")
@allow(Permission.USERS_EDIT)
def user_add(org: str) -> ResponseReturnValue:
    email = request.args.get("email", "")
    here = current_organisation().public_id
    form = AddPersonForm(formdata=None, **_offered(), organisation=here, email=email)
    return render(ADD, form=form)


@bp.post("/o/<org>/users/add")
@allow(Permission.USERS_EDIT)
@fresh
def user_adding(org: str) -> ResponseReturnValue:
    form = AddPersonForm(**_offered())
    if not form.validate():
        return render(ADD, form=form, status=422)
    if earlier := form.earlier_location():
        return see_other(earlier)
    where = _chosen(form)
    try:
        person = people.add_person(
            checked_address(form.email.data, field="email"),
            form.rights(),
            organisation=where,
            authority=own_authority(),
            by=acting(),
            now=utcnow(),
        )
    except Refusal as refusal:
        return refused(ADD, form, refusal)
    return see_other(form.leads_to(_url_of(where, person.public_id)))


def _offered(held: frozenset[Permission] = frozenset()) -> dict[str, Any]:
    """What the forms offer: organisations from here down, permissions one has or the person holds."""
    here = current_organisation()
    places = queries.open_organisations_below(here)
    return {
        "organisations": queries.names_of(places, root=here),
        "permissions": own_authority().permissions_in(here) | held,
    }


def _chosen(form: RightsForm) -> Organisation:
    return queries.organisation_below(current_organisation(), form.organisation.data)


def _url_of(organisation: Organisation, public_id: str) -> str:
    return url_for("orgs.user", org=organisation.public_id, public_id=public_id)


@bp.get("/o/<org>/users/<public_id>/edit")
@allow(Permission.USERS_EDIT)
def user_edit(org: str, public_id: str) -> ResponseReturnValue:
    membership = queries.membership_of(public_id)
    return render(EDIT, form=_editing_form(membership), membership=membership)


@bp.post("/o/<org>/users/<public_id>/edit")
@allow(Permission.USERS_EDIT)
@fresh
def user_save(org: str, public_id: str) -> ResponseReturnValue:
    membership = queries.membership_of(public_id)
    form = _editing_form(membership)
    if not form.validate():
        return render(EDIT, form=form, membership=membership, status=422)
    if form.version.data != _version(membership):
        return _conflict(form, membership)
    try:
        _save(form, membership)
    except Refusal as refusal:
        return refused(EDIT, form, refusal, membership=membership)
    return see_other(user_url(membership))


def _save(form: RightsForm, membership: Membership) -> None:
    authority, by, where = own_authority(), acting(), _chosen(form)
    if isinstance(form, UserForm):
        people.edit_account(
            membership.user,
            form.account(),
            organisation=membership.organisation,
            authority=authority,
            by=by,
        )
        _ask_address(membership.user, form.email.data)
    memberships.change_rights(membership, form.rights(), authority=authority, by=by)
    memberships.move_membership(membership, where, authority=authority, by=by)


def _ask_address(person: User, address: str) -> None:
    """The address changes when the link is used that goes to the new one (P-5)."""
    if address.casefold() == person.email.casefold():
        return
    people.refuse_ungoverned(person, own_authority())
    ask_email_change(person, address, by=acting(), now=utcnow())
    flash(
        _("A link is on its way to %(email)s; the address changes when it is used.", email=address),
        "info",
    )


def _editing_form(membership: Membership) -> RightsForm:
    """The whole form where the account is ours to change, else only the membership's part."""
    everywhere = memberships.memberships_everywhere(membership.user)
    kind = UserForm if own_authority().governs(membership.user, everywhere) else RightsForm
    return kind(**_offered(permissions_of(membership)), data=_filled(membership))


def _version(membership: Membership) -> str:
    return f"{membership.user.version}.{membership.version}"


def _filled(membership: Membership) -> dict[str, Any]:
    person = membership.user
    return {
        "name": person.name,
        "username": person.username,
        "email": person.email,
        "language": person.language,
        "csv_delimiter": _code(DELIMITERS, person.csv_delimiter),
        "csv_thousands": _code(THOUSANDS, person.csv_thousands),
        "organisation": membership.organisation.public_id,
        "roles": [r.value for r in Role if r in membership.roles],
        "grants": [p.value for p in Permission if p in membership.grants],
        "keys_below": membership.keys_below,
        "version": _version(membership),
    }


def _code(codes: dict[str, str], value: str) -> str | None:
    return next((code for code, stored in codes.items() if stored == value), None)


def _conflict(form: RightsForm, membership: Membership) -> Response:
    """Somebody was faster: both versions, and nothing saved."""
    now = _filled(membership)
    pairs = [
        (field.label.text, now[field.name], field.data)
        for field in form
        if field.name in now and field.name != "version"
    ]
    again = url_for(
        "orgs.user_edit", org=current_organisation().public_id, public_id=membership.user.public_id
    )
    return render(
        "orgs/conflict.html", name=membership.user.name, pairs=pairs, again=again, status=409
    )
