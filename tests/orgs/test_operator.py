"""The operator area: all organisations, a new one with its first administrator (P-36)."""

from __future__ import annotations

import pytest

from tests.cast import Person, World, sign_in
from tests.orgs.trees import Tree, events, mails, membership, organisation, particulars, user
from webapp.core.web import Portal

pytestmark = pytest.mark.feature("P-36")

ALL = "/operator/organisations"


def company(**more: str) -> dict[str, str]:
    plain = particulars(name="Initech", prefix="INI", may_create="y")
    person = {"person": "Ines Initech", "email": "ines@initech.test", "username": "ines"}
    return {**plain, **person, **more}


def test_all_organisations_are_listed(operator: Person, tree: Tree) -> None:
    page = operator.get(ALL).text
    for name in ("Acme", "Fjord", "Globex", "Outpost"):
        assert f">{name}</a>" in page
    roots = operator.get(f"{ALL}?roots=1&kind=company").text.split("<tbody>")[1]
    assert "Globex" in roots
    assert "Fjord" not in roots


def test_the_overview_counts(operator: Person, tree: Tree) -> None:
    page = operator.get("/operator/")
    assert page.status_code == 200
    assert "active accounts" in page.text


def test_one_shows_its_facts_and_administrators(operator: Person, world: World) -> None:
    page = operator.get(f"{ALL}/{world.acme}").text
    assert world.acme in page
    assert "admin@acme.test" in page


@pytest.mark.parametrize("path", ["/operator/", ALL, f"{ALL}/new"])
def test_it_is_for_operators_alone(admin: Person, visitor: Person, world: World, path: str) -> None:
    assert admin.get(path).status_code == 403
    assert visitor.get(path).location.startswith("/sign-in")


def test_only_operators_have_its_menu(admin: Person, operator: Person, world: World) -> None:
    assert 'href="/operator/"' not in admin.get(f"/o/{world.acme}/").text
    assert 'href="/operator/organisations"' in operator.get("/operator/").text


@pytest.mark.feature("P-10", "P-13")
def test_a_company_begins_with_its_administrator(operator: Person, world: World) -> None:
    answer = operator.post(f"{ALL}/new", company())
    assert answer.status_code == 303
    made = organisation(world, answer.location.rsplit("/", 1)[1])
    assert (made.parent_id, made.may_create, made.path) == (None, True, f"/{made.id}/")
    found = membership(world, "ines@initech.test", made.id)
    assert found is not None
    assert found.roles == ["administrator"]
    assert [m.recipient for m in mails(world, "first_password")] == ["ines@initech.test"]
    assert user(world, "ines@initech.test").must_change_password
    assert "organisation:user:created" in events(world, made.id)


def test_somebody_with_an_account_is_added_with_it(operator: Person, world: World) -> None:
    answer = operator.post(f"{ALL}/new", company(email="admin@globex.test"))
    made = answer.location.rsplit("/", 1)[1]
    assert sign_in(world, "admin@globex.test").get(f"/o/{made}/users").status_code == 200
    assert mails(world, "first_password") == []


@pytest.mark.parametrize(
    ("field", "value"),
    [("name", ""), ("prefix", "GLX"), ("email", "ines"), ("username", "i@n"), ("person", " ")],
)
def test_bad_input_makes_nothing(operator: Person, world: World, field: str, value: str) -> None:
    answer = operator.post(f"{ALL}/new", company(**{field: value}))
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert "Initech" not in operator.get(ALL).text
    assert mails(world) == []


def test_a_company_is_closed_and_opened_again(
    operator: Person, stranger: Person, world: World
) -> None:
    assert operator.get(f"{ALL}/{world.globex}/closure").status_code == 200
    assert operator.post(f"{ALL}/{world.globex}/closure").status_code == 303
    assert stranger.get(f"/o/{world.globex}/").status_code == 404
    assert operator.post(f"{ALL}/{world.globex}/reopening").status_code == 303
    assert stranger.get(f"/o/{world.globex}/").status_code == 200
    assert operator.get(f"{ALL}/ORG-UNKNOWN").status_code == 404


# The command line


def run(portal: Portal, *argv: str) -> object:
    return portal.test_cli_runner().invoke(args=["users", "create-operator", *argv])


@pytest.mark.feature("P-3")
def test_the_first_operator_is_made_on_the_command_line(world: World) -> None:
    said = run(world.portal, "olga@outpost.test")
    assert said.exit_code == 0, said.output
    password = said.output.split("first password")[1].strip()
    visitor = Person(world, None, world.portal.test_client())
    answer = visitor.post("/sign-in", {"name": "olga@outpost.test", "password": password})
    assert answer.status_code == 303
    assert visitor.get("/operator/").location == "/me/first-password"
    assert user(world, "olga@outpost.test").is_operator


def test_a_second_one_with_the_same_address_is_refused(world: World) -> None:
    said = run(world.portal, "admin@acme.test")
    assert said.exit_code == 1
    assert "has an account already" in said.stderr
    assert not user(world, "admin@acme.test").is_operator


def test_an_operator_is_made_in_an_empty_portal(portal: Portal) -> None:
    said = run(portal, "first@outpost.test")
    assert said.exit_code == 0, said.output
    assert run(portal, "not an address").exit_code == 1
    again = run(portal, "first@other.test")
    assert "first2" in again.output, "the user name was taken"
