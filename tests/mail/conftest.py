"""A real mail server on a free port, and the drain run by hand."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy import select, update

from simulators.mailbox import Mailbox
from tests.cast import World
from webapp.core import drains
from webapp.core.clock import utcnow
from webapp.core.db import commit, db
from webapp.core.tenancy import unscoped
from webapp.core.web import Portal
from webapp.mail.models import Mail
from webapp.mail.outbox import send


@pytest.fixture(scope="session")
def _mailbox() -> Iterator[Mailbox]:
    with Mailbox() as box:
        yield box


@pytest.fixture
def box(_mailbox: Mailbox, portal: Portal, monkeypatch: pytest.MonkeyPatch) -> Mailbox:
    """Empty and well-behaved; the portal's time-out is a second."""
    logging.getLogger("mail.log").setLevel(logging.WARNING)
    _mailbox.clear()
    _mailbox.behave()
    monkeypatch.setattr(portal.extensions["mail"], "port", _mailbox.smtp_port)
    shorter = replace(portal.extensions["settings"], mail_timeout_seconds=1)
    monkeypatch.setitem(portal.extensions, "settings", shorter)
    return _mailbox


class Post:
    """Writes mails of Acme, lets the drain work, reads rows. Needs an application context."""

    def __init__(self, world: World) -> None:
        self.world = world

    def write(self, to: str = "anna@acme.test", **values: str) -> str:
        """A plain mail; its public id."""
        mail = send(
            "notification",
            to=to,
            language="en",
            organisation_id=self.world.acme_id,
            values={"NAME": "Anna", "TITLE": f"For {to}", "MESSAGE": "m", **values},
        )
        commit()
        return mail.public_id

    def drain(self) -> None:
        drains.run("mail")

    def row(self, public_id: str) -> Mail:
        with unscoped("a test looks"):
            return db.session.scalars(
                select(Mail).where(Mail.public_id == public_id),
                execution_options={"populate_existing": True},
            ).one()

    def rows(self) -> list[Mail]:
        with unscoped("a test looks"):
            return list(
                db.session.scalars(
                    select(Mail).order_by(Mail.id), execution_options={"populate_existing": True}
                )
            )

    def time_passes(self) -> None:
        """The pauses and the claims of the dead are over."""
        self.change(due_at=utcnow(), claimed_until=None)

    def change(self, **values: object) -> None:
        with unscoped("a test changes rows"):
            db.session.execute(update(Mail).values(**values))
            commit()
        db.session.remove()


@pytest.fixture
def post(ground: Portal, world: World) -> Post:
    return Post(world)
