"""The blueprint, and what its routes share."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response

from webapp.core.db import rollback
from webapp.core.errors import Refusal
from webapp.core.forms import PortalForm
from webapp.core.web import render

bp = Blueprint("orgs", __name__)


def refused(template: str, form: PortalForm, refusal: Refusal, **context: Any) -> Response:
    """The form once more, with the refusal beside its field; what was begun is taken back first."""
    rollback()
    form.refuse(refusal)
    return render(template, form=form, status=refusal.status, **context)
