"""The blueprint, and what its routes share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

from flask import Blueprint, request
from flask import url_for as flask_url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from webapp.accounts.models import User
from webapp.core.errors import Refusal
from webapp.core.forms import CreatingForm, PortalForm
from webapp.core.listing import Listing, Selection
from webapp.core.web import render, see_other
from webapp.orgs.access import current_organisation

bp = Blueprint("printers", __name__, url_prefix="/o/<org>/printers")

Act = Callable[[], str]
"""Does what a form asks for and returns where to go; raises `Refusal`."""


def url_for(endpoint: str, **values: Any) -> str:
    """Within the organisation one acts for."""
    return flask_url_for(f"printers.{endpoint}", org=current_organisation().public_id, **values)


def me() -> User:
    """The signed-in user, as a row."""
    user: User = current_user._get_current_object()
    return user


def answer_form(form: PortalForm, template: str, act: Act, **context: Any) -> ResponseReturnValue:
    """Check, act, go on; else the same page with what is wrong beside the fields.

    A creating form that is sent twice leads where it led the first time.
    """
    if not form.validate():
        return render(template, form=form, status=422, **context)
    try:
        if not isinstance(form, CreatingForm):
            return see_other(act())
        return see_other(form.earlier_location() or form.leads_to(act()))
    except Refusal as refusal:
        form.refuse(refusal)
        return render(template, form=form, status=refusal.status, **context)


def ticked(listing: Listing) -> Selection:
    """What was ticked. Refused when nothing was, or when the list's filters don't mean what they meant."""
    selection = listing.selection()
    if not selection.action:
        raise Refusal(_("Choose what to do with the ticked rows."))
    if selection.is_empty:
        raise Refusal(_("Tick at least one row first."))
    shown = sorted(parse_qsl(request.form.get("list", "")))
    meant = sorted(selection.query.first_page().pairs(listing))
    if selection.everything and shown != meant:
        raise Refusal(
            _("The list has changed meanwhile. Look at it again, then repeat."), status=409
        )
    return selection
