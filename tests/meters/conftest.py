"""Acme deals with Globex."""

from __future__ import annotations

import pytest

from tests.cast import World
from tests.meters.dealing import Dealings


@pytest.fixture
def deal(world: World) -> Dealings:
    made = Dealings(world)
    made.make_partners()
    return made
