"""What the audit log says of the operator's acts."""

from __future__ import annotations

from flask_babel import lazy_gettext as _

from webapp.audit.events import AuditEvent, name_objects
from webapp.audit.words import name_facts


class OperatorEvent(AuditEvent):
    NEWS_CREATED = "operator:news:created", _("News written")
    NEWS_CHANGED = "operator:news:changed", _("News changed")
    NEWS_ENDED = "operator:news:ended", _("News ended")
    NEWS_DELETED = "operator:news:deleted", _("News deleted")
    NOTICE_CREATED = "operator:notice:created", _("Status notice written")
    NOTICE_CHANGED = "operator:notice:changed", _("Status notice changed")
    NOTICE_RESOLVED = "operator:notice:resolved", _("Status notice resolved")
    NOTICE_DELETED = "operator:notice:deleted", _("Status notice deleted")
    BUDGET_CHANGED = "operator:budget:changed", _("Rate budget changed by the operator")
    BUDGET_RESET = "operator:budget:reset", _("Rate budget set back to the default")


name_objects(
    {
        "news": _("News"),
        "notice": _("Status notice"),
        "rate_budget": _("Rate budget"),
    }
)
name_facts(
    {
        "per_minute": _("Requests a minute"),
        "burst": _("Requests at once"),
        "trade": _("Trade"),
        "component": _("Part"),
    }
)
