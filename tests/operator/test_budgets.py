"""Rate budgets: the operator sees who was refused and may give one organisation another budget (P-45)."""

from __future__ import annotations

import pytest

from tests.api.programs import MakeProgram, make_program
from tests.cast import Person, World
from tests.operator.desk import events, the_only, version_in
from webapp.core.budgets import DEFAULTS, BudgetKind, RateBudget, spend
from webapp.core.errors import TooMany
from webapp.core.web import Portal
from webapp.orgs.permissions import Permission

__all__ = ["make_program"]

pytestmark = pytest.mark.feature("P-45", "P-36")


def url(world: World, kind: str = "") -> str:
    return f"/operator/budgets/{world.acme}" + (f"/{kind}" if kind else "")


def tight(operator: Person, kind: str = "organisation", burst: str = "2") -> None:
    page = operator.get(url(operator.world, kind)).text
    form = {"per_minute": "1", "burst": burst, "version": version_in(page)}
    answer = operator.post(url(operator.world, kind), form)
    assert answer.status_code == 303, answer.text


def spend_until_refused(world: World) -> int:
    """How many were let through."""
    with world.portal.app_context():
        for let_through in range(100):
            try:
                spend(BudgetKind.DEVICE, 7, organisation_id=world.acme_id)
            except TooMany:
                return let_through
    raise AssertionError("never refused")


def test_refusals_are_listed_with_whose_they_were(
    operator: Person, world: World, portal: Portal
) -> None:
    assert "Nobody was refused" in operator.get("/operator/budgets").text
    tight(operator)
    assert spend_until_refused(world) == 2
    page = operator.get("/operator/budgets").text
    assert ">Acme</a>" in page
    assert "1 that was refused" in page
    assert "Globex" not in page.split("<tbody>")[1]


def test_a_token_is_named(operator: Person, make_program: MakeProgram) -> None:
    program = make_program(Permission.ORGANISATION_READ)
    world = program.world
    form = {"per_minute": "1", "burst": "1", "version": ""}
    page = f"/operator/budgets/{world.acme}/token"
    assert operator.post(page, form).status_code == 303
    answers = [program.call("GET", "/api/v1/organisation").status_code for _ in range(2)]
    assert answers == [200, 429]
    listed = operator.get("/operator/budgets?kind=token").text
    assert "API token" in listed
    assert "1 that was refused" in listed


def test_a_budget_of_ones_own_counts_from_the_next_request(operator: Person, world: World) -> None:
    tight(operator, burst="3")
    assert spend_until_refused(world) == 3
    assert events(world, world.acme_id) == ["operator:budget:changed"]
    page = operator.get(url(world)).text
    assert "1 a minute, 3 at once" in page
    assert "0 of 3" in page, "the level now"


def test_going_back_to_the_default(operator: Person, world: World) -> None:
    tight(operator)
    version = str(the_only(world.portal, RateBudget).version)
    answer = operator.post(url(world, "organisation") + "/reset", {"version": version})
    assert answer.status_code == 303
    assert events(world, world.acme_id)[-1] == "operator:budget:reset"
    default = DEFAULTS[BudgetKind.ORGANISATION]
    assert f'value="{default.burst}"' in operator.get(url(world, "organisation")).text


def test_of_two_who_edit_the_second_is_told(operator: Person, world: World) -> None:
    tight(operator)
    for seen in ("", "7"):
        form = {"per_minute": "5", "burst": "5", "version": seen}
        answer = operator.post(url(world, "organisation"), form)
        assert answer.status_code == 409
        assert "meanwhile" in answer.text
    assert operator.post(url(world, "organisation") + "/reset", {"version": ""}).status_code == 409
    assert the_only(world.portal, RateBudget).burst == 2


@pytest.mark.parametrize(
    ("field", "value"),
    [("per_minute", "0"), ("per_minute", ""), ("burst", "many"), ("burst", "1000001")],
)
def test_bad_input_changes_nothing(operator: Person, world: World, field: str, value: str) -> None:
    form = {"per_minute": "5", "burst": "5", "version": "", field: value}
    answer = operator.post(url(world, "organisation"), form)
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert events(world, world.acme_id) == []


def test_what_does_not_exist_is_404(operator: Person, world: World) -> None:
    assert operator.get("/operator/budgets/ORG-NOTHING").status_code == 404
    assert operator.get(url(world, "planet")).status_code == 404
