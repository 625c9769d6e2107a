"""The blueprint, and what its routes share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint
from flask import url_for as flask_url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from webapp.accounts.models import User
from webapp.core.errors import Refusal
from webapp.core.forms import CreatingForm, PortalForm
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
