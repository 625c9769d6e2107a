"""Webhooks: list, create, change, test, log, send again, delete."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from flask import Blueprint, abort, flash, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from webapp.accounts.proofs import fresh
from webapp.core.access import allow
from webapp.core.clock import utcnow
from webapp.core.db import db, rollback
from webapp.core.errors import Refusal
from webapp.core.principal import acting
from webapp.core.web import render, see_other
from webapp.orgs.access import current_organisation, permissions_here
from webapp.orgs.permissions import Permission
from webapp.webhooks import outbox, services
from webapp.webhooks.forms import WebhookForm
from webapp.webhooks.kinds import EventKind, kind_of, label_of
from webapp.webhooks.lists import (
    DELIVERIES,
    STATE_LABELS,
    WEBHOOKS,
    deliveries_of,
    delivery_url,
    state_of,
    webhook_url,
    webhooks,
)
from webapp.webhooks.models import Delivery, Webhook

bp = Blueprint("webhooks", __name__, url_prefix="/o/<org>/webhooks")


@bp.get("", endpoint="webhooks")
@allow(Permission.API_READ)
def webhook_list(org: str) -> ResponseReturnValue:
    return WEBHOOKS.page(webhooks()).respond("webhooks/webhooks.html")


@bp.get("/new")
@allow(Permission.API_EDIT)
def webhook_new(org: str) -> ResponseReturnValue:
    return _form(WebhookForm(formdata=None, kinds=_kinds()), None)


@bp.post("")
@allow(Permission.API_EDIT)
@fresh
def webhook_create(org: str) -> ResponseReturnValue:
    """The answer itself shows the secret, this once; loaded again it leads to the webhook."""
    form = WebhookForm(kinds=_kinds())
    return _answer(form, None, lambda: _made(form))


@bp.get("/<public_id>", endpoint="webhook")
@allow(Permission.API_READ)
def webhook_page(org: str, public_id: str) -> ResponseReturnValue:
    row = _webhook(public_id)
    page = DELIVERIES.page(deliveries_of(row))
    return page.respond(
        "webhooks/webhook.html",
        webhook=row,
        state=state_of(row),
        events=[label_of(event) for event in row.events],
        two_secrets=row.previous_until is not None and row.previous_until > utcnow(),
    )


@bp.get("/<public_id>/edit")
@allow(Permission.API_EDIT)
def webhook_edit(org: str, public_id: str) -> ResponseReturnValue:
    row = _webhook(public_id)
    return _form(WebhookForm.of(row, _kinds()), row)


@bp.post("/<public_id>/edit")
@allow(Permission.API_EDIT)
@fresh
def webhook_change(org: str, public_id: str) -> ResponseReturnValue:
    row, form = _webhook(public_id), WebhookForm(kinds=_kinds())
    return _answer(form, row, lambda: _changed(row, form))


@bp.post("/<public_id>/pings")
@allow(Permission.API_EDIT)
def webhook_ping(org: str, public_id: str) -> ResponseReturnValue:
    delivery = outbox.ping(_webhook(public_id), now=utcnow())
    flash(_("The test is on its way. Load the page again to see the answer."), "info")
    return see_other(delivery_url(delivery))


@bp.get("/<public_id>/secrets/confirm")
@allow(Permission.API_EDIT)
def secret_confirm(org: str, public_id: str) -> ResponseReturnValue:
    return render("webhooks/secret_confirm.html", webhook=_webhook(public_id))


@bp.post("/<public_id>/secrets")
@allow(Permission.API_EDIT)
def secret_renew(org: str, public_id: str) -> ResponseReturnValue:
    row = _webhook(public_id)
    secret = services.renew_secret(row, by=acting(), now=utcnow())
    return render("webhooks/secret.html", webhook=row, secret=secret, is_new=False)


@bp.post("/<public_id>/pauses")
@allow(Permission.API_EDIT)
def webhook_pause(org: str, public_id: str) -> ResponseReturnValue:
    row = _webhook(public_id)
    services.pause(row, by=acting(), now=utcnow())
    return see_other(webhook_url(row))


@bp.post("/<public_id>/resumptions")
@allow(Permission.API_EDIT)
def webhook_resume(org: str, public_id: str) -> ResponseReturnValue:
    row = _webhook(public_id)
    services.resume(row, by=acting())
    return see_other(webhook_url(row))


@bp.get("/<public_id>/deletions/confirm")
@allow(Permission.API_EDIT)
def webhook_confirm(org: str, public_id: str) -> ResponseReturnValue:
    return render("webhooks/webhook_confirm.html", webhook=_webhook(public_id))


@bp.post("/<public_id>/deletions")
@allow(Permission.API_EDIT)
def webhook_delete(org: str, public_id: str) -> ResponseReturnValue:
    row = _webhook(public_id)
    services.delete_webhook(row, by=acting())
    flash(_("“%(name)s” is deleted.", name=row.name), "ok")
    return see_other(url_for("webhooks.webhooks", org=org))


@bp.get("/<public_id>/deliveries/<delivery_id>", endpoint="delivery")
@allow(Permission.API_READ)
def delivery_page(org: str, public_id: str, delivery_id: str) -> ResponseReturnValue:
    """What was sent is shown to those who may see such things in the portal."""
    row = _delivery(public_id, delivery_id)
    kind = kind_of(row.event)
    is_open_to_me = kind is not None and kind.permission in permissions_here()
    body = msgspec.json.format(msgspec.json.encode(row.body), indent=2).decode()
    return render(
        "webhooks/delivery.html",
        delivery=row,
        webhook=row.webhook,
        event=label_of(row.event),
        state_label=STATE_LABELS[row.word],
        body=body if is_open_to_me else None,
    )


@bp.post("/<public_id>/deliveries/<delivery_id>/resendings", endpoint="resendings")
@allow(Permission.API_EDIT)
def delivery_resend(org: str, public_id: str, delivery_id: str) -> ResponseReturnValue:
    row = _delivery(public_id, delivery_id)
    services.send_again(row, by=acting(), now=utcnow())
    flash(_("The event is on its way again."), "info")
    return see_other(delivery_url(row))


def _answer(
    form: WebhookForm, row: Webhook | None, act: Callable[[], ResponseReturnValue]
) -> ResponseReturnValue:
    """Check, act; else the form once more with what is wrong beside its fields."""
    if not form.validate():
        return _form(form, row, 422)
    try:
        return act()
    except Refusal as refusal:
        rollback()
        form.refuse(refusal)
        return _form(form, row, refusal.status)


def _made(form: WebhookForm) -> ResponseReturnValue:
    earlier = form.earlier_location()
    if earlier is not None:
        return see_other(earlier)
    row, secret = services.create_webhook(
        form.facts(),
        organisation_id=current_organisation().id,
        permissions=permissions_here(),
        by=acting(),
        now=utcnow(),
    )
    form.leads_to(webhook_url(row))
    return render("webhooks/secret.html", webhook=row, secret=secret, is_new=True)


def _changed(row: Webhook, form: WebhookForm) -> ResponseReturnValue:
    if form.version.data != str(row.version):
        words = _("Somebody changed this while you were looking at it. Check how it is now.")
        raise Refusal(words, status=409)
    services.change_webhook(row, form.facts(), permissions=permissions_here(), by=acting())
    return see_other(webhook_url(row))


def _form(form: WebhookForm, row: Webhook | None, status: int = 200) -> ResponseReturnValue:
    return render("webhooks/webhook_form.html", form=form, webhook=row, status=status)


def _kinds() -> list[EventKind]:
    return services.kinds_for(permissions_here())


def _webhook(public_id: str) -> Webhook:
    found = select(Webhook).where(Webhook.public_id == public_id)
    return db.session.scalar(found) or abort(404)


def _delivery(public_id: str, delivery_id: str) -> Delivery:
    found = (
        select(Delivery)
        .join(Delivery.webhook)
        .where(Delivery.public_id == delivery_id, Webhook.public_id == public_id)
        .options(joinedload(Delivery.webhook))
    )
    return db.session.scalar(found) or abort(404)
