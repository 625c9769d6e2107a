"""The rail's entries of this package."""

from flask_babel import lazy_gettext as _

from webapp.core.navigation import Place, register
from webapp.orgs.permissions import Permission

register(
    Place("top", _("Home"), "orgs.overview", "home", order=10),
    Place(
        "organisation",
        _("Organisations"),
        "orgs.organisations",
        "org",
        Permission.ORGANISATION_READ,
        order=10,
    ),
    Place("organisation", _("Users"), "orgs.users", "users", Permission.USERS_READ, order=20),
    Place(
        "organisation",
        _("Invitations"),
        "orgs.invitations",
        "user",
        Permission.USERS_READ,
        order=25,
    ),
    Place(
        "organisation",
        _("Partners"),
        "orgs.partners",
        "swap",
        Permission.PARTNERS_READ,
        order=28,
    ),
    Place("organisation", _("Rights"), "orgs.rights", "lock", order=30),
    Place(
        "organisation",
        _("Settings"),
        "orgs.settings",
        "settings",
        Permission.ORGANISATION_EDIT,
        order=85,
    ),
    Place("organisation", _("Audit log"), "orgs.audit", "audit", Permission.AUDIT_READ, order=90),
    Place("operator", _("All organisations"), "orgs.operator_organisations", "org", order=20),
)
