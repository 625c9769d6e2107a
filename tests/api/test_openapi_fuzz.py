"""The whole document, fuzzed: what it promises is kept, whatever is sent (Q-14).

No 5xx, documented statuses and media types, answers of the described shape, what fits is taken and what doesn't
is refused, and nothing without its credential.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis.checks import load_all_checks
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi.checks import positive_data_acceptance

from tests.api.programs import Program
from tests.meters.test_downloads import stock
from tests.printers.agent.test_portal_side import Agent
from tests.printers.conftest import Field
from tests.printers.test_api import only_request, press
from webapp.core import budgets
from webapp.core.budgets import Budget, BudgetKind
from webapp.core.throttle import Limit
from webapp.meters import claims

pytestmark = [pytest.mark.feature("Q-14", "P-32"), pytest.mark.filterwarnings("ignore")]

EXAMPLES = 12
CONFIG = SchemathesisConfig.from_dict(
    {"generation": {"with-security-parameters": False, "allow-x00": False}}
)


@dataclass
class Prey:
    """The application as it is fuzzed: its document, credentials by scheme, ids that exist."""

    schema: Any
    credentials: dict[str, str]
    ids: dict[str, str]


@pytest.fixture
def prey(acme: Field, program: Program, monkeypatch: pytest.MonkeyPatch) -> Prey:
    plenty = dict.fromkeys(BudgetKind, Budget(per_minute=10**6, burst=10**6))
    monkeypatch.setattr(budgets, "DEFAULTS", plenty)
    for name in ("BY_USER", "BY_ADDRESS", "BY_DEVICE"):
        monkeypatch.setattr(claims, name, Limit("fuzz", tries=10**6, window_seconds=60))
    press(acme)
    site, next_site = Agent(acme), Agent(acme)
    assert site.enrol().status_code == 201
    app = acme.world.portal
    return Prey(
        schema=schemathesis.openapi.from_wsgi("/api/openapi.json", app, config=CONFIG),
        credentials={
            "enrolment": acme.token,
            "token": program.token,
            "device": site.credential,
            "setup": next_site.token,
        },
        ids={
            "/api/v1/printers/{public_id}": acme.printer,
            "/api/v1/printer-requests/{public_id}": only_request(program)["id"],
            "/api/v1/meters/{public_id}": stock(acme.world, "W1")[0],
        },
    )


def operations(prey: Prey) -> Iterator[Any]:
    for found in prey.schema.get_all_operations():
        yield found.ok()


def make_sensible(case: Any, ids: dict[str, str]) -> None:
    """What a schema can't tell: ids and people that exist; a cursor only comes from an earlier page."""
    if case.path_parameters:
        known = next(i for path, i in ids.items() if case.path.startswith(path))
        case.path_parameters = {**case.path_parameters, "public_id": known}
    if case.query:
        case.query.pop("after", None)
        case.query.pop("public_key", None)
    if isinstance(case.body, dict) and "email" in case.body:
        case.body["email"] = "admin@acme.test"


def beyond_schemas(case: Any) -> list[Any]:
    """What no schema says may be refused, never with 5xx: whether a printer's raw answers hold together, whether a
    claim code is right, whether a site agent's token was used already."""
    body = case.body if isinstance(case.body, dict) else {}
    beyond = {"code", "install_id", "sent_at"} & set(body) or body.get("reading")
    return [positive_data_acceptance] if beyond else []


def fuzz(prey: Prey, operation: Any, *, mode: Any) -> None:
    scheme = next(iter(operation.definition.raw.get("security", [{}])[0]), None)
    headers = {"Authorization": f"Bearer {prey.credentials[scheme]}"} if scheme else {}

    @seed(20261121)
    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def run(case: Any) -> None:
        if mode.is_positive:
            make_sensible(case, prey.ids)
        case.call_and_validate(headers=headers, excluded_checks=beyond_schemas(case))

    run()


@pytest.mark.parametrize("mode", ["positive", "negative"])
def test_the_document_keeps_its_word(prey: Prey, mode: str) -> None:
    load_all_checks()
    wanted = schemathesis.GenerationMode(mode)
    fuzzed = 0
    for operation in operations(prey):
        if wanted.is_positive or {"parameters", "requestBody"} & set(operation.definition.raw):
            fuzz(prey, operation, mode=wanted)
            fuzzed += 1
    assert fuzzed >= 10
