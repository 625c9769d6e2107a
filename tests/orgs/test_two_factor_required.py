"""An organisation that asks its members for two-factor sign-in (P-6)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.accounts.phones import set_up
from tests.cast import Person, World, sign_in
from tests.orgs.trees import Tree, events, organisation, particulars, person, save
from webapp.core.db import commit, db
from webapp.core.tenancy import unscoped
from webapp.orgs.models import Organisation

pytestmark = pytest.mark.feature("P-6", "P-17")

SETUP = "/me/two-factor"


def edit(world: World) -> str:
    return f"/o/{world.acme}/organisations/{world.acme}/edit"


def require(world: World, organisation_id: int) -> None:
    with world.portal.app_context(), unscoped("an administrator asks for it"):
        db.session.get_one(Organisation, organisation_id).require_two_factor = True
        commit()


def test_an_administrator_asks_for_it_in_the_organisations_form(
    admin: Person, world: World
) -> None:
    answer = save(admin, edit(world), require_two_factor="y")
    assert answer.status_code == 303
    assert organisation(world, world.acme).require_two_factor
    assert "organisation:organisation:changed" in events(world, world.acme_id)
    set_up(admin)
    page = admin.get(f"/o/{world.acme}/organisations/{world.acme}").text
    assert "required" in page


def test_it_is_off_unless_ticked(admin: Person, world: World) -> None:
    save(admin, edit(world))
    assert not organisation(world, world.acme).require_two_factor


def test_a_reader_can_not_ask_for_it(reader: Person, world: World) -> None:
    assert reader.post(edit(world), particulars(require_two_factor="y")).status_code == 403
    assert not organisation(world, world.acme).require_two_factor


@pytest.mark.parametrize("path", ["/", "/users", "/organisations", "/rights", "/audit"])
def test_nothing_of_it_opens_without_a_phone(
    admin: Person, reader: Person, world: World, path: str
) -> None:
    require(world, world.acme_id)
    for somebody in (admin, reader):
        answer = somebody.get(f"/o/{world.acme}{path}")
        assert (answer.status_code, answer.location) == (303, SETUP)


def test_a_post_changes_nothing(admin: Person, world: World) -> None:
    require(world, world.acme_id)
    url = f"/o/{world.acme}/organisations/new"
    assert admin.post(url, particulars(name="Sneaked in")).location == SETUP
    assert "organisation:organisation:created" not in events(world, world.acme_id)


def test_a_fragment_is_told_to_load_the_page(admin: Person, world: World) -> None:
    require(world, world.acme_id)
    answer = admin.fragment(f"/o/{world.acme}/users")
    assert answer.headers["HX-Redirect"] == SETUP


def test_ones_own_pages_stay_open_and_say_who_asks(admin: Person, world: World) -> None:
    require(world, world.acme_id)
    for path in ("/me/profile", "/me/password", "/me/sessions"):
        assert admin.get(path).status_code == 200
    assert "Acme asks its members for two-factor sign-in" in admin.get(SETUP).text


def test_a_phone_opens_it(admin: Person, world: World) -> None:
    require(world, world.acme_id)
    set_up(admin)
    assert admin.get(f"/o/{world.acme}/users").status_code == 200


def test_switching_it_off_closes_it_again_and_says_so(admin: Person, world: World) -> None:
    require(world, world.acme_id)
    set_up(admin)
    assert "Acme will not open to you" in admin.get(f"{SETUP}/ending").text
    admin.post(f"{SETUP}/endings")
    assert admin.get(f"/o/{world.acme}/users").location == SETUP


def test_strangers_still_get_404(stranger: Person, world: World) -> None:
    require(world, world.acme_id)
    assert stranger.get(f"/o/{world.acme}/users").status_code == 404
    assert stranger.get(f"/o/{world.globex}/users").status_code == 200


def test_it_holds_below_for_whom_it_lets_in_from_above(tree: Tree, admin: Person) -> None:
    """Else the organisations below would be the way around it."""
    person(tree.world, "nora@acme.test", (tree.north, "administrator"))
    require(tree.world, tree.world.acme_id)
    assert admin.get(f"/o/{tree.north}/users").location == SETUP
    nora: Any = sign_in(tree.world, "nora@acme.test")
    assert nora.get(f"/o/{tree.north}/users").status_code == 200
