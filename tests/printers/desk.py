"""What the tests of the administrator's screens share: addresses, stored rows, requests to work on."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

from sqlalchemy import select

from tests.cast import World
from tests.printers.conftest import Field
from webapp.core.db import commit, db
from webapp.core.tenancy import unscoped
from webapp.printers.models import PanicReason, PanicRequest


def base(world: World) -> str:
    return f"/o/{world.acme}/printers"


def rows(world: World, statement: Any) -> list[Any]:
    with world.portal.app_context(), unscoped("looking at what was stored"):
        return list(db.session.scalars(statement).all())


def one(world: World, statement: Any) -> Any:
    (found,) = rows(world, statement)
    return found


def change(world: World, statement: Any, **values: Any) -> None:
    with world.portal.app_context(), unscoped("changing a row of a test"):
        row = db.session.scalars(statement).one()
        for name, value in values.items():
            setattr(row, name, value)
        commit()


def call_for_help(acme: Field, **message: Any) -> PanicRequest:
    """Somebody presses the button and fills in the three pages; the request."""
    words = message.pop("message", "It squeaks.")
    path = acme.open(**message)
    client = acme.client
    client.post(f"{path}/who", data={"email": message.get("badge_email", "anna@acme.test")})
    reasons = rows(acme.world, select(PanicReason.public_id).order_by(PanicReason.position))
    client.post(f"{path}/reasons", data={"reason": reasons[:2], "go": "next"})
    sent = client.post(f"{path}/message", data={"message": words, "go": "send"})
    assert sent.status_code == 303, sent.text
    return rows(acme.world, select(PanicRequest).order_by(PanicRequest.id))[-1]  # type: ignore[no-any-return]


def text_of(html: str) -> str:
    """What a reader sees: tags away, blanks folded."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def hidden(html: str, name: str) -> str:
    """The value of a hidden field."""
    found = re.search(rf'name="{name}"[^>]*value="([^"]*)"', html) or re.search(
        rf'value="([^"]*)"[^>]*name="{name}"', html
    )
    assert found, name
    return unescape(found.group(1))
