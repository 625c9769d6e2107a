"""Secrets of webhooks, and the signature that a receiver checks (docs/protocols/webhooks.md)."""

from __future__ import annotations

import hmac
from datetime import datetime
from hashlib import sha256

from webapp.core.crypto import seal, token, unseal
from webapp.webhooks.models import Webhook

PREFIX = "whsec_"


def new_secret() -> str:
    return PREFIX + token()


def sealed(secret: str, webhook_id: str) -> bytes:
    """Bound to the webhook by its public id, which is known before the row has a number."""
    return seal(secret.encode(), context=_context(webhook_id))


def secrets_of(webhook: Webhook, *, now: datetime) -> list[str]:
    """The present one, and the former while both are good. Raises `Sealed` when the key is gone."""
    kept = [webhook.secret_sealed]
    if (
        webhook.previous_sealed is not None
        and webhook.previous_until is not None
        and webhook.previous_until > now
    ):
        kept.append(webhook.previous_sealed)
    return [unseal(one, context=_context(webhook.public_id)).decode() for one in kept]


def signature(secrets: list[str], body: bytes, *, at: int) -> str:
    """`t=<Unix time>,v1=<hex>`, one `v1` a secret: HMAC-SHA256 over time, full stop, body."""
    signed = str(at).encode() + b"." + body
    marks = (hmac.new(secret.encode(), signed, sha256).hexdigest() for secret in secrets)
    return ",".join([f"t={at}", *(f"v1={mark}" for mark in marks)])


def _context(webhook_id: str) -> str:
    return f"webhooks:{webhook_id}:secret"
