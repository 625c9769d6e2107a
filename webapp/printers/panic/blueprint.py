"""The blueprint of the pages at the printer."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("panic", __name__, url_prefix="/p")
