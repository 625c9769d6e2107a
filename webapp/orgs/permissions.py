"""Permissions and roles. A permission is its own access check: `@allow(Permission.USERS_EDIT)`."""

from __future__ import annotations

from enum import StrEnum

from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _


class Permission(StrEnum):
    """What one may do, as `area:object:action`. Declared at the route."""

    ORGANISATION_READ = "organisation:profile:read"
    ORGANISATION_EDIT = "organisation:profile:edit"
    ORGANISATIONS_CREATE = "organisation:organisations:create"
    USERS_READ = "organisation:users:read"
    USERS_EDIT = "organisation:users:edit"
    PARTNERS_READ = "organisation:partners:read"
    PARTNERS_EDIT = "organisation:partners:edit"
    AUDIT_READ = "organisation:audit:read"
    MAIL_READ = "organisation:mail:read"
    MAIL_SEND = "organisation:mail:send"
    MAIL_TEMPLATES_READ = "organisation:mail_templates:read"
    MAIL_TEMPLATES_EDIT = "organisation:mail_templates:edit"
    API_READ = "organisation:api:read"
    API_EDIT = "organisation:api:edit"
    ENROLMENT_READ = "devices:enrolment:read"
    ENROLMENT_EDIT = "devices:enrolment:edit"
    ALARMS_READ = "devices:alarms:read"
    ALARMS_EDIT = "devices:alarms:edit"
    METERS_READ = "meters:devices:read"
    METERS_CLAIM = "meters:devices:claim"
    METERS_EDIT = "meters:devices:edit"
    BATCHES_READ = "meters:batches:read"
    BATCHES_EDIT = "meters:batches:edit"
    OWNERSHIP_TAKE = "meters:ownership:take"
    KEYS_DOWNLOAD = "meters:keys:download"
    PRINTERS_READ = "printers:printers:read"
    PRINTERS_EDIT = "printers:printers:edit"
    PRINTER_REQUESTS_READ = "printers:requests:read"
    PRINTER_REQUESTS_EDIT = "printers:requests:edit"

    @property
    def label(self) -> str:
        return str(PERMISSION_NAMES[self])

    def enforce(self) -> ResponseReturnValue | None:
        """Let a member with this permission pass; see `orgs.access`."""
        from webapp.orgs.access import enforce_permission

        return enforce_permission(self)


_READING = {p for p in Permission if p.value.endswith(":read")} - {Permission.AUDIT_READ}


NOT_INHERITED = frozenset({Permission.KEYS_DOWNLOAD})
"""What counts in the organisations below only where it was granted "and below" (P-15)."""


class Role(StrEnum):
    """Named sets of permissions."""

    ADMINISTRATOR = "administrator"
    KEY_MANAGER = "key_manager"
    PRINTER_ADMIN = "printer_admin"
    READER = "reader"

    @property
    def permissions(self) -> frozenset[Permission]:
        return ROLE_PERMISSIONS[self]

    @property
    def label(self) -> str:
        return str(ROLE_NAMES[self])


ROLE_PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.ADMINISTRATOR: frozenset(Permission),
    Role.KEY_MANAGER: frozenset(
        {p for p in Permission if p.value.startswith("meters:")}
        | {Permission.ORGANISATION_READ, Permission.PARTNERS_READ}
    ),
    Role.PRINTER_ADMIN: frozenset(
        {p for p in Permission if p.value.startswith(("printers:", "devices:"))}
        | {Permission.ORGANISATION_READ}
    ),
    Role.READER: frozenset(_READING),
}

ROLE_NAMES = {
    Role.ADMINISTRATOR: _("Administrator"),
    Role.KEY_MANAGER: _("Key manager"),
    Role.PRINTER_ADMIN: _("Printer administrator"),
    Role.READER: _("Reader"),
}

PERMISSION_NAMES = {
    Permission.ORGANISATION_READ: _("See the organisation"),
    Permission.ORGANISATION_EDIT: _("Edit the organisation"),
    Permission.ORGANISATIONS_CREATE: _("Create organisations"),
    Permission.USERS_READ: _("See users"),
    Permission.USERS_EDIT: _("Add and edit users"),
    Permission.PARTNERS_READ: _("See partners"),
    Permission.PARTNERS_EDIT: _("Add and remove partners"),
    Permission.AUDIT_READ: _("Read the audit log"),
    Permission.MAIL_READ: _("See the mails sent"),
    Permission.MAIL_SEND: _("Send mails again"),
    Permission.MAIL_TEMPLATES_READ: _("See the mail templates"),
    Permission.MAIL_TEMPLATES_EDIT: _("Edit mail templates and send test mails"),
    Permission.API_READ: _("See API tokens and webhooks"),
    Permission.API_EDIT: _("Create and revoke API tokens, edit webhooks"),
    Permission.ENROLMENT_READ: _("See enrolment tokens"),
    Permission.ENROLMENT_EDIT: _("Create and revoke enrolment tokens"),
    Permission.ALARMS_READ: _("See alarms"),
    Permission.ALARMS_EDIT: _("Acknowledge alarms, set quiet hours and maintenance"),
    Permission.METERS_READ: _("See meters and which keys they have"),
    Permission.METERS_CLAIM: _("Claim meters"),
    Permission.METERS_EDIT: _("Label meters, record an exchange of keys"),
    Permission.BATCHES_READ: _("See batches of meters"),
    Permission.BATCHES_EDIT: _("Create and withdraw batches, decide on requests"),
    Permission.OWNERSHIP_TAKE: _("Take over batches of meters"),
    Permission.KEYS_DOWNLOAD: _("Download keys"),
    Permission.PRINTERS_READ: _("See printers and panic buttons"),
    Permission.PRINTERS_EDIT: _("Edit printers and panic buttons"),
    Permission.PRINTER_REQUESTS_READ: _("See printer requests"),
    Permission.PRINTER_REQUESTS_EDIT: _("Work on printer requests"),
}
