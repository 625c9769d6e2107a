"""What of mails stands in the audit log."""

from __future__ import annotations

from flask_babel import lazy_gettext as _

from webapp.audit.events import AuditEvent, name_objects


class MailEvent(AuditEvent):
    SENT_AGAIN = "mail:mail:sent_again", _("Mail sent again")
    GIVEN_UP = "mail:mail:given_up", _("Mail given up by the operator")
    TEMPLATE_COPIED = "mail:template:copied", _("Mail template copied")
    TEMPLATE_ACTIVATED = "mail:template:activated", _("Mail template activated")
    TEMPLATE_EDITED = "mail:template:edited", _("Mail template edited")
    TEMPLATE_DELETED = "mail:template:deleted", _("Mail template deleted")
    TEMPLATE_TESTED = "mail:template:tested", _("Test mail sent")


name_objects({"mail": _("Mail"), "email_template": _("Mail template")})
