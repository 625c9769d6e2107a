"""What the operator's audit log says of legal texts."""

from __future__ import annotations

from flask_babel import lazy_gettext as _

from webapp.audit.events import AuditEvent, name_objects


class LegalEvent(AuditEvent):
    IDENTITY_CHANGED = "portal:legal_identity:changed", _("Legal identity changed")
    TEXT_PUBLISHED = "portal:legal_text:published", _("Legal text published")


name_objects({"legal_text": _("Legal text"), "legal_identity": _("Legal identity")})
