"""The catalogue's sorts and searches have the indexes that they promise (decision 14)."""

from __future__ import annotations

import pytest
from sqlalchemy import select, text

from tests.printers.test_lists import columns, written
from webapp.core.db import db
from webapp.core.listing import Listing
from webapp.core.tenancy import unscoped
from webapp.core.web import Portal
from webapp.meters.lists.former import FORMER
from webapp.meters.lists.meters import METERS
from webapp.meters.models import Meter

pytestmark = pytest.mark.feature("P-38", "K-1")


@pytest.mark.parametrize("listing", [METERS, FORMER], ids=lambda listing: listing.name)
def test_every_sort_has_its_index(portal: Portal, listing: Listing) -> None:
    table = listing.model.__table__
    indexes = [columns(index, table) for index in table.indexes]
    for name, column in listing.sorts.items():
        wanted = ["organisation_id", written(column).replace(f"{table.name}.", ""), "id"]
        assert wanted in indexes, f"{listing.name}: {name}"


@pytest.mark.parametrize("typed", ["21N", "70B3D5E75E00A1B2", "00345678", "ACME-1"])
def test_every_search_has_its_index(ground: Portal, typed: str) -> None:
    """With sequential scans forbidden, no condition is left to be checked row by row."""
    db.session.execute(text("TRUNCATE meters CASCADE"))
    db.session.execute(text("SET LOCAL enable_seqscan = off; SET LOCAL enable_indexscan = off"))
    for search in METERS.search:
        condition = search(typed)
        if condition is None:
            continue
        with unscoped("asking the planner"):
            plan = "\n".join(
                db.session.scalars(
                    select(Meter.id).where(Meter.organisation_id == 1, condition),
                    execution_options={"outpost_explain": True},
                )
            )
        assert "Index Cond" in plan, f"{search}: {plan}"
        assert "Filter" not in plan or "organisation_id" in plan, f"{search}: {plan}"
