"""Every route of the application, called by those who must not get in. Generated from the URL map."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from werkzeug.routing import Rule

from tests.api.programs import MakeProgram, make_program
from tests.cast import Person, World
from webapp.accounts.access import OPERATOR, SIGNED_IN
from webapp.api.access import ApiToken
from webapp.core.access import PUBLIC, UndeclaredAccess, access_of, allow, check_declared
from webapp.core.metrics import SCRAPER
from webapp.core.web import Portal
from webapp.devices.access import Bearer
from webapp.orgs.access import MEMBER
from webapp.orgs.permissions import Permission, Role
from webapp.printers.panic.access import PathToken

__all__ = ["make_program"]

pytestmark = pytest.mark.feature("Q-20")

ANSWERS_TO_GUESSED_TOKENS = {404, 410}


def calls(portal: Portal) -> Iterator[tuple[Rule, str]]:
    for rule in portal.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield rule, method


def url_of(portal: Portal, rule: Rule, org: str) -> str:
    """A URL of the rule, with ids that could exist."""
    values = {name: _value(rule, name) for name in rule.arguments}
    if "org" in values:
        values["org"] = org
    adapter = portal.url_map.bind("localhost")
    return adapter.build(rule.endpoint, values, force_external=False)


def _value(rule: Rule, name: str) -> object:
    converter = rule._converters[name]
    items = getattr(converter, "items", None)
    if items:
        return min(items)
    return 1 if type(converter).__name__ == "IntegerConverter" else "abcdefghjkmn"


def call(person: Person, method: str, url: str) -> int:
    if method == "GET":
        return person.get(url).status_code
    return person.post(url, method=method).status_code


def test_every_route_declares_its_access(portal: Portal) -> None:
    check_declared(portal)


def test_an_undeclared_route_stops_the_start() -> None:
    app = Flask("forgetful")
    app.add_url_rule("/open", "open", lambda: "")
    with pytest.raises(UndeclaredAccess, match="/open"):
        check_declared(app)


def test_a_declared_route_does_not(portal: Portal) -> None:
    app = Flask("careful", static_folder=None)
    app.add_url_rule("/open", "open", allow(PUBLIC)(lambda: ""))
    check_declared(app)


def test_every_kind_of_access_is_tested_here(portal: Portal) -> None:
    """A new kind needs its own test below before it can be used."""
    kinds = (Permission, Bearer, ApiToken, PathToken)
    for rule, _ in calls(portal):
        access = access_of(portal, rule.endpoint)
        known = (PUBLIC, SIGNED_IN, OPERATOR, MEMBER, SCRAPER)
        assert access in known or isinstance(access, kinds), rule


def test_signed_out_visitors_are_led_to_the_sign_in(world: World, visitor: Person) -> None:
    for rule, method in calls(world.portal):
        access = access_of(world.portal, rule.endpoint)
        if access in (SIGNED_IN, OPERATOR, MEMBER) or isinstance(access, Permission):
            url = url_of(world.portal, rule, world.acme)
            answer = visitor.client.open(url, method=method)
            assert answer.status_code == 303, f"{method} {url}"
            assert answer.location.startswith("/sign-in"), f"{method} {url}"


@pytest.mark.feature("P-11")
def test_strangers_get_404_everywhere(world: World, stranger: Person) -> None:
    for rule, method in calls(world.portal):
        access = access_of(world.portal, rule.endpoint)
        if access is MEMBER or isinstance(access, Permission):
            url = url_of(world.portal, rule, world.acme)
            assert call(stranger, method, url) == 404, f"{method} {url}"


@pytest.mark.feature("P-15")
def test_members_without_the_permission_get_403(world: World, reader: Person) -> None:
    for rule, method in calls(world.portal):
        access = access_of(world.portal, rule.endpoint)
        if isinstance(access, Permission) and access not in Role.READER.permissions:
            url = url_of(world.portal, rule, world.acme)
            assert call(reader, method, url) == 403, f"{method} {url}"


def test_customers_never_see_the_operator_area(world: World, admin: Person) -> None:
    for rule, method in calls(world.portal):
        if access_of(world.portal, rule.endpoint) is OPERATOR:
            url = url_of(world.portal, rule, world.acme)
            assert call(admin, method, url) == 403, f"{method} {url}"


def test_the_operator_is_a_stranger_inside_an_organisation(world: World, operator: Person) -> None:
    for rule, method in calls(world.portal):
        access = access_of(world.portal, rule.endpoint)
        if access is MEMBER or isinstance(access, Permission):
            url = url_of(world.portal, rule, world.acme)
            assert call(operator, method, url) == 404, f"{method} {url}"


@pytest.mark.parametrize(
    "credential",
    [
        None,
        "Bearer",
        "Bearer nonsense",
        "Basic abc",
        f"Bearer op_enrol_abcdefghjkmn_{'x' * 43}",
        f"Bearer op_till_abcdefghjkmn_{'x' * 43}",
    ],
)
def test_devices_without_a_good_credential_get_401(
    world: World, visitor: Person, credential: str | None
) -> None:
    headers = {"Authorization": credential} if credential else {}
    for rule, method in calls(world.portal):
        if isinstance(access_of(world.portal, rule.endpoint), Bearer):
            url = url_of(world.portal, rule, world.acme)
            answer = visitor.client.open(url, method=method, headers=headers, json={})
            assert answer.status_code == 401, f"{method} {url}"
            assert answer.mimetype == "application/problem+json"
            assert answer.json
            assert answer.json["code"] == "credential_invalid"


@pytest.mark.feature("P-32")
@pytest.mark.parametrize(
    "credential",
    [
        None,
        "Bearer",
        "Basic abc",
        f"Bearer op_api_abcdefghjkmn_{'x' * 43}",
        f"Bearer op_enrol_abcdefghjkmn_{'x' * 43}",
    ],
)
def test_programs_without_a_good_token_get_401(
    world: World, admin: Person, credential: str | None
) -> None:
    """A signed-in browser's cookie is no token either."""
    headers = {"Authorization": credential} if credential else {}
    for rule, method in calls(world.portal):
        if isinstance(access_of(world.portal, rule.endpoint), ApiToken):
            url = url_of(world.portal, rule, world.acme)
            answer = admin.client.open(url, method=method, headers=headers, json={})
            assert answer.status_code == 401, f"{method} {url}"
            assert answer.mimetype == "application/problem+json"


@pytest.mark.feature("P-32")
def test_tokens_without_the_permission_get_403(make_program: MakeProgram) -> None:
    for permission in Permission:
        program = make_program(permission)
        portal = program.world.portal
        for rule, method in calls(portal):
            access = access_of(portal, rule.endpoint)
            if isinstance(access, ApiToken) and access.permission is not permission:
                url = url_of(portal, rule, "")
                answer = program.call(method, url)
                assert answer.status_code == 403, f"{permission}: {method} {url}"


def test_metrics_are_for_this_machine_alone_without_a_token(
    world: World, visitor: Person
) -> None:
    for rule, method in calls(world.portal):
        if access_of(world.portal, rule.endpoint) is SCRAPER:
            url = url_of(world.portal, rule, world.acme)
            far = {"REMOTE_ADDR": "203.0.113.7"}
            answer = visitor.client.open(url, method=method, environ_base=far)
            assert answer.status_code == 403, f"{method} {url}"


def test_guessed_path_tokens_open_nothing(world: World, visitor: Person) -> None:
    for rule, method in calls(world.portal):
        if isinstance(access_of(world.portal, rule.endpoint), PathToken):
            url = url_of(world.portal, rule, world.acme)
            answer = visitor.client.open(url, method=method)
            assert answer.status_code in ANSWERS_TO_GUESSED_TOKENS, f"{method} {url}"


def test_every_form_post_needs_the_csrf_token(world: World, admin: Person) -> None:
    """Posts that carry no other proof are refused without it: 400, nothing happens."""
    for rule, method in calls(world.portal):
        access = access_of(world.portal, rule.endpoint)
        if method == "GET" or getattr(access, "carries_proof", False) or access is OPERATOR:
            continue
        url = url_of(world.portal, rule, world.acme)
        answer = admin.client.open(url, method=method)
        assert answer.status_code == 400, f"{method} {url}"
