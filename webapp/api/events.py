"""What the audit log says of API tokens."""

from __future__ import annotations

from flask_babel import lazy_gettext as _

from webapp.audit.events import AuditEvent, name_objects


class ApiEvent(AuditEvent):
    TOKEN_CREATED = "api:token:created", _("API token created")
    TOKEN_REVOKED = "api:token:revoked", _("API token revoked")


name_objects({"api_token": _("API token")})
