"""What of mails stands in the audit log."""

from __future__ import annotations

from flask_babel import lazy_gettext as _

from webapp.audit.events import AuditEvent


class MailEvent(AuditEvent):
    SENT_AGAIN = "mail:mail:sent_again", _("Mail sent again")
