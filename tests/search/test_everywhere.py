"""The box on pages that belong to no organisation: one's own organisations, and for the operator all (P-34)."""

from __future__ import annotations

import pytest

from tests import make
from tests.cast import Person, World, sign_in
from tests.search.test_search import Field, field, printer
from webapp.core.db import commit, db
from webapp.core.tenancy import unscoped
from webapp.orgs.models import Membership, Organisation

__all__ = ["field"]
pytestmark = pytest.mark.feature("P-34")


def found(person: Person, typed: str, where: str = "/me") -> str:
    answer = person.get(f"{where}/search", query_string={"q": typed})
    assert answer.status_code == 200
    return answer.text.partition("<main")[2].partition("</form>")[2].partition("</main>")[0]


def joins(world: World, email: str, organisation_id: int, *roles: str) -> None:
    with world.portal.app_context(), unscoped("joining"):
        row = db.session.get_one(Organisation, organisation_id)
        make.membership(user_row(world, email), row, *roles)
        commit()


def user_row(world: World, email: str):  # type: ignore[no-untyped-def]
    from webapp.accounts.models import User

    return db.session.get_one(User, world.user_ids[email])


@pytest.mark.parametrize("page", ["/me/sessions", "/me/password", "/me/notifications"])
def test_pages_of_ones_own_have_the_box(admin: Person, page: str) -> None:
    text = admin.get(page, follow_redirects=True).text
    assert 'action="/me/search"' in text
    assert "data-search" in text


def test_pages_of_the_operator_have_theirs(operator: Person) -> None:
    assert 'action="/operator/search"' in operator.get("/operator/organisations").text
    assert 'action="/me/search"' in operator.get("/me/sessions").text


def test_who_must_choose_a_password_first_has_none(world: World, reader: Person) -> None:
    with world.portal.app_context():
        user_row(world, "reader@acme.test").must_change_password = True
        commit()
    page = reader.get("/me/first-password")
    assert page.status_code == 200
    assert "data-search" not in page.text
    assert reader.get("/me/search?q=colour").status_code == 303


def test_visitors_have_none(world: World, visitor: Person) -> None:
    assert visitor.get("/me/search?q=colour").location.startswith("/sign-in")
    assert visitor.get("/operator/search?q=colour").location.startswith("/sign-in")
    assert "data-search" not in visitor.get("/status").text


def test_all_of_ones_organisations_are_searched(field: Field, admin: Person) -> None:
    assert "Warehouse gate" in found(admin, "KMB")
    assert "Colour of Globex" not in found(admin, "colour")
    joins(field.world, "admin@acme.test", field.world.globex_id, "reader")
    admin = sign_in(field.world, "admin@acme.test")
    page = found(admin, "colour")
    assert "Colour of Globex" in page
    assert "Colour 2nd floor" in page
    assert "<small>Globex</small>" in page, "each hit names its organisation"
    assert "<small>Acme</small>" in page
    assert f'href="/o/{field.world.globex}/printers/' in page


@pytest.mark.feature("P-15")
def test_each_with_the_rights_one_has_there(field: Field) -> None:
    """Nora reads North; in Globex she has no role: its name is found, its printers and people are not."""
    joins(field.world, "nora@north.test", field.world.globex_id)
    nora = sign_in(field.world, "nora@north.test")
    assert "Warehouse gate" in found(nora, "KMB")
    assert "Colour of Globex" not in found(nora, "colour")
    assert "admin@globex.test" not in found(nora, "admin")
    assert "Globex" in found(nora, "Globex")
    assert "Colour 2nd floor" not in found(nora, "colour")


@pytest.mark.feature("P-11")
def test_more_rights_below_count_below_alone(field: Field) -> None:
    world = field.world
    with world.portal.app_context(), unscoped("a clerk"):
        clerk = make.user("clerk@acme.test", name="Clerk")
        world.user_ids["clerk@acme.test"] = clerk.id
        make.membership(clerk, db.session.get_one(Organisation, world.acme_id))
        north = db.session.query(Organisation).filter_by(public_id=field.north).one()
        make.membership(clerk, north, "reader")
        commit()
    clerk_ = sign_in(world, "clerk@acme.test")
    assert "Warehouse gate" in found(clerk_, "KMB")
    assert "Colour 2nd floor" not in found(clerk_, "XRX9C934E1")


@pytest.mark.feature("P-6")
def test_an_organisation_that_asks_a_second_step_is_left_out(field: Field, admin: Person) -> None:
    with field.world.portal.app_context():
        db.session.get_one(Organisation, field.world.acme_id).require_two_factor = True
        commit()
    assert "Colour 2nd floor" not in found(admin, "colour")


def test_a_person_without_an_organisation_finds_nothing(field: Field) -> None:
    with field.world.portal.app_context(), unscoped("leaving"):
        for row in db.session.query(Membership).filter_by(
            user_id=field.world.user_ids["reader@acme.test"]
        ):
            db.session.delete(row)
        commit()
    reader = sign_in(field.world, "reader@acme.test")
    assert "Nothing matches" in found(reader, "colour")


def test_htmx_gets_the_panel_there_too(field: Field, admin: Person) -> None:
    answer = admin.fragment("/me/search?q=XRX")
    assert answer.text.count('role="option"') == 2
    assert 'href="/me/search?q=XRX"' in answer.text


# The operator ---------------------------------------------------------------------------------------------


def test_the_operator_finds_everything_and_is_led_to_the_owner(
    field: Field, operator: Person
) -> None:
    page = found(operator, "colour", "/operator")
    assert "Colour of Globex" in page
    assert "Colour 2nd floor" in page
    assert f'href="/operator/organisations/{field.world.globex}"' in page
    assert 'href="/o/' not in page, "inside organisations the operator is a stranger"
    for typed, name in (("nora@north", "Nora Ôdegård"), ("Fjord", "Fjord"), (field.north, "North")):
        assert name in found(operator, typed, "/operator"), typed


def test_the_operators_own_pages_find_nothing_of_others(field: Field, operator: Person) -> None:
    assert "Colour" not in found(operator, "colour")


@pytest.mark.feature("P-11")
def test_nobody_else_searches_as_operator(field: Field, admin: Person) -> None:
    assert admin.get("/operator/search?q=colour").status_code == 403


def test_a_printer_of_many_is_found_in_order(field: Field, operator: Person) -> None:
    with field.world.portal.app_context():
        for n in range(12):
            printer(field.world.globex_id, f"Other {n}", f"KMB0000042{n:02}")
        commit()
    page = found(operator, "KMB0000042", "/operator")
    assert page.index("Warehouse gate") < page.index("Other 0")
    assert "There are more" in page
