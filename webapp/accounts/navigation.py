"""The rail of one's own pages."""

from flask_babel import lazy_gettext as _

from webapp.core.navigation import Place, register

register(
    Place("me", _("Home"), "orgs.home", "home", order=10),
    Place("me", _("Profile"), "accounts.profile", "user", order=20),
    Place("me", _("Password"), "accounts.password", "lock", order=30),
    Place("me", _("Two-factor sign-in"), "accounts.two_factor", "phone", order=35),
    Place("me", _("My sessions"), "accounts.my_sessions", "screen", order=40),
)
