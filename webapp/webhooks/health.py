"""Whether a webhook's receiver is alive; one that fails for days is paused, and somebody is told."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy import select, update

from webapp.accounts.models import User
from webapp.audit import log as audit
from webapp.core.db import db
from webapp.core.principal import Actor, Principal
from webapp.core.web import address_of
from webapp.mail import outbox as mail
from webapp.orgs.models import Organisation
from webapp.orgs.queries import administrators
from webapp.webhooks.events import WebhookEvent
from webapp.webhooks.models import Delivery, Webhook

PAUSED_AFTER = timedelta(days=3)
PORTAL = Principal(Actor.JOB, None, "webhooks")


def note_success(webhook_ids: Collection[int]) -> None:
    """Past the row's version: nobody's form is out of date because a receiver answered."""
    alive = Webhook.id.in_(webhook_ids) & Webhook.failing_since.is_not(None)
    if webhook_ids:
        options = {"synchronize_session": False}
        db.session.execute(
            update(Webhook).where(alive).values(failing_since=None), execution_options=options
        )


def note_failure(delivery: Delivery, *, now: datetime) -> None:
    """Since when; after three days without one success the webhook is paused."""
    _set(delivery.webhook_id, Webhook.failing_since.is_(None), failing_since=now)
    long_ago = Webhook.failing_since <= now - PAUSED_AFTER
    if _set(delivery.webhook_id, long_ago & Webhook.active, active=False, paused_at=now):
        found = select(Webhook).where(Webhook.id == delivery.webhook_id)
        webhook = db.session.scalars(found.execution_options(populate_existing=True)).one()
        _tell(webhook, delivery.last_error or "")


def _set(webhook_id: int, condition: object, **values: object) -> bool:
    statement = update(Webhook).where(Webhook.id == webhook_id, condition)  # type: ignore[arg-type]
    changed = statement.values(**values).returning(Webhook.id)
    options = {"synchronize_session": False}
    return db.session.scalar(changed, execution_options=options) is not None


def _tell(webhook: Webhook, error: str) -> None:
    """Every administrator by mail, and the audit log."""
    organisation = db.session.scalars(
        select(Organisation).where(Organisation.id == webhook.organisation_id)
    ).one()
    for administrator in administrators(organisation):
        _mail(administrator, webhook, organisation, error)
    audit.record(
        WebhookEvent.PAUSED,
        organisation_id=organisation.id,
        kind="webhook",
        id=webhook.public_id,
        label=webhook.name,
        detail={"why": error},
        by=PORTAL,
    )


def _mail(person: User, webhook: Webhook, organisation: Organisation, error: str) -> None:
    page = address_of("webhooks.webhook", org=organisation.public_id, public_id=webhook.public_id)
    with force_locale(person.language):
        title = _("Webhook “%(name)s” is paused", name=webhook.name)
        message = _(
            "For three days nothing has reached %(url)s. The last fault: %(error)s. When the "
            "receiver is mended, test and resume the webhook; what was missed can be sent again from its log.",
            url=webhook.url,
            error=error,
        )
    mail.send(
        "notification",
        to=person.email,
        language=person.language,
        organisation_id=organisation.id,
        values={
            "NAME": person.name,
            "TITLE": title,
            "MESSAGE": message,
            "LINK": page,
        },
        about=("webhook", webhook.public_id),
    )
