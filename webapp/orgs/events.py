"""What the audit log says of organisations, people and rights."""

from __future__ import annotations

from flask_babel import lazy_gettext as _

from webapp.audit.events import AuditEvent, name_objects


class OrgEvent(AuditEvent):
    ORGANISATION_CREATED = "organisation:organisation:created", _("Organisation created")
    ORGANISATION_CHANGED = "organisation:organisation:changed", _("Organisation changed")
    ORGANISATION_MOVED = "organisation:organisation:moved", _("Organisation moved in the tree")
    ORGANISATION_CLOSED = "organisation:organisation:closed", _("Organisation closed")
    ORGANISATION_REOPENED = "organisation:organisation:reopened", _("Organisation opened again")
    SETTINGS_CHANGED = "organisation:settings:changed", _("Settings of the organisation changed")
    LOGO_CHANGED = "organisation:settings:logo_changed", _("Logo changed")
    DOCUMENT_CHANGED = "organisation:settings:document_changed", _("Information document changed")
    USER_CREATED = "organisation:user:created", _("User created")
    USER_CHANGED = "organisation:user:changed", _("User changed")
    USER_PASSWORD_SET = "organisation:user:password_set", _("First password set for a user")
    USER_DEACTIVATED = "organisation:user:deactivated", _("User deactivated")
    USER_REACTIVATED = "organisation:user:reactivated", _("User reactivated")
    MEMBERSHIP_ADDED = "organisation:membership:added", _("Person added to the organisation")
    MEMBERSHIP_REMOVED = "organisation:membership:removed", _("Person removed")
    MEMBERSHIP_MOVED = "organisation:membership:moved", _("Person moved to another organisation")
    RIGHTS_CHANGED = "organisation:membership:rights_changed", _("Rights changed")
    RIGHT_ASKED = "organisation:right:asked", _("Permission asked for")
    INVITATION_CREATED = "organisation:invitation:created", _("Invitation created")
    INVITATION_CHANGED = "organisation:invitation:changed", _("Invitation changed")
    INVITATION_SENT = "organisation:invitation:sent", _("Invitation sent by mail")
    INVITATION_LINKED = "organisation:invitation:linked", _("Link of an invitation made")
    INVITATION_TESTED = "organisation:invitation:tested", _("Test mail of an invitation sent")
    INVITATION_ACCEPTED = "organisation:invitation:accepted", _("Invitation accepted")
    INVITATION_EXPIRED = "organisation:invitation:expired", _("Invitation expired")
    INVITATION_REVOKED = "organisation:invitation:revoked", _("Invitation revoked")
    PARTNER_ADDED = "organisation:partner:added", _("Partner added")
    PARTNER_REMOVED = "organisation:partner:removed", _("Partner removed")
    SEEING_BEGUN = "organisation:seeing:begun", _("Operator began to see as the organisation")
    SEEING_ENDED = "organisation:seeing:ended", _("Operator ended seeing as the organisation")
    AUDIT_EXPORTED = "organisation:audit:exported", _("Audit log exported")


name_objects(
    {
        "organisation": _("Organisation"),
        "user": _("User"),
        "invitation": _("Invitation"),
        "partner": _("Partner"),
    }
)
