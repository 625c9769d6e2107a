"""What the audit log says of long work and its files."""

from __future__ import annotations

from flask_babel import lazy_gettext as _

from webapp.audit.events import AuditEvent, name_objects


class ActivityEvent(AuditEvent):
    FILE_FETCHED = "activity:file:fetched", _("File fetched")
    CANCELLED = "activity:activity:cancelled", _("Long work cancelled")


name_objects({"activity": _("Activity"), "file": _("File")})
