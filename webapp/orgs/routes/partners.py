"""Partners: the list, one of them, adding and removing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import abort, flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from sqlalchemy import select
from wtforms import StringField
from wtforms.validators import DataRequired, Length

from webapp.core.access import allow
from webapp.core.clock import utcnow
from webapp.core.db import db
from webapp.core.errors import Refusal
from webapp.core.forms import CreatingForm, stripped
from webapp.core.listing import Column, Flag, Listing, Starts, Words
from webapp.core.names import sort_name
from webapp.core.principal import acting
from webapp.core.web import render, see_other
from webapp.orgs.access import current_organisation, may
from webapp.orgs.models import Partner
from webapp.orgs.permissions import Permission
from webapp.orgs.routes.blueprint import bp, refused
from webapp.orgs.services import partners as services

NEW = "orgs/partner_new.html"


class PartnerForm(CreatingForm):
    """The id that the other organisation tells."""

    public_id = StringField(
        _l("Organisation id"),
        [DataRequired(_l("Enter the id of the organisation.")), Length(max=40)],
        filters=[stripped],
        description=_l(
            "It begins with ORG-; the partner copies it from the page of its organisation."
        ),
    )


def _url(row: Partner, endpoint: str = "orgs.partner") -> str:
    return url_for(endpoint, org=current_organisation().public_id, public_id=row.public_id)


def _menu(row: Partner) -> list[Mapping[str, Any] | None]:
    if row.removed_at is not None or not may(Permission.PARTNERS_EDIT):
        return []
    return [
        {
            "text": _("Remove"),
            "href": _url(row, "orgs.partner_removal"),
            "icon": "trash",
            "danger": True,
        }
    ]


PARTNERS = Listing(
    name="partners",
    model=Partner,
    columns=[
        Column("name", _l("Name"), sort=Partner.sort_name, link=_url),
        Column("partner_public_id", _l("Public id"), kind="code"),
        Column("added_at", _l("Added"), kind="date", sort=Partner.added_at, first_descending=True),
        Column("added_by", _l("Added by")),
        Column(
            "state",
            _l("State"),
            value=lambda p: _("Partner") if p.removed_at is None else _("Removed"),
            cell="orgs/cells.html#partner_state",
            main=True,
        ),
    ],
    default_sort="name",
    total=lambda n, shown: ngettext("%(shown)s partner", "%(shown)s partners", n, shown=shown),
    search=[Words(Partner.sort_name, fold=sort_name), Starts(Partner.partner_public_id)],
    search_hint=_l("Name, public id"),
    filters=[Flag("removed", _l("Removed ones"), Partner.removed_at.is_not(None))],
    menu=_menu,
    row_name=lambda p: p.name,
)


@bp.get("/o/<org>/partners")
@allow(Permission.PARTNERS_READ)
def partners(org: str) -> ResponseReturnValue:
    statement = select(Partner)
    if request.args.get("removed") != "1":
        statement = statement.where(Partner.removed_at.is_(None))
    page = PARTNERS.page(statement)
    return page.respond("orgs/partners.html", may_add=may(Permission.PARTNERS_EDIT))


@bp.get("/o/<org>/partners/new")
@allow(Permission.PARTNERS_EDIT)
def partner_new(org: str) -> ResponseReturnValue:
    return render(NEW, form=PartnerForm(formdata=None))


@bp.post("/o/<org>/partners/new")
@allow(Permission.PARTNERS_EDIT)
def partner_create(org: str) -> ResponseReturnValue:
    form = PartnerForm()
    if not form.validate():
        return render(NEW, form=form, status=422)
    if earlier := form.earlier_location():
        return see_other(earlier)
    try:
        row = services.add_partner(
            form.public_id.data, organisation=current_organisation(), by=acting(), now=utcnow()
        )
    except Refusal as refusal:
        return refused(NEW, form, refusal)
    flash(_("%(name)s is a partner now.", name=row.name), "ok")
    return see_other(form.leads_to(_url(row)))


@bp.get("/o/<org>/partners/<public_id>")
@allow(Permission.PARTNERS_READ)
def partner(org: str, public_id: str) -> ResponseReturnValue:
    return render("orgs/partner.html", row=_partner_or_404(public_id))


@bp.get("/o/<org>/partners/<public_id>/removal")
@allow(Permission.PARTNERS_EDIT)
def partner_removal(org: str, public_id: str) -> ResponseReturnValue:
    return render("orgs/partner_removal.html", row=_partner_or_404(public_id))


@bp.post("/o/<org>/partners/<public_id>/removal")
@allow(Permission.PARTNERS_EDIT)
def partner_remove(org: str, public_id: str) -> ResponseReturnValue:
    row = _partner_or_404(public_id)
    services.remove_partner(row, by=acting(), now=utcnow())
    flash(_("%(name)s is no longer a partner.", name=row.name), "ok")
    return see_other(url_for("orgs.partners", org=current_organisation().public_id))


def _partner_or_404(public_id: str) -> Partner:
    found = db.session.scalar(select(Partner).where(Partner.public_id == public_id))
    return found or abort(404)
