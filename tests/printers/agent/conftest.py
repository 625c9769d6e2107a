"""A live portal and a site of Acme's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.printers.agent.site import Live, Site
from tests.printers.conftest import Field, acme

__all__ = ["acme"]


@pytest.fixture
def live(acme: Field) -> Iterator[Live]:
    made = Live(acme.world.portal)
    made.start()
    yield made
    made.stop()


@pytest.fixture
def site(acme: Field, live: Live, tmp_path: Path) -> Site:
    made = Site(acme.world, live, tmp_path)
    made.enrolled_by()
    return made
