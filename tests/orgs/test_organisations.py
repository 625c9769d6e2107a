"""Organisations: the list, adding, editing, moving, closing (P-10)."""

from __future__ import annotations

import pytest

from tests.cast import Person, World, sign_in
from tests.orgs.trees import (
    Tree,
    events,
    nonce_in,
    organisation,
    particulars,
    person,
    save,
    version_in,
)
from webapp.core.db import commit, db
from webapp.core.tenancy import unscoped
from webapp.orgs.models import Organisation

pytestmark = pytest.mark.feature("P-10")


def url(where: str, path: str = "") -> str:
    return f"/o/{where}/organisations{path}"


# The list


@pytest.mark.feature("P-11")
def test_the_list_shows_the_organisation_and_those_below(admin: Person, tree: Tree) -> None:
    page = admin.get(url(tree.world.acme)).text
    assert "4 organisations" in page
    for name in ("Acme", "North", "South", "Fjord"):
        assert f">{name}</a>" in page
    assert "Globex" not in page


def test_it_filters_by_organisation_parent_and_reference(admin: Person, tree: Tree) -> None:
    def names(query: str) -> set[str]:
        page = admin.get(url(tree.world.acme) + query).text
        return {n for n in ("North", "South", "Fjord") if f">{n}</a>" in page}

    assert names(f"?organisation={tree.north}&organisation={tree.south}") == {"North", "South"}
    assert names(f"?parent={tree.north}") == {"Fjord"}
    assert names("?reference=S-1") == {"South"}
    assert names("?q=fjo") == {"Fjord"}
    assert names("?q=F-7") == {"Fjord"}
    assert names("?q=NOR") == {"North"}


@pytest.mark.feature("P-11")
def test_from_below_one_sees_neither_siblings_nor_the_one_above(tree: Tree) -> None:
    person(tree.world, "nora@acme.test", (tree.north, "administrator"))
    nora = sign_in(tree.world, "nora@acme.test")
    page = nora.get(url(tree.north)).text
    assert "2 organisations" in page
    assert "South" not in page
    assert ">Acme<" not in page, "the parent's name is not hers to see"
    assert nora.get(f"/o/{tree.world.acme}/").status_code == 404
    assert nora.get(url(tree.north, f"/{tree.south}")).status_code == 404
    assert nora.get(url(tree.north, f"/{tree.world.acme}")).status_code == 404
    assert "Acme" not in nora.get(url(tree.north, f"/{tree.north}")).text


# Adding


def test_an_organisation_is_added_below(admin: Person, tree: Tree) -> None:
    form = particulars(prefix="we1", reference="W-1", parent=tree.world.acme, may_create="y")
    answer = admin.post(url(tree.world.acme, "/new"), form)
    assert answer.status_code == 303
    made = organisation(tree.world, answer.location.rsplit("/", 1)[1])
    assert (made.name, made.prefix, made.reference) == ("West", "WE1", "W-1")
    assert made.may_create
    assert made.path == f"/{tree.world.acme_id}/{made.id}/"
    assert made.public_id.startswith("ORG-")
    assert len(made.public_id) == 14
    assert "organisation:organisation:created" in events(tree.world, made.id)
    assert made.public_id in admin.get(answer.location).text


def test_a_form_sent_twice_makes_one(admin: Person, tree: Tree) -> None:
    where = url(tree.world.acme, "/new")
    form = particulars(parent=tree.world.acme, nonce=nonce_in(admin.get(where).text))
    first, second = admin.post(where, form), admin.post(where, form)
    assert first.location == second.location
    assert "5 organisations" in admin.get(url(tree.world.acme)).text


def test_the_add_button_is_absent_without_may_create(stranger: Person, world: World) -> None:
    """Globex may not; its administrator has the permission, its organisation has not."""
    assert "organisations/new" not in stranger.get(url(world.globex)).text
    for answer in (
        stranger.get(url(world.globex, "/new")),
        stranger.post(url(world.globex, "/new"), particulars(parent=world.globex)),
    ):
        assert answer.status_code == 403
        assert "may not create organisations" in answer.text


def test_a_reader_may_not_add(reader: Person, world: World) -> None:
    assert "organisations/new" not in reader.get(url(world.acme)).text
    answer = reader.post(url(world.acme, "/new"), particulars(parent=world.acme))
    assert answer.status_code == 403
    assert "Create organisations" in answer.text
    assert "admin@acme.test" in answer.text


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("name", "   ", "Enter a name"),
        ("name", "x" * 121, "120"),
        ("prefix", "A", "2 to 8 letters"),
        ("prefix", "ABCDEFGHI", "2 to 8 letters"),
        ("prefix", "Ä1", "2 to 8 letters"),
        ("prefix", "glx", "taken"),
        ("country", "XX", "Not a valid choice"),
        ("time_zone", "Europe/Atlantis", "Not a valid choice"),
        ("language", "tlh", "Not a valid choice"),
        ("parent", "ORG-UNKNOWN", "Not a valid choice"),
    ],
)
def test_bad_input_is_told_beside_the_field_and_nothing_is_lost(
    admin: Person, tree: Tree, field: str, value: str, words: str
) -> None:
    form = particulars(parent=tree.world.acme, reference="kept") | {field: value}
    answer = admin.post(url(tree.world.acme, "/new"), form)
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert words in answer.text
    assert 'value="kept"' in answer.text
    assert "4 organisations" in admin.get(url(tree.world.acme)).text


@pytest.mark.feature("P-11")
def test_nobody_adds_below_a_foreign_organisation(admin: Person, tree: Tree) -> None:
    form = particulars(parent=tree.world.globex)
    assert admin.post(url(tree.world.acme, "/new"), form).status_code == 422
    assert admin.post(url(tree.world.globex, "/new"), form).status_code == 404


# Editing


def test_particulars_are_changed(admin: Person, tree: Tree) -> None:
    where = url(tree.world.acme, f"/{tree.south}/edit")
    answer = save(
        admin, where, name="Süd", prefix="SUED", time_zone="Europe/Berlin", parent=tree.world.acme
    )
    assert answer.status_code == 303
    row = organisation(tree.world, tree.south)
    assert (row.name, row.sort_name, row.prefix) == ("Süd", "sud", "SUED")
    assert row.time_zone == "Europe/Berlin"
    assert not row.may_create, "the tick was taken out"
    assert events(tree.world, row.id) == ["organisation:organisation:changed"]


def test_the_form_shows_what_is_set(admin: Person, tree: Tree) -> None:
    page = admin.get(url(tree.world.acme, f"/{tree.south}/edit")).text
    assert 'value="South"' in page
    assert 'value="S-1"' in page
    assert f'<option selected value="{tree.world.acme}">' in page


def test_two_who_edit_at_once_are_shown_both_versions(admin: Person, tree: Tree) -> None:
    where = url(tree.world.acme, f"/{tree.south}/edit")
    stale = version_in(admin.get(where).text)
    save(admin, where, name="First", parent=tree.world.acme)
    late = particulars(name="Second", version=stale, parent=tree.world.acme)
    answer = admin.post(where, late)
    assert answer.status_code == 409
    assert "First" in answer.text
    assert "Second" in answer.text
    assert organisation(tree.world, tree.south).name == "First"


def test_nobody_lets_their_own_organisation_create(stranger: Person, world: World) -> None:
    """Not even with a form of their own making: it is set from above."""
    where = url(world.globex, f"/{world.globex}/edit")
    answer = save(stranger, where, name="Globex", prefix="GLX", may_create="y", parent=world.acme)
    assert answer.status_code == 303
    row = organisation(world, world.globex)
    assert not row.may_create
    assert row.parent_id is None


# Moving


def test_a_subtree_moves_with_all_below(admin: Person, tree: Tree) -> None:
    answer = save(
        admin, url(tree.world.acme, f"/{tree.north}/edit"), name="North", parent=tree.south
    )
    assert answer.status_code == 303
    south, north = organisation(tree.world, tree.south), organisation(tree.world, tree.north)
    fjord = organisation(tree.world, tree.fjord)
    assert north.path == f"{south.path}{north.id}/"
    assert fjord.path == f"{north.path}{fjord.id}/"
    assert "organisation:organisation:moved" in events(tree.world, north.id)


def test_a_loop_is_not_even_offered_and_refused(admin: Person, tree: Tree) -> None:
    where = url(tree.world.acme, f"/{tree.north}/edit")
    assert f'value="{tree.fjord}"' not in admin.get(where).text
    assert save(admin, where, name="North", parent=tree.fjord).status_code == 422
    assert save(admin, where, name="North", parent=tree.north).status_code == 422
    assert organisation(tree.world, tree.north).parent_id == tree.world.acme_id


@pytest.mark.feature("P-11")
def test_nothing_moves_out_of_ones_reach(admin: Person, tree: Tree) -> None:
    where = url(tree.world.acme, f"/{tree.north}/edit")
    assert save(admin, where, name="North", parent=tree.world.globex).status_code == 422
    person(tree.world, "nora@acme.test", (tree.north, "administrator"))
    nora = sign_in(tree.world, "nora@acme.test")
    own = url(tree.north, f"/{tree.north}/edit")
    assert 'name="parent"' not in nora.get(own).text
    assert save(nora, own, name="North", parent=tree.south).status_code == 303
    assert organisation(tree.world, tree.north).parent_id == tree.world.acme_id


# Closing


def test_an_organisation_is_closed_from_above_and_opened_again(admin: Person, tree: Tree) -> None:
    person(tree.world, "sven@acme.test", (tree.south, "administrator"))
    sven = sign_in(tree.world, "sven@acme.test")
    closure = url(tree.world.acme, f"/{tree.south}/closure")
    assert admin.get(closure).status_code == 200
    assert admin.post(closure).status_code == 303
    assert sven.get(f"/o/{tree.south}/").status_code == 404
    assert "South" not in admin.get(url(tree.world.acme)).text.split("<tbody>")[1]
    assert ">South</a>" in admin.get(url(tree.world.acme) + "?closed=1").text
    admin.post(url(tree.world.acme, f"/{tree.south}/reopening"))
    assert sven.get(f"/o/{tree.south}/").status_code == 200


def test_what_lies_below_is_closed_first(admin: Person, tree: Tree) -> None:
    answer = admin.post(url(tree.world.acme, f"/{tree.north}/closure"))
    assert answer.status_code == 422
    assert "Fjord" in answer.text
    assert not organisation(tree.world, tree.north).is_closed


def test_nobody_closes_the_organisation_they_stand_on(tree: Tree, admin: Person) -> None:
    assert admin.post(url(tree.world.acme, f"/{tree.world.acme}/closure")).status_code == 403
    person(tree.world, "sven@acme.test", (tree.south, "administrator"))
    sven = sign_in(tree.world, "sven@acme.test")
    assert sven.post(url(tree.south, f"/{tree.south}/closure")).status_code == 403


def test_nothing_opens_below_a_closed_one(admin: Person, tree: Tree) -> None:
    for place in (tree.fjord, tree.north):
        assert admin.post(url(tree.world.acme, f"/{place}/closure")).status_code == 303
    assert admin.post(url(tree.world.acme, f"/{tree.fjord}/reopening")).status_code in (403, 422)
    assert organisation(tree.world, tree.fjord).is_closed


def test_nothing_is_added_below_a_closed_one(admin: Person, tree: Tree) -> None:
    admin.post(url(tree.world.acme, f"/{tree.south}/closure"))
    form = particulars(parent=tree.south)
    assert admin.post(url(tree.world.acme, "/new"), form).status_code == 422


def test_ten_levels_are_fine_and_a_hundred_are_not(admin: Person, world: World) -> None:
    parent = world.acme
    for level in range(2, 13):
        form = particulars(name=f"Level {level}", parent=parent, may_create="y")
        answer = admin.post(url(world.acme, "/new"), form)
        assert answer.status_code == 303, level
        parent = answer.location.rsplit("/", 1)[1]
    answer = admin.post(url(world.acme, "/new"), particulars(parent=parent))
    assert answer.status_code == 422
    assert "12 levels" in answer.text


def test_the_list_is_a_file_too(admin: Person, tree: Tree) -> None:
    answer = admin.get(url(tree.world.acme) + "?format=csv")
    assert answer.mimetype == "text/csv"
    assert "South,S-1" in answer.text


def test_a_name_of_another_script_and_markup_is_shown_as_typed(admin: Person, tree: Tree) -> None:
    form = particulars(name="<b>Łódź</b> & Söhne", parent=tree.world.acme)
    page = admin.get(admin.post(url(tree.world.acme, "/new"), form).location).text
    assert "&lt;b&gt;Łódź&lt;/b&gt; &amp; Söhne" in page
    assert "<b>Łódź" not in page


def test_the_world_has_no_organisation_left_behind(world: World) -> None:
    """Closed organisations keep their rows: nothing cascades."""
    with world.portal.app_context(), unscoped("looking"):
        row = db.session.get_one(Organisation, world.acme_id)
        row.closed_at = row.created_at
        commit()
    assert sign_in(world, "admin@acme.test").get(f"/o/{world.acme}/").status_code == 404
