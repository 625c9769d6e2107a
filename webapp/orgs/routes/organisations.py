"""Organisations: the list, one of them, creating, editing, closing."""

from __future__ import annotations

from flask import current_app, flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from webapp.core.access import allow
from webapp.core.clock import utcnow
from webapp.core.errors import NotPermitted, Refusal
from webapp.core.principal import acting
from webapp.core.web import render, see_other
from webapp.orgs import queries
from webapp.orgs.access import current_organisation, may
from webapp.orgs.authority import Authority, own_authority
from webapp.orgs.forms.organisations import OrganisationForm
from webapp.orgs.lists import ORGANISATIONS, parent_in_reach
from webapp.orgs.models import Organisation
from webapp.orgs.permissions import Permission
from webapp.orgs.routes.blueprint import bp, refused
from webapp.orgs.services import tree

NEW, EDIT = "orgs/organisation_new.html", "orgs/organisation_edit.html"


@bp.get("/o/<org>/organisations")
@allow(Permission.ORGANISATION_READ)
def organisations(org: str) -> ResponseReturnValue:
    statement = queries.organisations_below(current_organisation())
    if request.args.get("closed") != "1":
        statement = statement.where(Organisation.closed_at.is_(None))
    page = ORGANISATIONS.page(statement)
    return page.respond("orgs/organisations.html", may_add=may_add(current_organisation()))


def may_add(organisation: Organisation) -> bool:
    """Both the person and the organisation must be allowed to (P-10)."""
    return organisation.may_create and may(Permission.ORGANISATIONS_CREATE)


@bp.get("/o/<org>/organisations/new")
@allow(Permission.ORGANISATIONS_CREATE)
def organisation_new(org: str) -> ResponseReturnValue:
    _refuse_unless_may_create()
    here = current_organisation()
    form = _creating_form(
        formdata=None, country=here.country, time_zone=here.time_zone, language=here.language
    )
    return render(NEW, form=form)


@bp.post("/o/<org>/organisations/new")
@allow(Permission.ORGANISATIONS_CREATE)
def organisation_create(org: str) -> ResponseReturnValue:
    _refuse_unless_may_create()
    form = _creating_form()
    if not form.validate():
        return render(NEW, form=form, status=422)
    if earlier := form.earlier_location():
        return see_other(earlier)
    parent = queries.organisation_below(current_organisation(), form.parent.data)
    try:
        row = tree.create_organisation(form.particulars(), below=parent, by=acting(), now=utcnow())
    except Refusal as refusal:
        return refused(NEW, form, refusal)
    return see_other(form.leads_to(_url_of(row)))


def _refuse_unless_may_create() -> None:
    if not current_organisation().may_create:
        support = current_app.extensions["settings"].support_email
        raise NotPermitted(_("This organisation may not create organisations"), [support])


def _creating_form(**given: object) -> OrganisationForm:
    here = current_organisation()
    parents = [
        o
        for o in queries.open_organisations_below(here)
        if o.may_create and own_authority().may(Permission.ORGANISATIONS_CREATE, o)
    ]
    choices = queries.names_of(parents, root=here)
    return OrganisationForm(parents=choices, may_set_create=True, **given)


@bp.get("/o/<org>/organisations/<other>")
@allow(Permission.ORGANISATION_READ)
def organisation(org: str, other: str) -> ResponseReturnValue:
    row = queries.organisation_below(current_organisation(), other)
    return render(
        "orgs/organisation.html",
        row=row,
        parent=parent_in_reach(row),
        may_edit=may(Permission.ORGANISATION_EDIT),
        may_close=_may_close(row),
    )


def _url_of(row: Organisation) -> str:
    here = current_organisation().public_id
    return url_for("orgs.organisation", org=here, other=row.public_id)


@bp.get("/o/<org>/organisations/<other>/edit")
@allow(Permission.ORGANISATION_EDIT)
def organisation_edit(org: str, other: str) -> ResponseReturnValue:
    row = queries.organisation_below(current_organisation(), other)
    return render(EDIT, form=_editing_form(row), row=row)


@bp.post("/o/<org>/organisations/<other>/edit")
@allow(Permission.ORGANISATION_EDIT)
def organisation_save(org: str, other: str) -> ResponseReturnValue:
    row = queries.organisation_below(current_organisation(), other)
    form = _editing_form(row)
    if not form.validate():
        return render(EDIT, form=form, row=row, status=422)
    if form.version.data != str(row.version):
        return _conflict(form, row)
    try:
        tree.edit_organisation(row, form.particulars(before=row), by=acting())
        _move(row, form)
    except Refusal as refusal:
        return refused(EDIT, form, refusal, row=row)
    return see_other(_url_of(row))


def _move(row: Organisation, form: OrganisationForm) -> None:
    if "parent" not in form or row.parent is None or form.parent.data == row.parent.public_id:
        return
    choices = queries.possible_parents(row, own_authority())
    chosen = next((o for o in choices if o.public_id == form.parent.data), None)
    if chosen is None:
        raise Refusal(_("You can't move it there."), field="parent")
    tree.move_organisation(row, below=chosen, by=acting())


def _editing_form(row: Organisation) -> OrganisationForm:
    """Parent and *may create* are set from above: by whom may edit the parent."""
    authority = own_authority()
    above = row.parent if row.parent is not None and _governs(row.parent, authority) else None
    parents = queries.possible_parents(row, authority) if above is not None else []
    if above is not None and above not in parents:
        parents = [above, *parents]
    return OrganisationForm(
        data=_filled(row),
        parents=[(o.public_id, o.name) for o in parents],
        may_set_create=above is not None and above.may_create,
    )


def _filled(row: Organisation) -> dict[str, object]:
    names = ("name", "reference", "prefix", "country", "time_zone", "language", "may_create")
    return {
        **{name: getattr(row, name) for name in (*names, "require_two_factor")},
        "parent": row.parent.public_id if row.parent else None,
        "version": str(row.version),
    }


def _governs(organisation: Organisation, authority: Authority) -> bool:
    return not organisation.is_closed and authority.may(Permission.ORGANISATION_EDIT, organisation)


def _conflict(form: OrganisationForm, row: Organisation) -> Response:
    """Somebody was faster: both versions, and nothing saved."""
    now = _filled(row)
    pairs = [
        (field.label.text, now[field.name], field.data)
        for field in form
        if field.name in now and field.name != "version"
    ]
    again = url_for(
        "orgs.organisation_edit", org=current_organisation().public_id, other=row.public_id
    )
    return render("orgs/conflict.html", name=row.name, pairs=pairs, again=again, status=409)


def _may_close(row: Organisation) -> bool:
    """Closing is done from above: a root is closed by the operator."""
    return row.parent is not None and _governs(row.parent, own_authority())


@bp.get("/o/<org>/organisations/<other>/closure")
@allow(Permission.ORGANISATION_EDIT)
def organisation_closure(org: str, other: str) -> ResponseReturnValue:
    row = _closable(other)
    return render("orgs/organisation_closure.html", row=row, error=None)


@bp.post("/o/<org>/organisations/<other>/closure")
@allow(Permission.ORGANISATION_EDIT)
def organisation_close(org: str, other: str) -> ResponseReturnValue:
    row = _closable(other)
    try:
        tree.close_organisation(row, by=acting(), now=utcnow())
    except Refusal as refusal:
        return render(
            "orgs/organisation_closure.html", row=row, error=refusal.message, status=refusal.status
        )
    flash(_("%(name)s is closed.", name=row.name), "ok")
    return see_other(_url_of(row))


@bp.post("/o/<org>/organisations/<other>/reopening")
@allow(Permission.ORGANISATION_EDIT)
def organisation_reopen(org: str, other: str) -> ResponseReturnValue:
    row = _closable(other)
    tree.reopen_organisation(row, by=acting())
    flash(_("%(name)s is open again.", name=row.name), "ok")
    return see_other(_url_of(row))


def _closable(other: str) -> Organisation:
    row = queries.organisation_below(current_organisation(), other)
    if not _may_close(row):
        support = current_app.extensions["settings"].support_email
        raise NotPermitted(_("Close this organisation"), [support])
    return row
