"""A device of Acme with a kind of its own, and what tests ask about its conditions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import time_machine
from sqlalchemy import select

from tests.cast import World
from webapp.alarms.jobs import step_conditions
from webapp.alarms.kinds import ConditionKind, register
from webapp.alarms.models import AlarmRule, Condition, MaintenanceWindow, Severity
from webapp.alarms.services import observe
from webapp.core.clock import utcnow
from webapp.core.db import commit, db, new_public_id
from webapp.core.tenancy import scope, unscoped
from webapp.mail.models import Mail
from webapp.notices.models import Notification

LEAK = register(
    ConditionKind("test_leak", "Leak", lambda detail: str(detail.get("where", ""))),
)
"""Opens after two minutes, is over after one."""


@dataclass
class Desk:
    """Time stands still here; `after` moves it."""

    world: World
    traveller: Any
    device_id: int

    def after(self, **delta: float) -> None:
        self.traveller.shift(timedelta(**delta))

    def at(self, moment: datetime) -> None:
        self.traveller.move_to(moment, tick=False)

    def see(self, is_bad: bool = True, **more: Any) -> None:
        world = self.world
        with world.portal.test_request_context(), scope(world.acme_id):
            observe(
                LEAK,
                organisation_id=world.acme_id,
                device_id=self.device_id,
                is_bad=is_bad,
                now=utcnow(),
                **more,
            )
            commit()

    def bad(self, **more: Any) -> None:
        self.see(True, **more)

    def good(self) -> None:
        self.see(False)

    def sweep(self) -> None:
        """As the worker does it: there is no request."""
        with self.world.portal.app_context(), unscoped("sweep"):
            step_conditions()

    def open(self) -> Condition:
        """One that has just opened, and of which people were told."""
        self.open_attempt()
        return self.only()

    def open_attempt(self) -> None:
        """Wrong for long enough; whether it opens is the rules' affair."""
        self.bad(severity=Severity.ALARM, detail={"where": "tank 3"})
        self.after(minutes=2)
        self.sweep()

    def all(self) -> list[Condition]:
        with self.world.portal.app_context(), unscoped("looking"):
            return list(db.session.scalars(select(Condition).order_by(Condition.id)))

    def only(self) -> Condition:
        (found,) = self.all()
        return found

    @property
    def states(self) -> list[str]:
        return [c.state for c in self.all()]

    def told(self) -> list[str]:
        """Titles in the bell of Acme's administrator."""
        with self.world.portal.app_context(), unscoped("looking"):
            wanted = select(Notification.title).order_by(Notification.id)
            mine = Notification.user_id == self.world.user_ids["admin@acme.test"]
            return list(db.session.scalars(wanted.where(mine)))

    def mails(self) -> list[tuple[str, str]]:
        with self.world.portal.app_context(), unscoped("looking"):
            rows = db.session.scalars(select(Mail).order_by(Mail.id)).all()
            return [(mail.recipient, mail.subject) for mail in rows]

    def rule(self, **values: Any) -> None:
        """For all kinds."""
        self.kind_rule("", **values)

    def kind_rule(self, kind: str, **values: Any) -> None:
        with self.world.portal.app_context(), scope(self.world.acme_id):
            db.session.add(AlarmRule(organisation_id=self.world.acme_id, kind=kind, **values))
            commit()

    def maintenance(self, begins: datetime, ends: datetime, device_id: int | None = None) -> None:
        with self.world.portal.app_context(), scope(self.world.acme_id):
            db.session.add(
                MaintenanceWindow(
                    public_id=new_public_id(),
                    organisation_id=self.world.acme_id,
                    device_id=device_id,
                    begins_at=begins,
                    ends_at=ends,
                    reason="Move",
                    by="Admin",
                )
            )
            commit()


@contextmanager
def standing_still(moment: datetime) -> Iterator[Any]:
    with time_machine.travel(moment, tick=False) as traveller:
        yield traveller
