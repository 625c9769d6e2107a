"""The catalogue's pages in tests: meters in all states, and the paths."""

from __future__ import annotations

import re

from sqlalchemy import select
from werkzeug.test import TestResponse

from tests.cast import Person, World
from tests.meters import make
from webapp.core.db import commit, db
from webapp.core.tenancy import scope
from webapp.meters.models import ClaimState, Meter


def path(world: World, rest: str = "") -> str:
    return f"/o/{world.acme}/meters/{rest}"


def put(world: World, serial: str, **facts: object) -> str:
    """A meter of Acme; its public id."""
    with world.portal.app_context(), scope(world.acme_id):
        row = make.meter(world.acme_id, serial, **facts)  # type: ignore[arg-type]
        commit()
        return row.public_id


def unclaimed(world: World, serial: str) -> str:
    return put(world, serial, state=ClaimState.UNCLAIMED)


def stored(world: World, serial: str) -> Meter:
    """The row as it is now, with nothing loaded later."""
    with world.portal.app_context(), scope(world.acme_id):
        row = db.session.scalars(select(Meter).where(Meter.serial == serial)).one()
        db.session.expunge(row)
        return row


def bulk(person: Person, action: str, *rows: str, **more: str) -> TestResponse:
    return person.post(
        path(person.world, "bulk"), data={"action": action, "row": list(rows), **more}
    )


def serials(page: str) -> list[str]:
    """In the order of the table."""
    return re.findall(r'<th scope="row".*?data-copy-source>([^<]+)<', page)
