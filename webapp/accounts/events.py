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
    SIGNED_UP = "accounts:user:signed_up", _("Account created and confirmed")
    EMAIL_CHANGE_ASKED = "accounts:email:asked", _("New e-mail address asked for")
    EMAIL_CHANGED = "accounts:email:changed", _("E-mail address changed")
    TWO_FACTOR_ON = "accounts:two_factor:on", _("Two-factor sign-in switched on")
    TWO_FACTOR_OFF = "accounts:two_factor:off", _("Two-factor sign-in switched off")
    RECOVERY_USED = "accounts:recovery_code:used", _("Recovery code used")
    RECOVERY_RENEWED = "accounts:recovery_codes:renewed", _("New recovery codes made")
    PROOF_REFUSED = "accounts:proof:refused", _("Wrong password or code when asked again")
