"""Webhooks as an administrator makes and changes them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import current_app
from flask_babel import gettext as _

from webapp.audit import log as audit
from webapp.core.db import db, new_public_id
from webapp.core.drains import wake
from webapp.core.errors import Refusal
from webapp.core.jobs import JobState
from webapp.core.names import sort_name
from webapp.core.principal import Principal
from webapp.orgs.permissions import Permission
from webapp.webhooks import outbox
from webapp.webhooks.addresses import Policy, check_url
from webapp.webhooks.events import WebhookEvent
from webapp.webhooks.kinds import EventKind, all_kinds
from webapp.webhooks.models import Delivery, Webhook
from webapp.webhooks.signatures import new_secret, sealed

OVERLAP = timedelta(hours=24)
"""How long the former secret signs beside the new one."""


@dataclass(frozen=True)
class WebhookFacts:
    """What an administrator says of a webhook."""

    name: str
    url: str
    events: Sequence[EventKind]


def kinds_for(permissions: Collection[Permission]) -> list[EventKind]:
    """What somebody may have sent to themselves: what they may see."""
    return [kind for kind in all_kinds() if kind.permission in permissions]


def create_webhook(
    facts: WebhookFacts,
    *,
    organisation_id: int,
    permissions: Collection[Permission],
    by: Principal,
    now: datetime,
) -> tuple[Webhook, str]:
    """The row, and the secret by which the receiver knows us: told this once."""
    _check(facts, permissions)
    public_id, secret = new_public_id(), new_secret()
    row = Webhook(
        public_id=public_id,
        organisation_id=organisation_id,
        name=facts.name,
        sort_name=sort_name(facts.name),
        url=facts.url,
        events=[kind.value for kind in facts.events],
        secret_sealed=sealed(secret, public_id),
        created_at=now,
        created_by=by.label,
    )
    db.session.add(row)
    db.session.flush()
    _record(WebhookEvent.CREATED, row, by, url=row.url, events=row.events)
    return row, secret


def change_webhook(
    row: Webhook, facts: WebhookFacts, *, permissions: Collection[Permission], by: Principal
) -> None:
    """Kinds that the person may not see stay as they are."""
    _check(facts, permissions)
    theirs = {kind.value for kind in kinds_for(permissions)}
    kept = [event for event in row.events if event not in theirs]
    values = {
        "name": facts.name,
        "sort_name": sort_name(facts.name),
        "url": facts.url,
        "events": sorted([*kept, *(kind.value for kind in facts.events)]),
    }
    changed = [name for name, value in values.items() if getattr(row, name) != value]
    for name in changed:
        setattr(row, name, values[name])
    if changed:
        _record(WebhookEvent.CHANGED, row, by, url=row.url, events=row.events)


def renew_secret(row: Webhook, *, by: Principal, now: datetime) -> str:
    """The new secret, told this once; the former one signs as well for a day."""
    secret = new_secret()
    row.previous_sealed, row.previous_until = row.secret_sealed, now + OVERLAP
    row.secret_sealed = sealed(secret, row.public_id)
    _record(WebhookEvent.SECRET_CHANGED, row, by)
    return secret


def pause(row: Webhook, *, by: Principal, now: datetime) -> None:
    """Nothing is noted for it meanwhile; what waits is cancelled when its turn comes."""
    if row.active:
        row.active, row.paused_at = False, now
        _record(WebhookEvent.PAUSED, row, by)


def resume(row: Webhook, *, by: Principal) -> None:
    if not row.active:
        row.active, row.paused_at, row.failing_since = True, None, None
        _record(WebhookEvent.RESUMED, row, by)


def delete_webhook(row: Webhook, *, by: Principal) -> None:
    """With its log."""
    _record(WebhookEvent.DELETED, row, by, url=row.url)
    db.session.delete(row)


def send_again(delivery: Delivery, *, by: Principal, now: datetime) -> None:
    """The same event under the same id, due anew for a day."""
    db.session.refresh(delivery, ["state"], with_for_update=True)
    if delivery.state in (JobState.WAITING, JobState.CLAIMED):
        raise Refusal(
            _("This delivery is still on its way; it need not be sent again."), status=409
        )
    if not delivery.webhook.active:
        raise Refusal(_("The webhook is paused. Resume it first, then send again."), status=409)
    delivery.state, delivery.attempts, delivery.claimed_until = JobState.WAITING, 0, None
    delivery.due_at = delivery.first_due_at = now
    wake(outbox.QUEUE, outbox.DRAIN)
    detail = {"what": delivery.event, "event_id": delivery.event_id}
    _record(WebhookEvent.SENT_AGAIN, delivery.webhook, by, **detail)


def policy() -> Policy:
    settings = current_app.extensions["settings"]
    return Policy(private=settings.webhook_allow_private, http=settings.webhook_allow_http)


def _check(facts: WebhookFacts, permissions: Collection[Permission]) -> None:
    check_url(facts.url, policy())
    if not facts.events:
        raise Refusal(_("Tick at least one event."), field="events")
    if any(kind.permission not in permissions for kind in facts.events):
        raise Refusal(_("You can have sent only what you may see yourself."), field="events")


def _record(event: WebhookEvent, row: Webhook, by: Principal, **detail: object) -> None:
    audit.record(
        event,
        organisation_id=row.organisation_id,
        kind="webhook",
        id=row.public_id,
        label=row.name,
        detail=dict(detail),
        by=by,
    )
