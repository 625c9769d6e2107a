"""Events are written here, in the transaction that causes them; the drain sends what was committed.

emit(PrinterKind.REQUEST_OPENED, organisation_id=…, data=lambda: {"request": …}, now=now)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select

from webapp.core.crypto import token
from webapp.core.db import db
from webapp.core.drains import QueueName, wake
from webapp.core.tenancy import unscoped
from webapp.orgs.models import Organisation
from webapp.webhooks.kinds import EventKind, OwnKind
from webapp.webhooks.models import Delivery, Webhook

QUEUE: QueueName = "quick"
DRAIN = "webhooks"


def emit(
    kind: EventKind,
    *,
    organisation_id: int,
    data: Callable[[], Mapping[str, Any]],
    now: datetime,
) -> str | None:
    """Tell every webhook of the organisation that wants to know; the event's id, or None where nobody does.

    `data` is asked only then. What is pending is flushed first, under the caller's own scope.
    """
    db.session.flush()
    with unscoped("webhooks of the organisation that the event names"):
        wanted = select(Webhook).where(
            Webhook.organisation_id == organisation_id,
            Webhook.active,
            Webhook.events.contains([kind.value]),
        )
        webhooks = db.session.scalars(wanted).all()
        return _write(kind, webhooks, data(), now) if webhooks else None


def ping(webhook: Webhook, *, now: datetime) -> Delivery:
    """A test, also while the webhook is switched off."""
    with unscoped("the webhook's own organisation"):
        event_id = _write(OwnKind.PING, [webhook], {"webhook": webhook.name}, now)
        found = select(Delivery).where(Delivery.event_id == event_id)
        return db.session.scalars(found).one()


def _write(
    kind: EventKind, webhooks: list[Webhook] | Any, data: Mapping[str, Any], now: datetime
) -> str:
    event_id = f"evt_{token(128)}"
    organisation_id = webhooks[0].organisation_id
    named = select(Organisation.public_id).where(Organisation.id == organisation_id)
    body = {
        "id": event_id,
        "type": kind.value,
        "created_at": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "organisation": db.session.scalars(named).one(),
        "data": dict(data),
    }
    for webhook in webhooks:
        db.session.add(
            Delivery(
                organisation_id=organisation_id,
                webhook=webhook,
                event=kind.value,
                event_id=event_id,
                body=body,
                created_at=now,
                due_at=now,
                first_due_at=now,
            )
        )
    db.session.flush()
    wake(QUEUE, DRAIN)
    return event_id
