"""The demonstration's meters: all states, warnings, batches, and the same after the second run."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from webapp.core.db import db
from webapp.core.tenancy import unscoped
from webapp.core.web import Portal
from webapp.meters.models import Batch, KeyFinding, KeyReveal, Meter, MeterKey, ProductType
from webapp.orgs.models import Organisation


def seed(portal: Portal) -> None:
    result = portal.test_cli_runner().invoke(args=["demo", "seed"])
    assert result.exit_code == 0, result.output


def everything(portal: Portal, statement: object) -> list[object]:
    with portal.app_context(), unscoped("looking at the demonstration"):
        return list(db.session.scalars(statement))  # type: ignore[call-overload]


@pytest.mark.feature("K-1", "K-3")
def test_it_shows_something_of_everything_and_twice_is_once(portal: Portal) -> None:
    """One test for all of its story: seeding takes seconds."""
    seed(portal)
    acme = (
        select(Meter.claim_state, func.count())
        .join(Organisation, Organisation.id == Meter.organisation_id)
        .where(Organisation.name == "Acme")
        .group_by(Meter.claim_state)
    )
    with portal.app_context(), unscoped("looking at the demonstration"):
        states = {row[0]: row[1] for row in db.session.execute(acme)}
    assert set(states) == {"unclaimed", "pending", "claimed"}
    assert sum(states.values()) >= 55
    assert set(everything(portal, select(Batch.state))) == {"open", "pending", "taken"}
    found = set(everything(portal, select(KeyFinding.finding)))
    assert {"zero", "derived", "shared"} <= found
    assert len(everything(portal, select(ProductType.id))) == 6
    assert len(everything(portal, select(KeyReveal.id))) == 40
    assert set(everything(portal, select(MeterKey.slot))) == {"initial", "operating"}
    before = len(everything(portal, select(Meter.id)))
    seed(portal)
    assert len(everything(portal, select(Meter.id))) == before
