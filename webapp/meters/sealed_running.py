"""The portal without its master keys: everything but keys works, and it says so (K-21)."""

from __future__ import annotations

from flask import Blueprint
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _

from webapp.accounts.access import OPERATOR
from webapp.core.access import allow
from webapp.core.health import Part, status_check
from webapp.core.web import render
from webapp.meters import keyring, rotation

bp = Blueprint("key_operations", __name__, url_prefix="/operator/keys")


@status_check
def meter_keys_part() -> Part:
    """Everybody is told that keys can't be had, the operator why."""
    if keyring.problem() is None:
        return Part("meter_keys", _("Meter keys"), "online", _("Can be read and stored."))
    words = _("Sealed: key values can't be read or stored now. Everything else works.")
    return Part("meter_keys", _("Meter keys"), "warning", words)


@bp.get("/")
@allow(OPERATOR)
def overview() -> ResponseReturnValue:
    return render("meters/key_operations.html", standing=rotation.standing())
