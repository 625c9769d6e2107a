"""Who may do what here, and why; asking for a permission."""

from __future__ import annotations

from flask import abort, flash, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from webapp.core.access import allow
from webapp.core.errors import TooMany
from webapp.core.principal import acting
from webapp.core.web import render, see_other
from webapp.orgs import queries
from webapp.orgs.access import MEMBER, current_organisation, may, permissions_here
from webapp.orgs.forms.people import AskForm
from webapp.orgs.models import Membership
from webapp.orgs.permissions import Permission, Role
from webapp.orgs.queries import Holder
from webapp.orgs.routes.blueprint import bp
from webapp.orgs.services.rights import ask_for_permission


@bp.get("/o/<org>/rights")
@allow(MEMBER)
def rights(org: str) -> ResponseReturnValue:
    """One's own rights; with *see users* also everybody else's."""
    here = current_organisation()
    found = queries.holders(here)
    if not may(Permission.USERS_READ):
        found = [h for h in found if h.membership.user_id == current_user.id]
    return render(
        "orgs/rights.html",
        rows=[(p, p in permissions_here(), _having(p, found)) for p in Permission],
        missing=[p for p in Permission if p not in permissions_here()],
        administrators=queries.administrators(here),
        form=AskForm(formdata=None),
    )


def _having(permission: Permission, holders: list[Holder]) -> list[tuple[Membership, str, str]]:
    """Who has it: membership, the roles that bring it or that it stands alone, and whence from above."""
    return [
        (h.membership, _why(h.membership, permission), _whence(h))
        for h in holders
        if permission in h.permissions
    ]


def _why(membership: Membership, permission: Permission) -> str:
    reasons = [r.label for r in Role if r in membership.roles and permission in r.permissions]
    if permission in membership.grants:
        reasons.append(_("granted singly"))
    return ", ".join(reasons)


def _whence(holder: Holder) -> str:
    return holder.membership.organisation.name if holder.is_inherited else ""


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
            current_user, permission, here, message=form.message.data or "", by=acting()
        )
    except TooMany as error:
        hours = -(-error.wait_seconds // 3600)
        flash(
            ngettext(
                "You asked for this already, and the administrators have your mail. You can ask again in %(num)s hour.",
                "You asked for this already, and the administrators have your mail. You can ask again in %(num)s hours.",
                hours,
            ),
            "warning",
        )
        return see_other(url_for("orgs.rights", org=here.public_id))
    names = ", ".join(u.name for u in asked)
    flash(_("Your wish was mailed to %(names)s.", names=names), "ok")
    return see_other(url_for("orgs.rights", org=here.public_id))
