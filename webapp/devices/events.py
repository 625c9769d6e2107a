"""What the audit log says of devices and their credentials."""

from __future__ import annotations

from flask_babel import lazy_gettext as _

from webapp.audit.events import AuditEvent, name_objects


class DeviceEvent(AuditEvent):
    ENROLMENT_CREATED = "devices:enrolment:created", _("Enrolment token created")
    ENROLMENT_REVOKED = "devices:enrolment:revoked", _("Enrolment token revoked")


name_objects({"enrolment_token": _("Enrolment token")})
