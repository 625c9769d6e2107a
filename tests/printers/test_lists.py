"""The lists' sorts and searches have the indexes that they promise (decision 14)."""

from __future__ import annotations

import pytest
from sqlalchemy import Index, Table, select, text
from sqlalchemy.dialects import postgresql

from webapp.core.db import db
from webapp.core.listing import Listing
from webapp.core.tenancy import unscoped
from webapp.core.web import Portal
from webapp.devices.lists import ENROLMENT_TOKENS
from webapp.printers.lists.buttons import BUTTONS
from webapp.printers.lists.printers import PRINTERS
from webapp.printers.lists.requests import REQUESTS

LISTINGS = [PRINTERS, BUTTONS, REQUESTS, ENROLMENT_TOKENS]


def written(expression: object) -> str:
    """As SQL, without the table's name."""
    compiled = expression.compile(  # type: ignore[attr-defined]
        dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True}
    )
    return str(compiled).rsplit(".", 1)[-1] if "(" not in str(compiled) else str(compiled)


def columns(index: Index, table: Table) -> list[str]:
    return [written(e).replace(f"{table.name}.", "") for e in index.expressions]


@pytest.mark.feature("P-38")
@pytest.mark.parametrize("listing", LISTINGS, ids=lambda listing: listing.name)
def test_every_sort_has_its_index(portal: Portal, listing: Listing) -> None:
    table = listing.model.__table__
    indexes = [columns(index, table) for index in table.indexes]
    for name, column in listing.sorts.items():
        wanted = ["organisation_id", written(column).replace(f"{table.name}.", ""), "id"]
        assert wanted in indexes, f"{listing.name}: {name}"


@pytest.mark.feature("P-38")
@pytest.mark.parametrize(
    ("listing", "typed"),
    [(PRINTERS, "abcd-efgh"), (REQUESTS, "12"), (BUTTONS, "alliance"), (ENROLMENT_TOKENS, "apps")],
    ids=lambda value: getattr(value, "name", value),
)
def test_every_search_has_its_index(ground: Portal, listing: Listing, typed: str) -> None:
    """With sequential scans forbidden, no condition is left to be checked row by row.

    The tables are emptied first, and that is taken back with the test: what the planner remembers of other tests'
    rows must not choose for it.
    """
    db.session.execute(text(f"TRUNCATE {listing.model.__table__.name} CASCADE"))
    db.session.execute(text("SET LOCAL enable_seqscan = off; SET LOCAL enable_indexscan = off"))
    for search in listing.search:
        condition = search(typed)
        assert condition is not None
        with unscoped("asking the planner"):
            plan = "\n".join(
                db.session.scalars(
                    select(listing.key_column).where(condition),
                    execution_options={"outpost_explain": True},
                )
            )
        assert "Index Cond" in plan, f"{listing.name}, {search}: {plan}"
