"""One box finds devices, people and organisations: those in reach, and nobody else's (P-34)."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tests import make
from tests.cast import Person, World, sign_in
from webapp.core.clock import utcnow
from webapp.core.db import commit, db
from webapp.core.names import sort_name
from webapp.core.tenancy import scope, unscoped
from webapp.orgs.models import Organisation
from webapp.printers.services import add_printer
from webapp.search import devices, people

pytestmark = pytest.mark.feature("P-34")


@dataclass
class Field:
    """Printers in Acme, in North and Fjord below it, and in Globex."""

    world: World
    north: str = ""
    fjord: str = ""


def printer(organisation_id: int, name: str, serial: str = "") -> None:
    with scope(organisation_id):
        add_printer(name, organisation_id=organisation_id, button=None, serial=serial, now=utcnow())
        db.session.flush()


@pytest.fixture
def field(world: World) -> Field:
    with world.portal.app_context():
        with unscoped("a tree"):
            acme = db.session.get_one(Organisation, world.acme_id)
            north = make.organisation("North", parent=acme, reference="N-77")
            fjord = make.organisation("Fjord", parent=north)
            person = make.user("nora@north.test", name="Nora Ôdegård Olsen")
            person.sort_name = sort_name(person.name)
            make.membership(person, north, "reader")
            world.user_ids["nora@north.test"] = person.id
        printer(world.acme_id, "Colour 2nd floor", "XRX9C934E1")
        printer(world.acme_id, "Café corner", "XRX1111111")
        printer(north.id, "Warehouse gate", "KMB0000042")
        printer(fjord.id, "Harbour", "KMB0000043")
        printer(world.globex_id, "Colour of Globex", "XRX9C934E2")
        commit()
        return Field(world, north.public_id, fjord.public_id)


def page(person: Person, typed: str, org: str | None = None) -> str:
    answer = person.get(f"/o/{org or person.world.acme}/search", query_string={"q": typed})
    assert answer.status_code == 200
    return answer.text.partition("<main")[2].partition("</main>")[0]


@pytest.mark.parametrize(
    "typed",
    ["XRX9C934E1", "xrx9c934e1", "XRX9", "34E1", "xrx 9c93", "Colour", "floor col", "2nd fl"],
)
def test_a_printer_is_found_by_serial_and_words(field: Field, admin: Person, typed: str) -> None:
    assert "Colour 2nd floor" in page(admin, typed)


def test_accents_need_not_be_typed(field: Field, admin: Person) -> None:
    assert "Café corner" in page(admin, "cafe")
    assert "Café corner" in page(admin, "CAFÉ")
    assert "Nora Ôdegård Olsen" in page(admin, "nora")


def test_what_is_exactly_so_stands_first(field: Field, admin: Person) -> None:
    found = page(admin, "KMB0000042")
    assert "Exactly this" in found
    assert "Harbour" not in found
    found = page(admin, "Warehouse gate")
    assert found.index("Exactly this") < found.rindex("Warehouse gate")


def test_exact_stands_before_what_only_begins_so(field: Field, admin: Person) -> None:
    with field.world.portal.app_context():
        for n in range(12):
            printer(field.world.acme_id, f"Other {n}", f"KMB0000042{n:02}")
        commit()
    found = page(admin, "KMB0000042")
    assert found.index("Warehouse gate") < found.index("Other 0")
    assert "There are more" in found


@pytest.mark.feature("P-11")
@pytest.mark.parametrize("typed", ["XRX9C934E2", "XRX9C", "34E2", "Colour of", "Globex"])
def test_strangers_things_are_never_found(field: Field, admin: Person, typed: str) -> None:
    assert "Globex" not in page(admin, typed).partition("</h1>")[2].replace(f'value="{typed}"', "")


def test_members_above_find_what_is_below(field: Field, admin: Person) -> None:
    found = page(admin, "KMB")
    assert "Warehouse gate" in found
    assert "Harbour" in found
    assert "<small>Fjord</small>" in found


@pytest.mark.feature("P-11")
def test_members_below_find_nothing_above(field: Field) -> None:
    nora = sign_in(field.world, "nora@north.test")
    assert "Harbour" in page(nora, "KMB", field.north)
    assert "XRX9C934E1" not in page(nora, "xrx9", field.north).partition("</form>")[2]
    assert "Admin" not in page(nora, "admin@acme", field.north).partition("</form>")[2]
    assert "Acme" not in page(nora, "Acme", field.north).partition("</form>")[2]


def test_many_organisations_below_are_searched_in_one_walk(
    field: Field, admin: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(devices, "FEW_ORGANISATIONS", 1)
    found = page(admin, "KMB")
    assert "Warehouse gate" in found
    assert "Harbour" in found
    assert "Globex" not in page(admin, "XRX9").partition("</form>")[2]


def test_people_are_found_by_name_and_address(field: Field, admin: Person) -> None:
    for typed in ("nora@north", "Olsen", "nora ode"):
        assert "nora@north.test" in page(admin, typed).partition("</form>")[2], typed


def test_who_may_not_see_people_and_printers_finds_none(field: Field) -> None:
    with field.world.portal.app_context(), unscoped("somebody without a role"):
        acme = db.session.get_one(Organisation, field.world.acme_id)
        make.membership(make.user("guest@acme.test"), acme)
        commit()
    guest = sign_in(field.world, "guest@acme.test")
    assert "nora@north.test" not in page(guest, "nora").partition("</form>")[2]
    assert "Colour 2nd floor" not in page(guest, "XRX9C934E1").partition("</form>")[2]
    assert "N-77" not in page(guest, "North").partition("</form>")[2]
    assert "Acme" in page(guest, "Acme").partition("</form>")[2]


def test_organisations_are_found_by_name_code_and_reference(field: Field, admin: Person) -> None:
    for typed in ("North", "N-77", field.north):
        assert f'href="/o/{field.north}/"' in page(admin, typed), typed


def test_a_closed_organisation_and_its_printers_are_not_found(field: Field, admin: Person) -> None:
    with field.world.portal.app_context(), unscoped("closing"):
        fjord = db.session.query(Organisation).filter_by(public_id=field.fjord).one()
        fjord.closed_at = utcnow()
        commit()
    assert "Harbour" not in page(admin, "KMB")
    assert "Fjord" not in page(admin, "Fjord").partition("</form>")[2]


@pytest.mark.parametrize("typed", ["%", "_", "\\", "'", "a'b:*&|!", "()", "x" * 5000, "🖨️🖨️", "  "])
def test_odd_input_finds_nothing_and_breaks_nothing(
    field: Field, admin: Person, typed: str
) -> None:
    assert "Colour 2nd floor" not in page(admin, typed)


def test_one_character_is_too_little_and_says_so(field: Field, admin: Person) -> None:
    assert "at least 2 characters" in page(admin, "X")


def test_htmx_gets_a_listbox(field: Field, admin: Person) -> None:
    answer = admin.fragment(f"/o/{field.world.acme}/search?q=XRX")
    assert 'role="listbox"' in answer.text
    assert answer.text.count('role="option"') == 2
    assert "<html" not in answer.text
    assert admin.fragment(f"/o/{field.world.acme}/search?q=").text.strip() == ""


def test_every_page_of_an_organisation_has_the_box(field: Field, admin: Person) -> None:
    text = admin.get(f"/o/{field.world.acme}/").text
    assert f'action="/o/{field.world.acme}/search"' in text


@pytest.mark.feature("P-11")
def test_people_of_large_organisations_are_found_in_reach_alone(
    field: Field, admin: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many members are asked by the indexes of names; the answers are the same."""
    monkeypatch.setattr(people, "FEW_MEMBERS", 0)
    for typed in ("nora@north", "Olsen", "nora ode", "nora.north"):
        assert "nora@north.test" in page(admin, typed).partition("</form>")[2], typed
    assert "admin@globex.test" not in page(admin, "admin").partition("</form>")[2]
    assert "admin@acme.test" in page(admin, "admin").partition("</form>")[2]


@pytest.mark.feature("P-11")
def test_words_in_many_devices_are_found_in_reach_alone(
    field: Field, admin: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(devices, "FEW_DEVICES", 0)
    assert "Colour 2nd floor" in page(admin, "floor")
    assert "Warehouse gate" in page(admin, "gate")
    assert "Colour of Globex" not in page(admin, "of col").partition("</form>")[2]
