"""What the audit log says of devices and their credentials."""

from __future__ import annotations

from flask_babel import lazy_gettext as _

from webapp.audit.events import AuditEvent, name_objects


class DeviceEvent(AuditEvent):
    ENROLMENT_CREATED = "devices:enrolment:created", _("Enrolment token created")
    ENROLMENT_REVOKED = "devices:enrolment:revoked", _("Enrolment token revoked")
    CREDENTIAL_CREATED = "devices:credential:created", _("Credential of a device made")
    CREDENTIAL_REVOKED = "devices:credential:revoked", _("Credential of a device revoked")
    DEVICE_REPLACED = "devices:device:replaced", _("Device replaced")


name_objects({"enrolment_token": _("Enrolment token"), "device": _("Device")})
