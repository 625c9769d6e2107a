"""Partners: added by their id, blind to each other's data, removed with their history kept (P-12)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select

from tests import make
from tests.cast import Person, World, sign_in
from tests.orgs.trees import Tree, events
from webapp.core.clock import utcnow
from webapp.core.db import commit, db
from webapp.core.tenancy import scope, unscoped
from webapp.orgs.models import Organisation, OrganisationKind, Partner
from webapp.orgs.services.partners import present_partners

pytestmark = pytest.mark.feature("P-12")

UNKNOWN = "No organisation has this id."


def add(who: Person, public_id: str, org: str = "") -> tuple[int, str]:
    """Status, and where it leads or what the page says."""
    answer = who.post(f"/o/{org or who.world.acme}/partners/new", {"public_id": public_id})
    return answer.status_code, answer.location or answer.text


def partners(world: World) -> list[Partner]:
    with world.portal.app_context(), unscoped("looking"):
        return list(db.session.scalars(select(Partner).order_by(Partner.id)))


def test_a_partner_is_added_by_its_id(admin: Person, world: World) -> None:
    status, page = add(admin, f"  {world.globex.lower()} ")
    assert status == 303
    assert "Globex is a partner now." in admin.get(page).text
    row = partners(world)[0]
    assert (row.name, row.partner_public_id, row.added_by) == ("Globex", world.globex, "Admin")
    assert "organisation:partner:added" in events(world, world.acme_id)
    assert "1 partner" in admin.get(f"/o/{world.acme}/partners").text


def test_a_partner_gains_no_sight(admin: Person, stranger: Person, world: World) -> None:
    add(admin, world.globex)
    for path in ("", "organisations", "users", "partners", "audit"):
        assert stranger.get(f"/o/{world.acme}/{path}").status_code == 404
        assert admin.get(f"/o/{world.globex}/{path}").status_code == 404
    assert "Globex" not in admin.get(f"/o/{world.acme}/organisations").text
    assert "No partners yet" in stranger.get(f"/o/{world.globex}/partners").text
    assert "partner:added" not in " ".join(events(world, world.globex_id))
    assert stranger.get(partner_page(world).replace(world.acme, world.globex)).status_code == 404


def partner_page(world: World) -> str:
    return f"/o/{world.acme}/partners/{partners(world)[-1].public_id}"


def test_the_name_stays_as_it_was_known(admin: Person, world: World) -> None:
    """What becomes of the other organisation is nobody's to see."""
    add(admin, world.globex)
    with world.portal.app_context():
        other = db.session.scalars(
            select(Organisation).where(Organisation.public_id == world.globex)
        ).one()
        other.name, other.closed_at = "Globex in liquidation", utcnow()
        commit()
    page = admin.get(partner_page(world)).text
    assert "Globex" in page
    assert "liquidation" not in page


@pytest.mark.parametrize("public_id", ["ORG-ACDEFGHJKM", "x", "%", "ORG-", "'; --", "ＯＲＧ-1"])
def test_an_unknown_id_is_answered_clearly(admin: Person, public_id: str) -> None:
    status, text = add(admin, public_id)
    assert status == 422
    assert UNKNOWN in text


def test_ids_that_are_no_companies_are_unknown(admin: Person, world: World) -> None:
    """Personal spaces, the operator's and closed organisations can't be told from nothing."""
    with world.portal.app_context():
        person = make.organisation("Private", kind=OrganisationKind.OPERATOR).public_id
        closed = make.organisation("Closed", closed_at=utcnow()).public_id
        commit()
    answers = [add(admin, each) for each in (person, closed, "ORG-ACDEFGHJKM")]
    assert [status for status, _text in answers] == [422, 422, 422]
    assert all(UNKNOWN in text and "Closed" not in text for _status, text in answers)


def test_one_s_own_line_needs_no_partner(admin: Person, tree: Tree) -> None:
    assert "your own organisation&#39;s id" in add(admin, tree.world.acme)[1]
    assert "your own tree" in add(admin, tree.fjord)[1]
    assert "your own tree" in add(admin, tree.world.acme, tree.fjord)[1]
    assert partners(tree.world) == []


def test_a_branch_that_one_does_not_see_can_be_a_partner(admin: Person, tree: Tree) -> None:
    assert add(admin, tree.fjord, tree.south)[0] == 303


def test_twice_is_refused(admin: Person, world: World) -> None:
    add(admin, world.globex)
    status, text = add(admin, world.globex)
    assert (status, "Globex is a partner already." in text) == (422, True)


def test_twice_at_once_makes_one(world: World) -> None:
    def one(_number: int) -> int:
        return add(sign_in(world, "admin@acme.test"), world.globex)[0]

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(one, range(4))) == [303, 422, 422, 422]
    assert len(partners(world)) == 1


def test_removing_keeps_the_history_and_it_can_be_added_again(admin: Person, world: World) -> None:
    add(admin, world.globex)
    page, here = partner_page(world), f"/o/{world.acme}/partners"
    assert "Remove the partner Globex?" in admin.get(f"{page}/removal").text
    assert admin.post(f"{page}/removal").location == here
    assert admin.post(f"{page}/removal").location == here
    assert "No partners yet" in admin.get(here).text or "0 partners" in admin.get(here).text
    assert "Globex" in admin.get(f"{here}?removed=1").text
    assert "Removed" in admin.get(page).text
    assert events(world, world.acme_id).count("organisation:partner:removed") == 1
    assert add(admin, world.globex)[0] == 303
    assert len(partners(world)) == 2
    with world.portal.app_context(), scope(world.acme_id):
        assert [p.name for p in db.session.scalars(present_partners())] == ["Globex"]


def test_look_ups_are_throttled(admin: Person) -> None:
    for _ in range(30):
        assert add(admin, "ORG-ACDEFGHJKM")[0] == 422
    assert add(admin, "ORG-ACDEFGHJKM")[0] == 429
    assert add(admin, admin.world.globex)[0] == 429


@pytest.mark.feature("P-15")
def test_adding_is_a_permission_of_its_own(admin: Person, reader: Person, world: World) -> None:
    add(admin, world.globex)
    assert reader.get(f"/o/{world.acme}/partners").status_code == 200
    assert "Add partner" not in reader.get(f"/o/{world.acme}/partners").text
    assert add(reader, world.globex)[0] == 403
    assert reader.post(f"{partner_page(world)}/removal").status_code == 403
