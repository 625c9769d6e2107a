"""Who may do what here, and why; asking for a permission."""

from __future__ import annotations

from dataclasses import dataclass

from flask import abort, flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import format_datetime, ngettext
from flask_babel import gettext as _
from flask_login import current_user

from webapp.core.access import allow
from webapp.core.clock import utcnow
from webapp.core.errors import TooMany
from webapp.core.principal import acting
from webapp.core.web import render, see_other
from webapp.orgs import queries
from webapp.orgs.access import MEMBER, current_organisation, may, permissions_here
from webapp.orgs.forms.people import AskForm
from webapp.orgs.lists import roles_in_words
from webapp.orgs.models import Membership
from webapp.orgs.permissions import Permission, Role
from webapp.orgs.queries import Holder
from webapp.orgs.routes.blueprint import bp
from webapp.orgs.routes.permission_requests import STATES
from webapp.orgs.services.rights import AskedAlready, ask_for_permission, requests_of


@dataclass(frozen=True)
class Line:
    """One membership of the table: who, why, and from which organisation above, if from above."""

    membership: Membership
    why: str
    whence: str


@bp.get("/o/<org>/rights")
@allow(MEMBER)
def rights(org: str) -> ResponseReturnValue:
    """One's own rights; with *see users* also everybody else's, all or those to one permission."""
    here, asked = current_organisation(), _asked_permission()
    holders = queries.holders(here)
    own = [h for h in holders if h.membership.user_id == current_user.id]
    seen = holders if may(Permission.USERS_READ) else own
    return render(
        "orgs/rights.html",
        mine=[(p, p in permissions_here(), _reasons(own, p), _number(seen, p)) for p in Permission],
        missing=[p for p in Permission if p not in permissions_here()],
        asked=asked,
        lines=[_line(h, asked) for h in seen if asked is None or asked in h.permissions],
        administrators=queries.administrators(here),
        form=AskForm(formdata=None),
        wishes=requests_of(current_user),
        states=STATES,
    )


def _asked_permission() -> Permission | None:
    value = request.args.get("permission", "")
    return Permission(value) if value in set(Permission) else None


def _reasons(holders: list[Holder], permission: Permission) -> str:
    lines = [_line(h, permission) for h in holders if permission in h.permissions]
    return "; ".join(
        _("%(why)s, from %(org)s", why=line.why, org=line.whence) if line.whence else line.why
        for line in lines
    )


def _number(holders: list[Holder], permission: Permission) -> int:
    return len({h.membership.user_id for h in holders if permission in h.permissions})


def _line(holder: Holder, permission: Permission | None) -> Line:
    membership = holder.membership
    why = roles_in_words(membership) if permission is None else _why(membership, permission)
    return Line(membership, why, membership.organisation.name if holder.is_inherited else "")


def _why(membership: Membership, permission: Permission) -> str:
    """The roles that bring it, or that it was granted alone."""
    reasons = [r.label for r in Role if r in membership.roles and permission in r.permissions]
    if permission in membership.grants:
        reasons.append(_("granted singly"))
    return ", ".join(reasons)


@bp.post("/o/<org>/permission-requests")
@allow(MEMBER)
def right_ask(org: str) -> ResponseReturnValue:
    form, here = AskForm(), current_organisation()
    if not form.validate():
        abort(422, _("There is no such permission to ask for."))
    permission = Permission(form.permission.data)
    if permission in permissions_here():
        flash(_("You have this permission already: %(name)s.", name=permission.label), "info")
        return see_other(url_for("orgs.rights", org=here.public_id))
    try:
        asked = ask_for_permission(
            current_user,
            permission,
            here,
            message=form.message.data or "",
            by=acting(),
            now=utcnow(),
        )
    except AskedAlready as earlier:
        words = _("You asked for this already (%(when)s); the administrators have it before them.")
        flash(words % {"when": format_datetime(earlier.asked_at, "short")}, "warning")
        return see_other(url_for("orgs.rights", org=here.public_id))
    except TooMany as error:
        hours = -(-error.wait_seconds // 3600)
        flash(
            ngettext(
                "It was decided lately. You can ask again in %(num)s hour.",
                "It was decided lately. You can ask again in %(num)s hours.",
                hours,
            ),
            "warning",
        )
        return see_other(url_for("orgs.rights", org=here.public_id))
    names = ", ".join(u.name for u in asked)
    flash(_("Your wish was mailed to %(names)s.", names=names), "ok")
    return see_other(url_for("orgs.rights", org=here.public_id))
