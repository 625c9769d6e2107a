"""Where one lands, and which organisation one acts for."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from tests import make
from tests.cast import Person, World, sign_in
from tests.orgs.trees import Tree
from webapp.core import tiles
from webapp.core.db import commit, db
from webapp.core.tenancy import unscoped
from webapp.orgs.models import Membership, Organisation

HOME = "/"


def overview(organisation: str) -> str:
    return f"/o/{organisation}/"


@pytest.mark.feature("P-34")
def test_home_leads_to_the_only_organisation(admin: Person, world: World) -> None:
    assert admin.get(HOME).location == overview(world.acme)


@pytest.mark.feature("P-14")
def test_home_leads_to_the_organisation_last_used(world: World) -> None:
    with world.portal.app_context(), unscoped("a second membership"):
        globex = db.session.get_one(Organisation, world.globex_id)
        user = db.session.get_one(make.User, world.user_ids["admin@acme.test"])
        make.membership(user, globex, "reader")
        commit()
    person = sign_in(world, "admin@acme.test")
    assert person.get(HOME).location == overview(world.acme)
    person.get(overview(world.globex))
    assert person.get(HOME).location == overview(world.globex)


def test_an_organisation_that_one_left_is_not_home_any_more(world: World) -> None:
    with world.portal.app_context(), unscoped("a second membership"):
        user = db.session.get_one(make.User, world.user_ids["admin@acme.test"])
        left = make.membership(user, db.session.get_one(Organisation, world.globex_id), "reader")
        commit()
        left_id = left.id
    person = sign_in(world, "admin@acme.test")
    person.get(overview(world.globex))
    with world.portal.app_context(), unscoped("leaving"):
        db.session.delete(db.session.get_one(Membership, left_id))
        commit()
    assert person.get(HOME).location == overview(world.acme)


@pytest.mark.feature("P-36")
def test_an_operator_without_a_company_lands_in_the_operator_area(operator: Person) -> None:
    assert operator.get(HOME).location == "/operator/"


@pytest.fixture
def loner(world: World) -> Person:
    """Somebody with an account and nothing else."""
    with world.portal.app_context():
        world.user_ids["loner@outpost.test"] = make.user("loner@outpost.test").id
        commit()
    return sign_in(world, "loner@outpost.test")


@pytest.mark.feature("P-14", "P-34")
def test_without_a_company_home_is_ones_own_space(loner: Person) -> None:
    where = loner.get(HOME).location
    page = loner.get(where)
    assert page.status_code == 200
    assert "Create a company" in page.text
    assert "loner@outpost.test" in page.text
    assert loner.get(HOME).location == where, "it is made once"


def test_nobody_but_its_owner_gets_into_a_personal_space(loner: Person, admin: Person) -> None:
    assert admin.get(loner.get(HOME).location).status_code == 404


@pytest.mark.feature("P-14")
def test_personal_is_one_of_the_choices_and_every_page_names_the_organisation(world: World) -> None:
    with world.portal.app_context():
        from webapp.core.clock import utcnow
        from webapp.orgs.services.accounts import personal_organisation

        user = db.session.get_one(make.User, world.user_ids["admin@acme.test"])
        personal_organisation(user, now=utcnow())
        commit()
    person = sign_in(world, "admin@acme.test")
    for path in ("", "organisations", "users", "rights", "audit"):
        page = person.get(f"/o/{world.acme}/{path}").text
        assert "Acme" in page
        assert world.acme in page
        assert ">Personal</span>" in page


@pytest.mark.feature("P-14")
def test_acting_for_an_organisation_below_one_finds_the_way_back(admin: Person, tree: Tree) -> None:
    page = admin.get(overview(tree.fjord)).text
    assert f'href="{overview(tree.world.acme)}"' in page
    assert f'href="{overview(tree.fjord)}" aria-current="true"' in page


@pytest.mark.feature("P-11")
def test_a_stranger_gets_404_and_a_visitor_the_sign_in_page(
    stranger: Person, visitor: Person, world: World
) -> None:
    for path in ("", "organisations", "users", "rights", "audit"):
        url = f"/o/{world.acme}/{path}"
        assert stranger.get(url).status_code == 404
        assert visitor.get(url).location.startswith("/sign-in")


@pytest.mark.feature("P-34")
def test_tiles_show_the_numbers_of_the_trades(
    admin: Person, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def kites(organisation: Organisation) -> tiles.Tile:
        here = f"/o/{organisation.public_id}/kites"
        return tiles.Tile("Kites", "tag", here, [tiles.Number("aloft", 1234, here, "alarm")])

    monkeypatch.setattr(tiles, "_providers", {})
    tiles.register("kites", kites)
    page = admin.get(overview(world.acme)).text
    assert "Kites" in page
    assert "1,234" in page
    assert f"/o/{world.acme}/kites" in page


def test_a_tile_that_fails_leaves_the_others_whole(
    admin: Person, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_organisation: Organisation) -> tiles.Tile:
        db.session.execute(text("SELECT 1 / 0"))
        raise AssertionError("not reached")

    monkeypatch.setattr(tiles, "_providers", {})
    tiles.register("broken", broken, order=1)
    tiles.register("kites", lambda _o: tiles.Tile("Kites", "tag"), order=2)
    page = admin.get(overview(world.acme))
    assert page.status_code == 200
    assert "Kites" in page.text
    assert "Could not load" in page.text


@pytest.mark.feature("P-30")
def test_the_last_entries_of_the_log_are_shown_to_those_who_may_read_it(
    admin: Person, reader: Person, world: World
) -> None:
    assert "What happened last" in admin.get(overview(world.acme)).text
    assert "What happened last" not in reader.get(overview(world.acme)).text
