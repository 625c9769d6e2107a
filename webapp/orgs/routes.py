"""Home, organisations, users, the audit log's page."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("orgs", __name__)
