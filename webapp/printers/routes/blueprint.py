"""The blueprint, and what its routes share."""

from __future__ import annotations

from typing import Any

from flask import Blueprint
from flask import url_for as flask_url_for
from flask_login import current_user

from webapp.accounts.models import User
from webapp.core.answers import Act, answer_form
from webapp.orgs.access import current_organisation

__all__ = ["Act", "answer_form", "bp", "me", "url_for"]

bp = Blueprint("printers", __name__, url_prefix="/o/<org>/printers")


def url_for(endpoint: str, **values: Any) -> str:
    """Within the organisation one acts for."""
    return flask_url_for(f"printers.{endpoint}", org=current_organisation().public_id, **values)


def me() -> User:
    """The signed-in user, as a row."""
    user: User = current_user._get_current_object()
    return user
