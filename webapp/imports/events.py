"""What the audit log says of imports. What they make is told by their subjects."""

from __future__ import annotations

from flask_babel import lazy_gettext as _

from webapp.audit.events import AuditEvent, name_objects


class ImportEvent(AuditEvent):
    UPLOADED = "organisation:import:uploaded", _("File uploaded for import")
    COMMITTED = "organisation:import:committed", _("File imported")
    FAILED = "organisation:import:failed", _("Import failed or cancelled; nothing kept")
    UNDONE = "organisation:import:undone", _("Import undone")
    REMOVED = "organisation:import:removed", _("Import discarded")


name_objects({"import": _("Import")})
