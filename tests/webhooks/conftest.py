"""A receiver, Acme's webhook that leads to it, and the drain run by hand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select, update

from tests.cast import World
from tests.printers.conftest import acme
from tests.webhooks.receiver import Receiver, receiver
from webapp.core import drains
from webapp.core.clock import utcnow
from webapp.core.db import commit, db
from webapp.core.principal import NOBODY
from webapp.core.tenancy import scope, unscoped
from webapp.core.web import Portal
from webapp.orgs.permissions import Permission
from webapp.printers.webhook_kinds import PrinterKind
from webapp.webhooks import sending
from webapp.webhooks.models import Delivery, Webhook
from webapp.webhooks.outbox import emit
from webapp.webhooks.services import WebhookFacts, create_webhook

__all__ = ["acme"]


@pytest.fixture
def there() -> Iterator[Receiver]:
    """Somebody's program that receives."""
    with receiver() as running:
        yield running


@pytest.fixture
def loopback(portal: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in `make demo`: the operator allows receivers in their own network, by plain http."""
    looser = replace(
        portal.extensions["settings"], webhook_allow_private=True, webhook_allow_http=True
    )
    monkeypatch.setitem(portal.extensions, "settings", looser)
    monkeypatch.setattr(sending.Sender.__init__, "__kwdefaults__", {"deadline_seconds": 1.0})


class Post:
    """Makes webhooks and events, lets the drain work, reads rows."""

    def __init__(self, world: World) -> None:
        self.world = world

    def webhook(self, url: str, name: str = "Ticket system", **values: Any) -> str:
        """Its secret."""
        with self.world.portal.app_context(), scope(self.world.acme_id):
            row, secret = create_webhook(
                WebhookFacts(name, url, list(PrinterKind)),
                organisation_id=self.world.acme_id,
                permissions=list(Permission),
                by=NOBODY,
                now=utcnow(),
            )
            for key, value in values.items():
                setattr(row, key, value)
            commit()
        return secret

    def happens(self, number: int = 1, *, org_id: int | None = None) -> None:
        """So many requests were opened somewhere."""
        organisation_id = org_id or self.world.acme_id
        with self.world.portal.app_context(), scope(organisation_id):
            for n in range(number):
                emit(
                    PrinterKind.REQUEST_OPENED,
                    organisation_id=organisation_id,
                    data=lambda n=n: {"number": n},
                    now=utcnow(),
                )
            commit()

    def drain(self) -> None:
        with self.world.portal.app_context():
            drains.run("webhooks")

    def deliveries(self) -> list[Delivery]:
        return self._all(Delivery)

    def delivery(self) -> Delivery:
        (found,) = self.deliveries()
        return found

    def hook(self) -> Webhook:
        (found,) = self._all(Webhook)
        return found

    def time_passes(self) -> None:
        """The pauses and the claims of the dead are over."""
        self.change(Delivery, due_at=utcnow(), claimed_until=None)

    def the_dead_are_missed(self) -> None:
        """The claims that a killed worker left run out."""
        with self.world.portal.app_context(), unscoped("a test changes rows"):
            claimed = select(Delivery.id).where(Delivery.state == "claimed")
            ids = db.session.scalars(claimed.with_for_update(skip_locked=True)).all()
            expired = update(Delivery).where(Delivery.id.in_(ids))
            db.session.execute(expired.values(claimed_until=utcnow()))
            commit()

    def change(self, model: Any, **values: object) -> None:
        with self.world.portal.app_context(), unscoped("a test changes rows"):
            db.session.execute(update(model).values(**values))
            commit()

    def _all(self, model: Any) -> list[Any]:
        with self.world.portal.app_context(), unscoped("a test looks"):
            return list(db.session.scalars(select(model).order_by(model.id)))


@pytest.fixture
def post(world: World, loopback: None) -> Post:
    return Post(world)
