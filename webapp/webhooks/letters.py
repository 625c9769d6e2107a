"""A delivery as it goes over the wire: body, signature, headers."""

from __future__ import annotations

from datetime import datetime

import msgspec

from webapp.webhooks.models import Delivery, Webhook
from webapp.webhooks.sending import Outgoing
from webapp.webhooks.signatures import secrets_of, signature

USER_AGENT = "Outpost-Webhooks/1"


def letter_of(delivery: Delivery, webhook: Webhook, *, now: datetime) -> Outgoing:
    """Raises `Sealed` when the secret can't be read."""
    body = msgspec.json.encode(delivery.body)
    signed = signature(secrets_of(webhook, now=now), body, at=int(now.timestamp()))
    headers = (
        ("Content-Type", "application/json"),
        ("User-Agent", USER_AGENT),
        ("Accept-Encoding", "identity"),
        ("Outpost-Event", delivery.event),
        ("Outpost-Event-Id", delivery.event_id),
        ("Outpost-Delivery", delivery.public_id),
        ("Outpost-Signature", signed),
    )
    return Outgoing(webhook.url, headers, body)
