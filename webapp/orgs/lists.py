"""The lists of organisations and of users."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any

from flask import request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from flask_login import current_user
from sqlalchemy import func, select

from webapp.accounts.models import User
from webapp.core.db import db
from webapp.core.listing import Below, Choice, Column, Flag, Labels, Listing, Option, Starts, Words
from webapp.core.names import sort_name
from webapp.core.tenancy import scope
from webapp.orgs.access import current_organisation, may
from webapp.orgs.models import Membership, Organisation
from webapp.orgs.permissions import Permission, Role
from webapp.orgs.queries import MOST_CHOICES, members, organisations_below

Items = list[Mapping[str, Any] | None]


# Organisations --------------------------------------------------------------------------------------------


def organisation_url(row: Organisation) -> str:
    return url_for("orgs.organisation", org=current_organisation().public_id, other=row.public_id)


def _organisation_menu(row: Organisation) -> Items:
    here = current_organisation().public_id
    edit = url_for("orgs.organisation_edit", org=here, other=row.public_id)
    return [
        {
            "text": _("Act for it"),
            "href": url_for("orgs.overview", org=row.public_id),
            "icon": "swap",
        }
        if not row.is_closed
        else None,
        {"text": _("Edit"), "href": edit, "icon": "edit"}
        if may(Permission.ORGANISATION_EDIT)
        else None,
        {
            "text": _("Users"),
            "href": url_for("orgs.users", org=row.public_id),
            "icon": "users",
        }
        if may(Permission.USERS_READ) and not row.is_closed
        else None,
    ]


def parent_in_reach(row: Organisation) -> str:
    """The parent's name, unless it lies above the organisation one acts for."""
    if row.id == current_organisation().id or row.parent is None:
        return ""
    return row.parent.name


FEW = 200
"""Options of a drop-down. Where there are more, the list's search finds them, and only what is chosen is offered."""


def organisation_options() -> list[Option]:
    return _few_organisations(organisations_below(current_organisation()), "organisation")


def _parent_options() -> list[Option]:
    """Those that have others below them."""
    here = current_organisation()
    lower = organisations_below(here).where(Organisation.id != here.id)
    parents = lower.with_only_columns(Organisation.parent_id).order_by(None).distinct()
    among = organisations_below(here).where(Organisation.id.in_(parents))
    return _few_organisations(among, "parent")


def _few_organisations(statement: Any, name: str) -> list[Option]:
    columns = (Organisation.public_id, Organisation.name, Organisation.id)
    open_ones = statement.with_only_columns(*columns).where(Organisation.closed_at.is_(None))
    found = db.session.execute(open_ones.order_by(Organisation.path).limit(FEW + 1)).all()
    if len(found) > FEW:
        chosen = Organisation.public_id.in_(request.args.getlist(name)[:FEW])
        found = db.session.execute(open_ones.where(chosen)).all()
    return [Option(row.public_id, row.name, row.id) for row in found]


def _reference_options() -> list[Option]:
    named = organisations_below(current_organisation()).with_only_columns(Organisation.reference)
    found = db.session.scalars(
        named.where(Organisation.reference != "")
        .distinct()
        .order_by(Organisation.reference)
        .limit(MOST_CHOICES)
    )
    return [Option(reference, reference, reference) for reference in found]


# What the list of those below and the operator's list of all have alike.
OPEN_OR_CLOSED = Column(
    "state",
    _l("State"),
    value=lambda o: _("Closed") if o.is_closed else _("Open"),
    cell="orgs/cells.html#open",
    main=True,
)
ORGANISATION_SEARCH = (
    Words(Organisation.sort_name, fold=sort_name),
    Starts(Organisation.reference, fold=str),
    Starts(Organisation.prefix),
    Starts(Organisation.public_id),
)
ORGANISATION_SEARCH_HINT = _l("Name, reference, prefix, public id")


def counted(n: int, shown: str) -> str:
    return str(ngettext("%(shown)s organisation", "%(shown)s organisations", n, shown=shown))


ORGANISATIONS = Listing(
    name="organisations",
    model=Organisation,
    columns=[
        Column("name", _l("Name"), sort=Organisation.sort_name, link=organisation_url),
        Column("reference", _l("Your reference"), sort=Organisation.reference),
        Column("prefix", _l("Prefix"), kind="code", cell="orgs/cells.html#prefix"),
        Column("parent", _l("Parent"), value=lambda o: o.parent.name if o.parent else ""),
        Column("public_id", _l("Public id"), kind="code", sort=Organisation.public_id),
        Column("country", _l("Country")),
        Column("may_create", _l("May create organisations"), kind="yes_no"),
        OPEN_OR_CLOSED,
    ],
    default_sort="name",
    total=counted,
    search=ORGANISATION_SEARCH,
    search_hint=ORGANISATION_SEARCH_HINT,
    filters=[
        Choice("organisation", _l("Organisation"), Organisation.id, organisation_options),
        Choice("parent", _l("Parent"), Organisation.parent_id, _parent_options),
        Choice("reference", _l("Your reference"), Organisation.reference, _reference_options),
        Flag("closed", _l("Closed ones"), Organisation.closed_at.is_not(None)),
    ],
    menu=_organisation_menu,
)


# Users ----------------------------------------------------------------------------------------------------


def user_url(row: Membership) -> str:
    return url_for("orgs.user", org=row.organisation.public_id, public_id=row.user.public_id)


def _user_menu(row: Membership) -> Items:
    if not may(Permission.USERS_EDIT):
        return []
    where: dict[str, Any] = {"org": row.organisation.public_id, "public_id": row.user.public_id}
    itself = row.user_id == current_user.id
    return [
        {"text": _("Edit"), "href": url_for("orgs.user_edit", **where), "icon": "edit"},
        {
            "text": _("Set first password"),
            "href": url_for("orgs.user_password", **where),
            "icon": "lock",
        }
        if not itself
        else None,
        {"line": True},
        {
            "text": _("Remove from the organisation"),
            "href": url_for("orgs.user_removal", **where),
            "icon": "trash",
            "danger": True,
        },
    ]


def role_names(row: Membership) -> list[str]:
    return [role.label for role in Role if role in row.roles]


def roles_in_words(row: Membership) -> str:
    names = role_names(row)
    single = len([p for p in Permission if p in row.grants])
    if single:
        names.append(ngettext("%(num)s single permission", "%(num)s single permissions", single))
    return ", ".join(names)


def state_in_words(user: User) -> str:
    if not user.is_active:
        return str(_("Deactivated"))
    return str(_("First password") if user.must_change_password else _("Active"))


def _people_options(name: str, label: Any) -> list[Option]:
    with users_scope():
        ids = db.session.scalars(select(Membership.user_id).limit(FEW + 1)).all()
        people = select(User.public_id, label.label("label"), User.id).order_by(User.sort_name)
        if len(ids) > FEW:
            named = User.public_id.in_(request.args.getlist(name)[:FEW])
            mine = members().with_only_columns(Membership.user_id).order_by(None)
            people = people.where(named, User.id.in_(mine))
        else:
            people = people.where(User.id.in_(ids))
        return [Option(row.public_id, row.label, row.id) for row in db.session.execute(people)]


def users_scope() -> AbstractContextManager[None]:
    """Also those below, when "and those below" is ticked or an organisation is chosen."""
    here = current_organisation()
    looks_below = request.args.get("below") == "1" or bool(request.args.get("organisation"))
    return scope(here.id, path=here.path if looks_below else None)


USERS = Listing(
    name="users",
    model=Membership,
    columns=[
        Column("name", _l("Name"), value=lambda m: m.user.name, sort=User.sort_name, link=user_url),
        Column("email", _l("E-mail"), value=lambda m: m.user.email, sort=func.lower(User.email)),
        Column(
            "username",
            _l("User name"),
            value=lambda m: m.user.username,
            sort=func.lower(User.username),
        ),
        Column("organisation", _l("Organisation"), value=lambda m: m.organisation.name),
        Column("roles", _l("Roles"), value=roles_in_words),
        Column(
            "state",
            _l("State"),
            value=lambda m: state_in_words(m.user),
            cell="orgs/cells.html#user_state",
            main=True,
        ),
    ],
    default_sort="name",
    total=lambda n, shown: ngettext("%(shown)s user", "%(shown)s users", n, shown=shown),
    search=[
        Words(User.sort_name, fold=sort_name),
        Starts(func.lower(User.email), fold=str.lower),
        Starts(func.lower(User.username), fold=str.lower),
    ],
    search_hint=_l("Name, e-mail, user name"),
    filters=[
        Choice("name", _l("Name"), Membership.user_id, lambda: _people_options("name", User.name)),
        Choice(
            "email", _l("E-mail"), Membership.user_id, lambda: _people_options("email", User.email)
        ),
        Choice(
            "organisation", _l("Organisation"), Membership.organisation_id, organisation_options
        ),
        Labels("role", _l("Role"), Membership.roles, lambda: [(r.value, r.label) for r in Role]),
        Below("below", _l("And those below")),
    ],
    menu=_user_menu,
    row_name=lambda m: m.user.name,
    ticked_by=Membership.id,
)
