"""Acme's device, at noon of a Thursday in winter."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from tests.alarms.desk import Desk, standing_still
from tests.cast import World
from webapp.core.clock import utcnow
from webapp.core.db import commit
from webapp.core.tenancy import scope
from webapp.printers.services import add_printer

NOON = datetime(2030, 1, 10, 11, tzinfo=UTC)


@pytest.fixture
def desk(world: World) -> Iterator[Desk]:
    """Asked for before `admin` and others who sign in, so that their sessions begin at its time."""
    with standing_still(NOON) as traveller:
        with world.portal.app_context(), scope(world.acme_id):
            printer = add_printer(
                "Colour 2nd floor",
                organisation_id=world.acme_id,
                button=None,
                serial="XRX9C934E1",
                now=utcnow(),
            )
            commit()
            number = printer.id
        yield Desk(world, traveller, number)
