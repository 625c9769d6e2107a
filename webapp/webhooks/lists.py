"""The lists of webhooks and of one webhook's deliveries."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import url_for
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from sqlalchemy import Select, select
from sqlalchemy.orm import defer, joinedload

from webapp.core.listing import Choice, Column, Listing, Option, Period, Words
from webapp.core.names import sort_name
from webapp.orgs.access import current_organisation, may
from webapp.orgs.permissions import Permission
from webapp.webhooks.kinds import OwnKind, all_kinds, label_of
from webapp.webhooks.models import STATE_WORDS, Delivery, DeliveryState, Webhook

STATE_LABELS = {
    DeliveryState.WAITING: _l("Waiting"),
    DeliveryState.SENDING: _l("Sending"),
    DeliveryState.DELIVERED: _l("Delivered"),
    DeliveryState.FAILED: _l("Failed"),
    DeliveryState.CANCELLED: _l("Cancelled"),
}
WEBHOOK_STATES = {"on": _l("On"), "failing": _l("Failing"), "paused": _l("Paused")}


def webhooks() -> Select[tuple[Webhook]]:
    return select(Webhook)


def deliveries_of(webhook: Webhook) -> Select[Delivery]:
    return (
        select(Delivery)
        .where(Delivery.webhook_id == webhook.id)
        .options(defer(Delivery.body), defer(Delivery.answer), joinedload(Delivery.webhook))
    )


def state_of(row: Webhook) -> str:
    if not row.active:
        return "paused"
    return "failing" if row.failing_since is not None else "on"


def webhook_url(row: Webhook, endpoint: str = "webhooks.webhook") -> str:
    return url_for(endpoint, org=current_organisation().public_id, public_id=row.public_id)


def delivery_url(row: Delivery, endpoint: str = "webhooks.delivery") -> str:
    return url_for(
        endpoint,
        org=current_organisation().public_id,
        public_id=row.webhook.public_id,
        delivery_id=row.public_id,
    )


def _webhook_menu(row: Webhook) -> list[Mapping[str, Any] | None]:
    if not may(Permission.API_EDIT):
        return []
    return [
        {"text": _l("Edit"), "href": webhook_url(row, "webhooks.webhook_edit"), "icon": "edit"},
        {
            "text": _l("Send a test"),
            "action": webhook_url(row, "webhooks.webhook_ping"),
            "icon": "play",
        },
        {
            "text": _l("Delete"),
            "href": webhook_url(row, "webhooks.webhook_confirm"),
            "icon": "trash",
            "danger": True,
        },
    ]


def _delivery_menu(row: Delivery) -> list[Mapping[str, Any] | None]:
    settled = row.word not in (DeliveryState.WAITING, DeliveryState.SENDING)
    if not settled or not row.webhook.active or not may(Permission.API_EDIT):
        return []
    action = delivery_url(row, "webhooks.resendings")
    return [{"text": _l("Send again"), "action": action, "icon": "refresh"}]


def _kinds() -> list[tuple[str, Any]]:
    return [(kind.value, kind.label) for kind in (*all_kinds(), *OwnKind)]


WEBHOOKS = Listing(
    name="webhooks",
    model=Webhook,
    columns=[
        Column("name", _l("Name"), sort=Webhook.sort_name, link=webhook_url),
        Column(
            "state",
            _l("State"),
            value=lambda w: str(WEBHOOK_STATES[state_of(w)]),
            cell="webhooks/cells.html#webhook_state",
            main=True,
        ),
        Column("url", _l("Address"), kind="code"),
        Column("events", _l("Events"), value=lambda w: ", ".join(map(label_of, w.events))),
        Column("created_by", _l("Made by")),
        Column(
            "created",
            _l("Made"),
            kind="time",
            value=lambda w: w.created_at,
            sort=Webhook.created_at,
            first_descending=True,
        ),
    ],
    default_sort="name",
    total=lambda n, shown: ngettext("%(shown)s webhook", "%(shown)s webhooks", n, shown=shown),
    search=[Words(Webhook.sort_name, fold=sort_name)],
    search_hint=_l("Name"),
    menu=_webhook_menu,
    row_name=lambda w: w.name,
)

DELIVERIES = Listing(
    name="deliveries",
    model=Delivery,
    columns=[
        Column("event", _l("Event"), value=lambda d: label_of(d.event), link=delivery_url),
        Column(
            "state",
            _l("State"),
            value=lambda d: str(STATE_LABELS[d.word]),
            cell="webhooks/cells.html#delivery_state",
            main=True,
        ),
        Column("status", _l("Answer"), kind="number"),
        Column("error", _l("Fault"), value=lambda d: d.last_error),
        Column("took_ms", _l("Milliseconds"), kind="number"),
        Column("attempts", _l("Attempts"), kind="number"),
        Column(
            "created",
            _l("Happened"),
            kind="time",
            value=lambda d: d.created_at,
            sort=Delivery.created_at,
            first_descending=True,
        ),
        Column("delivered_at", _l("Delivered"), kind="time"),
    ],
    default_sort="-created",
    total=lambda n, shown: ngettext("%(shown)s delivery", "%(shown)s deliveries", n, shown=shown),
    filters=[
        Choice(
            "state",
            _l("State"),
            Delivery.state,
            [Option(w.value, STATE_LABELS[w], s.value) for s, w in STATE_WORDS.items()],
        ),
        Choice("event", _l("Event"), Delivery.event, _kinds),
        Period("happened", _l("Happened"), Delivery.created_at),
    ],
    menu=_delivery_menu,
    row_name=lambda d: d.event_id,
)
