"""Signing in and out, one's own password and sessions."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("accounts", __name__)
