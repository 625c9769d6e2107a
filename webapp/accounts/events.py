"""What the audit log says of people's accounts."""

from flask_babel import lazy_gettext as _

from webapp.audit.events import AuditEvent


class AccountEvent(AuditEvent):
    SESSION_OPENED = "accounts:session:opened", _("Signed in")
    SESSION_REFUSED = "accounts:session:refused", _("Sign-in refused")
    SESSION_ENDED = "accounts:session:ended", _("Session ended")
    PASSWORD_CHANGED = "accounts:password:changed", _("Password changed")
    RESET_ASKED = "accounts:reset:asked", _("New password asked for")
    RESET_USED = "accounts:reset:used", _("Password set with a mailed link")
    PROFILE_CHANGED = "accounts:profile:changed", _("Profile changed")
