"""The blueprint, and what its routes share."""

from __future__ import annotations

from typing import Any

from flask import Blueprint
from flask import url_for as flask_url_for

from webapp.core.answers import Act, answer_form
from webapp.orgs.access import current_organisation

__all__ = ["Act", "answer_form", "bp", "flask_url_for", "url_for"]

bp = Blueprint("meters", __name__, url_prefix="/o/<org>/meters")


def url_for(endpoint: str, **values: Any) -> str:
    """Within the organisation one acts for."""
    return flask_url_for(f"meters.{endpoint}", org=current_organisation().public_id, **values)
