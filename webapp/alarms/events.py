"""What the audit log says of alarms."""

from __future__ import annotations

from flask_babel import lazy_gettext as _

from webapp.audit.events import AuditEvent, name_objects


class AlarmEvent(AuditEvent):
    ACKNOWLEDGED = "devices:alarm:acknowledged", _("Alarm acknowledged")
    SETTINGS_CHANGED = "devices:alarm_settings:changed", _("Quiet hours and receivers changed")
    RULE_CHANGED = "devices:alarm_rule:changed", _("Rule of a kind of alarms changed")
    RULE_RESET = "devices:alarm_rule:reset", _("Rule of a kind of alarms taken back")
    WINDOW_CREATED = "devices:maintenance:created", _("Maintenance window entered")
    WINDOW_ENDED = "devices:maintenance:ended", _("Maintenance window ended")


name_objects(
    {
        "alarm": _("Alarm"),
        "alarm_rule": _("Rule of alarms"),
        "maintenance": _("Maintenance window"),
    }
)
