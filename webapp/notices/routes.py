"""`/me/notifications`: what concerns me, read and unread, and of what I want to hear."""

from __future__ import annotations

from flask import Blueprint, abort, flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from webapp.accounts.access import SIGNED_IN
from webapp.core.access import allow
from webapp.core.clock import utcnow
from webapp.core.tenancy import unscoped
from webapp.core.web import render, see_other
from webapp.notices import services
from webapp.notices.kinds import all_kinds
from webapp.notices.lists import NOTIFICATIONS, mine
from webapp.notices.models import Notification

bp = Blueprint("notices", __name__, url_prefix="/me/notifications")


@bp.get("")
@allow(SIGNED_IN)
def notifications() -> ResponseReturnValue:
    with unscoped("one's own notifications"):
        page = NOTIFICATIONS.page(mine(current_user))
        return page.respond("notices/notifications.html")


@bp.get("/<public_id>")
@allow(SIGNED_IN)
def notification(public_id: str) -> ResponseReturnValue:
    """Leads to what it is about, and counts as read."""
    row = _mine(public_id)
    services.mark_read(row, now=utcnow())
    return see_other(row.url)


@bp.post("/<public_id>/reading")
@allow(SIGNED_IN)
def reading(public_id: str) -> ResponseReturnValue:
    row = _mine(public_id)
    if request.form.get("unread"):
        row.read_at = None
    else:
        services.mark_read(row, now=utcnow())
    return see_other(url_for("notices.notifications"))


@bp.post("/readings")
@allow(SIGNED_IN)
def all_read() -> ResponseReturnValue:
    number = services.mark_all_read(current_user, now=utcnow())
    flash(
        ngettext("%(num)s notification is read.", "%(num)s notifications are read.", number), "ok"
    )
    return see_other(url_for("notices.notifications"))


@bp.get("/choices")
@allow(SIGNED_IN)
def choices() -> ResponseReturnValue:
    chosen = services.choices_of(current_user)
    return render("notices/choices.html", kinds=all_kinds(), chosen=chosen)


@bp.post("/choices")
@allow(SIGNED_IN)
def choosing() -> ResponseReturnValue:
    shown, by_mail = set(request.form.getlist("shown")), set(request.form.getlist("by_mail"))
    chosen = {kind.name: (kind.name in shown, kind.name in by_mail) for kind in all_kinds()}
    services.choose(current_user, chosen)
    flash(_("Your choice is saved."), "ok")
    return see_other(url_for("notices.choices"))


def _mine(public_id: str) -> Notification:
    return services.find(current_user, public_id) or abort(404)
