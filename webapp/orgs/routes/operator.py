"""The operator area: all organisations, their facts, new ones with their first administrator."""

from __future__ import annotations

from flask import abort, flash, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from webapp.accounts.access import OPERATOR
from webapp.core.access import allow
from webapp.core.clock import utcnow
from webapp.core.db import db
from webapp.core.errors import Refusal
from webapp.core.listing import Choice, Column, Flag, Listing
from webapp.core.principal import acting
from webapp.core.web import render, see_other
from webapp.mail.addresses import checked_address
from webapp.orgs import queries
from webapp.orgs.authority import operator_authority
from webapp.orgs.forms.operator import NewCompanyForm
from webapp.orgs.lists import (
    OPEN_OR_CLOSED,
    ORGANISATION_SEARCH,
    ORGANISATION_SEARCH_HINT,
    counted,
)
from webapp.orgs.models import Organisation, OrganisationKind
from webapp.orgs.routes.blueprint import bp, refused
from webapp.orgs.services import companies, tree

NEW = "operator/organisation_new.html"
KINDS = {
    OrganisationKind.COMPANY: _l("Company"),
    OrganisationKind.PERSONAL: _l("Personal"),
    OrganisationKind.OPERATOR: _l("Operator"),
}


def _url(row: Organisation) -> str:
    return url_for("orgs.operator_organisation", public_id=row.public_id)


ALL_ORGANISATIONS = Listing(
    name="organisations",
    model=Organisation,
    columns=[
        Column("name", _l("Name"), sort=Organisation.sort_name, link=_url),
        Column("kind", _l("Kind"), value=lambda o: KINDS[OrganisationKind(o.kind)]),
        Column("parent", _l("Parent"), value=lambda o: o.parent.name if o.parent else ""),
        Column("reference", _l("Reference"), sort=Organisation.reference),
        Column("prefix", _l("Prefix"), kind="code", cell="orgs/cells.html#prefix"),
        Column("public_id", _l("Public id"), kind="code", sort=Organisation.public_id),
        Column("country", _l("Country")),
        Column(
            "created_at",
            _l("Created"),
            kind="date",
            sort=Organisation.created_at,
            first_descending=True,
        ),
        OPEN_OR_CLOSED,
    ],
    default_sort="name",
    total=counted,
    search=ORGANISATION_SEARCH,
    search_hint=ORGANISATION_SEARCH_HINT,
    filters=[
        Choice(
            "kind",
            _l("Kind"),
            Organisation.kind,
            lambda: [(k.value, label) for k, label in KINDS.items()],
        ),
        Choice(
            "country",
            _l("Country"),
            Organisation.country,
            lambda: [(c, c) for c in queries.countries_in_use()],
        ),
        Flag("roots", _l("Without parent"), Organisation.parent_id.is_(None)),
        Flag("closed", _l("Closed ones"), Organisation.closed_at.is_not(None)),
    ],
)


@bp.get("/operator/organisations")
@allow(OPERATOR)
def operator_organisations() -> ResponseReturnValue:
    page = ALL_ORGANISATIONS.page(select(Organisation).options(joinedload(Organisation.parent)))
    return page.respond("operator/organisations.html")


@bp.get("/operator/organisations/<public_id>")
@allow(OPERATOR)
def operator_organisation(public_id: str) -> ResponseReturnValue:
    row = _organisation(public_id)
    return render(
        "operator/organisation.html",
        row=row,
        kind=KINDS[OrganisationKind(row.kind)],
        facts=queries.figures_of(row),
        administrators=queries.administrators(row),
    )


def _organisation(public_id: str) -> Organisation:
    row = db.session.scalar(select(Organisation).where(Organisation.public_id == public_id))
    if row is None:
        abort(404)
    return row


@bp.get("/operator/organisations/new")
@allow(OPERATOR)
def operator_organisation_new() -> ResponseReturnValue:
    return render(NEW, form=NewCompanyForm(formdata=None, parents=None, may_set_create=True))


@bp.post("/operator/organisations/new")
@allow(OPERATOR)
def operator_organisation_create() -> ResponseReturnValue:
    form = NewCompanyForm(parents=None, may_set_create=True)
    if not form.validate():
        return render(NEW, form=form, status=422)
    if earlier := form.earlier_location():
        return see_other(earlier)
    try:
        row = companies.create_company(
            form.particulars(),
            form.administrator(),
            checked_address(form.email.data, field="email"),
            authority=operator_authority(),
            by=acting(),
            now=utcnow(),
        )
    except Refusal as refusal:
        return refused(NEW, form, refusal)
    flash(_("%(name)s is created; its administrator has mail.", name=row.name), "ok")
    return see_other(form.leads_to(_url(row)))


@bp.post("/operator/organisations/<public_id>/closure")
@allow(OPERATOR)
def operator_organisation_close(public_id: str) -> ResponseReturnValue:
    row = _organisation(public_id)
    if row.kind != OrganisationKind.COMPANY:
        raise Refusal(_("Only companies can be closed."))
    tree.close_organisation(row, by=acting().acting_for(row.id), now=utcnow())
    return see_other(_url(row))


@bp.get("/operator/organisations/<public_id>/closure")
@allow(OPERATOR)
def operator_organisation_closure(public_id: str) -> ResponseReturnValue:
    return render("operator/organisation_closure.html", row=_organisation(public_id))


@bp.post("/operator/organisations/<public_id>/reopening")
@allow(OPERATOR)
def operator_organisation_reopen(public_id: str) -> ResponseReturnValue:
    row = _organisation(public_id)
    tree.reopen_organisation(row, by=acting().acting_for(row.id))
    return see_other(_url(row))
