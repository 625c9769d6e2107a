"""What the audit log says of webhooks."""

from __future__ import annotations

from flask_babel import lazy_gettext as _

from webapp.audit.events import AuditEvent, name_objects


class WebhookEvent(AuditEvent):
    CREATED = "webhooks:webhook:created", _("Webhook created")
    CHANGED = "webhooks:webhook:changed", _("Webhook changed")
    DELETED = "webhooks:webhook:deleted", _("Webhook deleted")
    PAUSED = "webhooks:webhook:paused", _("Webhook paused")
    RESUMED = "webhooks:webhook:resumed", _("Webhook resumed")
    SECRET_CHANGED = "webhooks:secret:changed", _("Webhook's secret changed")
    SENT_AGAIN = "webhooks:delivery:sent_again", _("Webhook delivery sent again")


name_objects({"webhook": _("Webhook")})
