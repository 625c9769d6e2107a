"""Webhooks and their deliveries."""

from sqlalchemy import Text, cast, func

from webapp.core.exports import export
from webapp.core.personal import DELETE, not_personal, personal
from webapp.orgs.records import by_them
from webapp.webhooks.models import Delivery, Webhook

export(
    Webhook,
    "id public_id name url events active failing_since paused_at created_at created_by",
    about="Where events go.",
    withheld="secret_sealed, previous_sealed: what signs",
)
export(
    Delivery,
    "id public_id webhook_id event event_id body state status answer took_ms created_at delivered_at",
    about="Events of the last 30 days as they were sent.",
)

not_personal(Webhook, "name sort_name", why="the webhook's name")
personal(
    Webhook,
    "created_by",
    gives="name created_at",
    of=lambda who: by_them(Webhook.created_by, who, Webhook.organisation_id),
    erase={"created_by": lambda who: who.pseudonym, "version": Webhook.version + 1},
)
personal(
    Delivery,
    "body answer",
    gives="created_at event body",
    of=lambda who: func.lower(cast(Delivery.body, Text)).contains(
        who.email.lower(), autoescape=True
    ),
    erase=DELETE,
)
