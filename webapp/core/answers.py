"""What a posted form is answered with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask.typing import ResponseReturnValue

from webapp.core.errors import Refusal
from webapp.core.forms import CreatingForm, PortalForm
from webapp.core.web import render, see_other

Act = Callable[[], str]
"""Does what a form asks for and returns where to go; raises `Refusal`."""


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
