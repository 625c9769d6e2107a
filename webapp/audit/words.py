"""What people call the facts that an entry notes: names of columns, by which the entry was written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _

_facts: dict[str, Any] = {
    "active": _("Active"),
    "country": _("Country"),
    "email": _("E-mail"),
    "events": _("Events"),
    "filters": _("Filters"),
    "language": _("Language"),
    "logo": _("Logo"),
    "may_create": _("May create organisations"),
    "name": _("Name"),
    "note": _("Note"),
    "organisation": _("Organisation"),
    "parent": _("Parent organisation"),
    "permission": _("Permission"),
    "permissions": _("Permissions"),
    "grants": _("Single permissions"),
    "phone": _("Phone"),
    "prefix": _("Short prefix"),
    "reason": _("Reason"),
    "reference": _("Reference"),
    "roles": _("Roles"),
    "time_zone": _("Time zone"),
    "to": _("To"),
    "until": _("Valid until"),
    "url": _("Address"),
    "username": _("User name"),
    "why": _("Cause"),
}


def name_facts(names: Mapping[str, Any]) -> None:
    """Those of one package (lazy texts)."""
    _facts.update(names)


def fact_label(name: str) -> str:
    """A fact without a name is shown as it was written."""
    return str(_facts.get(name) or name.replace("_", " "))
