"""Rate budgets: bursts, growing back, refusals counted, many at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select

from tests.api.programs import MakeProgram, make_program
from tests.cast import World
from tests.printers.conftest import Field, acme
from webapp.core import budgets
from webapp.core.budgets import Budget, BudgetKind, RateBudget, RateLevel, RateRefusal, spend
from webapp.core.clock import utcnow
from webapp.core.db import commit, db
from webapp.core.errors import TooMany
from webapp.core.tenancy import unscoped
from webapp.core.web import Portal

__all__ = ["acme", "make_program"]

pytestmark = pytest.mark.feature("P-45")

NOON = "2026-03-02T12:00:00Z"


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three at once and one a second, for every kind; the organisation twice that."""
    few = {kind: Budget(per_minute=60, burst=3) for kind in BudgetKind}
    few[BudgetKind.ORGANISATION] = Budget(per_minute=120, burst=6)
    monkeypatch.setattr(budgets, "DEFAULTS", few)


def refusals() -> dict[tuple[str, int], int]:
    with unscoped("a test looks"):
        rows = db.session.scalars(
            select(RateRefusal), execution_options={"populate_existing": True}
        )
        return {(row.kind, row.subject_id): row.count for row in rows}


def spend_all(kind: BudgetKind, subject: int, org: int, times: int) -> int:
    """How many of them were let through."""
    passed = 0
    for _ in range(times):
        try:
            spend(kind, subject, organisation_id=org)
            passed += 1
        except TooMany:
            pass
    return passed


@pytest.mark.usefixtures("small")
def test_a_burst_passes_then_one_waits_and_it_grows_back(ground: Portal, world: World) -> None:
    with time_machine.travel(NOON, tick=False) as traveller:
        assert spend_all(BudgetKind.TOKEN, 7, world.acme_id, 5) == 3
        with pytest.raises(TooMany) as refused:
            spend(BudgetKind.TOKEN, 7, organisation_id=world.acme_id)
        assert refused.value.wait_seconds == 1
        traveller.shift(timedelta(seconds=2))
        assert spend_all(BudgetKind.TOKEN, 7, world.acme_id, 5) == 2
        traveller.shift(timedelta(hours=1))
        assert spend_all(BudgetKind.TOKEN, 7, world.acme_id, 5) == 3


@pytest.mark.usefixtures("small")
def test_an_organisations_budget_is_shared_and_no_others(ground: Portal, world: World) -> None:
    with time_machine.travel(NOON, tick=False):
        passed = [spend_all(BudgetKind.TOKEN, token, world.acme_id, 3) for token in (1, 2, 3)]
        assert passed == [3, 3, 0]
        assert spend_all(BudgetKind.DEVICE, 9, world.globex_id, 3) == 3


@pytest.mark.usefixtures("small")
def test_refusals_are_counted_by_the_hour(ground: Portal, world: World) -> None:
    with time_machine.travel(NOON, tick=False):
        spend_all(BudgetKind.TOKEN, 7, world.acme_id, 8)
    assert refusals() == {("token", 7): 5}


@pytest.mark.usefixtures("small")
def test_a_refused_token_takes_nothing_from_its_organisation(ground: Portal, world: World) -> None:
    with time_machine.travel(NOON, tick=False):
        spend_all(BudgetKind.TOKEN, 1, world.acme_id, 50)
        assert spend_all(BudgetKind.TOKEN, 2, world.acme_id, 3) == 3


@pytest.mark.usefixtures("small")
def test_the_operator_may_give_more(ground: Portal, world: World) -> None:
    with unscoped("the operator's"):
        own = RateBudget(organisation_id=world.acme_id, kind="token", per_minute=60, burst=5)
        db.session.add(own)
        commit()
    with time_machine.travel(NOON, tick=False):
        assert spend_all(BudgetKind.TOKEN, 7, world.acme_id, 9) == 5


@pytest.mark.usefixtures("small")
def test_many_at_once_get_no_more_than_the_burst(portal: Portal, world: World) -> None:
    def one(_number: int) -> int:
        with portal.app_context():
            return spend_all(BudgetKind.TOKEN, 7, world.acme_id, 1)

    with time_machine.travel(NOON, tick=False), ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(one, range(24))) == 3


def test_old_levels_and_refusals_go(ground: Portal, world: World) -> None:
    with time_machine.travel(utcnow() - timedelta(days=31), tick=False):
        spend_all(BudgetKind.DEVICE, 1, world.acme_id, 200)
    with unscoped("the sweep"):
        budgets.forget_old()
        assert refusals() == {}
        assert db.session.scalars(select(RateLevel)).all() == []


@pytest.mark.usefixtures("small")
def test_a_program_is_told_its_budget_and_when_to_come_back(make_program: MakeProgram) -> None:
    program = make_program()
    with time_machine.travel(utcnow(), tick=False):
        first = program.get("/organisation")
        assert first.headers["RateLimit-Policy"] == '"token";q=3;w=3, "organisation";q=6;w=3'
        assert first.headers["RateLimit"].startswith('"token";r=2;t=1')
        program.get("/organisation")
        program.get("/organisation")
        refused = program.get("/organisation")
    assert refused.status_code == 429
    assert refused.headers["Retry-After"] == "1"
    assert refused.json
    assert refused.json["code"] == "too_many"


@pytest.mark.usefixtures("small")
def test_a_device_is_told_when_to_come_back(acme: Field) -> None:
    with time_machine.travel(utcnow(), tick=False):
        statuses = [acme.launch().status_code for _ in range(4)]
        refused = acme.launch()
    assert statuses == [201, 201, 201, 429]
    assert refused.headers["Retry-After"] == "1"
    with acme.world.portal.app_context():
        assert list(refusals().values()) == [2]


def test_a_clock_that_was_set_back_holds_nobody_up(ground: Portal, world: World) -> None:
    with time_machine.travel(utcnow() + timedelta(days=30), tick=False):
        spend(BudgetKind.TOKEN, 1, organisation_id=world.acme_id)
    spend(BudgetKind.TOKEN, 1, organisation_id=world.acme_id)
