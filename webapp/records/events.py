"""What the audit log says of data that leave or go."""

from __future__ import annotations

from flask_babel import lazy_gettext as _

from webapp.audit.events import AuditEvent
from webapp.audit.words import name_facts


class RecordEvent(AuditEvent):
    RETENTION_CHANGED = "records:retention:changed", _("Time for which data are kept changed")
    REMOVED = "records:retention:removed", _("Old data removed when their time was over")
    EXPORT_ASKED = "records:export:asked", _("Export of everything asked for")
    PERSON_EXPORTED = "records:person:exported", _("Person took their own data")
    PERSON_ERASED = "records:person:erased", _("Person erased")


name_facts(
    {
        "request_retention_days": _("Requests are kept for (days)"),
        "audit_retention_days": _("Audit log is kept for (days)"),
        "removed": _("Removed"),
    }
)
