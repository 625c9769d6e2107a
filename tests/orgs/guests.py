"""What tests of invitations share: making one by the form, its link, accepting it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from sqlalchemy import select
from werkzeug.test import TestResponse

from tests.cast import Person, World
from webapp.core.db import commit, db
from webapp.core.tenancy import unscoped
from webapp.mail.models import Mail
from webapp.mail.outbox import bodies
from webapp.orgs.models import Invitation

PASSWORD = "Correct-Horse-9-Battery"


def fields(world: World, **more: Any) -> dict[str, Any]:
    """What a browser sends for an invitation."""
    plain = {
        "name": "Nora Neu",
        "email": "nora@new.test",
        "language": "en",
        "organisation": world.acme,
        "roles": ["reader"],
    }
    return {**plain, **more}


def invite(admin: Person, **more: Any) -> str:
    """A prepared invitation; its page."""
    world = admin.world
    answer = admin.post(f"/o/{world.acme}/invitations/new", fields(world, **more))
    assert answer.status_code == 303, answer.text
    return str(answer.location)


def link_of(admin: Person, page: str) -> str:
    """A new link, as its page shows it once; the path alone."""
    answer = admin.post(f"{page}/links")
    assert answer.status_code == 200, answer.text
    found = re.search(r"http://localhost(/invitation/[\w-]+)", answer.text)
    assert found, answer.text
    return found[1]


def mailed_link(world: World) -> str:
    """From the latest invitation in the outbox, opened as the drain does."""
    with world.portal.app_context(), unscoped("looking"):
        wanted = select(Mail).where(Mail.type == "invitation").order_by(Mail.id.desc()).limit(1)
        text = bodies(db.session.scalars(wanted).one())[1]
    found = re.search(r"http://localhost(/invitation/[\w-]+)", text)
    assert found, text
    return found[1]


def accept(somebody: Person, link: str, **more: str) -> TestResponse:
    plain = {
        "name": "Nora Neu",
        "username": "nora.neu",
        "password": PASSWORD,
        "again": PASSWORD,
        "language": "sv",
    }
    return somebody.post(link, {**plain, **more})


def invitation(world: World) -> Invitation:
    """The latest."""
    with world.portal.app_context(), unscoped("looking"):
        wanted = select(Invitation).order_by(Invitation.id.desc()).limit(1)
        return db.session.scalars(wanted).one()


def change(world: World, do: Callable[[Invitation], None]) -> None:
    """To the latest, behind the application's back."""
    with world.portal.app_context(), unscoped("changing"):
        row = db.session.scalars(select(Invitation).order_by(Invitation.id.desc()).limit(1)).one()
        do(row)
        commit()
