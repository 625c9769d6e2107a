"""People of the cast with passwords, and what they do at the door."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from tests.cast import Person, World
from webapp.accounts import passwords
from webapp.accounts.models import User
from webapp.audit.models import AuditRow
from webapp.core.db import commit, db
from webapp.core.tenancy import unscoped
from webapp.mail import outbox
from webapp.mail.models import Mail

PASSWORD = "Pylon-7-grazing-Otter"
OTHER_PASSWORD = "Quarry-9-humming-Wren"
ADMIN, READER, STRANGER = "admin@acme.test", "reader@acme.test", "admin@globex.test"

hashed = cache(passwords.hash_password)


@dataclass
class Door:
    """The sign-in page of one world, whoever comes and from wherever."""

    world: World

    def browser(self) -> Person:
        """One that nobody used before."""
        return Person(self.world, None, self.world.portal.test_client())

    def firefox(self) -> Person:
        """A phone's browser, by its own account."""
        person = self.browser()
        person.client.environ_base["HTTP_USER_AGENT"] = (
            "Mozilla/5.0 (Android 14; Mobile; rv:128.0) Gecko/128.0 Firefox/128.0"
        )
        return person

    def try_in(
        self,
        name: str = ADMIN,
        password: str = PASSWORD,
        *,
        browser: Person | None = None,
        address: str = "203.0.113.7",
        **more: Any,
    ) -> TestResponse:
        return (browser or self.browser()).post(
            "/sign-in",
            {"name": name, "password": password, **more},
            environ_overrides={"REMOTE_ADDR": address},
        )

    def fail(self, times: int, name: str = ADMIN, **more: Any) -> list[int]:
        return [self.try_in(name, "wrong", **more).status_code for _ in range(times)]

    def change(self, email: str, **columns: Any) -> None:
        """Set columns of a person, as an administrator or time did."""
        with self.world.portal.app_context():
            user = db.session.scalars(select(User).where(User.email == email)).one()
            for name, value in columns.items():
                setattr(user, name, value)
            commit()

    def user(self, email: str = ADMIN) -> User:
        with self.world.portal.app_context():
            return db.session.scalars(select(User).where(User.email == email)).one()

    def audit(self) -> list[AuditRow]:
        with self.world.portal.app_context(), unscoped("the test reads the log"):
            return list(db.session.scalars(select(AuditRow).order_by(AuditRow.id)))

    def mails(self, kind: str) -> list[tuple[str, str]]:
        """Recipient and text, as they leave."""
        with self.world.portal.app_context(), unscoped("the test reads the outbox"):
            rows = db.session.scalars(select(Mail).where(Mail.type == kind).order_by(Mail.id))
            return [(row.recipient, outbox.bodies(row)[1]) for row in rows]


@pytest.fixture
def door(world: World) -> Door:
    """Everybody of the cast has the same password."""
    found = Door(world)
    with world.portal.app_context():
        for user in db.session.scalars(select(User)):
            user.password_hash = hashed(PASSWORD)
        commit()
    return found
