"""Accepting an invitation: by a new person, by one with an account, once, by one alone (P-16)."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from tests.cast import Person, World, sign_in
from tests.orgs.guests import accept, change, invitation, invite, link_of, mailed_link
from tests.orgs.trees import Tree, events, membership, organisation, person, user
from webapp.accounts import passwords
from webapp.accounts.models import User
from webapp.core.clock import utcnow
from webapp.core.db import commit, db
from webapp.core.tenancy import unscoped
from webapp.orgs.models import Membership, Organisation

pytestmark = pytest.mark.feature("P-16")


def nobody(world: World) -> Person:
    return Person(world, None, world.portal.test_client())


def test_looking_never_uses_the_link(admin: Person, visitor: Person, world: World) -> None:
    link = link_of(admin, invite(admin))
    for _ in range(3):
        page = visitor.get(link)
        assert page.status_code == 200
        assert "Admin invites you to Acme. Your rights there: Reader." in page.text
    assert invitation(world).state == "sent"


def test_a_new_person_accepts_and_is_signed_in(admin: Person, world: World) -> None:
    admin.post(f"{invite(admin)}/sendings")
    nora = nobody(world)
    answer = accept(nora, mailed_link(world))
    assert (answer.status_code, answer.location) == (303, f"/o/{world.acme}/")
    assert "Welcome to Acme." in nora.get(answer.location).text
    made = user(world, "nora@new.test")
    assert (made.username, made.name, made.language) == ("nora.neu", "Nora Neu", "sv")
    assert not made.must_change_password
    found = membership(world, "nora@new.test", world.acme_id)
    assert found is not None
    assert (found.roles, found.grants) == (["reader"], [])
    row = invitation(world)
    assert (row.state, row.accepted_user_id, row.token_digest) == ("accepted", made.id, None)
    assert "organisation:invitation:accepted" in events(world, world.acme_id)


@pytest.mark.feature("P-3")
def test_the_chosen_password_opens_the_account(admin: Person, visitor: Person) -> None:
    accept(visitor, link_of(admin, invite(admin)))
    with visitor.world.portal.app_context():
        stored = user(visitor.world, "nora@new.test").password_hash
        assert passwords.verify(stored, "Correct-Horse-9-Battery")


def test_without_an_address_the_person_enters_their_own(
    admin: Person, visitor: Person, world: World
) -> None:
    link = link_of(admin, invite(admin, email=""))
    assert accept(visitor, link).status_code == 422
    assert accept(visitor, link, email="mine@new.test").status_code == 303
    assert membership(world, "mine@new.test", world.acme_id) is not None


def test_a_named_address_can_not_be_replaced(admin: Person, visitor: Person, world: World) -> None:
    accept(visitor, link_of(admin, invite(admin)), email="mallory@evil.test")
    assert membership(world, "nora@new.test", world.acme_id) is not None
    assert count(world, User, User.email == "mallory@evil.test") == 0


def count(world: World, model: type, *where: object) -> int:
    with world.portal.app_context(), unscoped("counting"):
        return db.session.scalar(select(func.count()).select_from(model).where(*where)) or 0  # type: ignore[arg-type]


def test_the_rights_are_those_of_the_moment(admin: Person, visitor: Person, world: World) -> None:
    link = link_of(admin, invite(admin))
    change(world, lambda row: setattr(row, "roles", ["printer_admin"]))
    accept(visitor, link)
    found = membership(world, "nora@new.test", world.acme_id)
    assert found is not None
    assert found.roles == ["printer_admin"]


def test_somebody_with_an_account_signs_in_and_accepts(admin: Person, world: World) -> None:
    page = invite(admin, email="ADMIN@globex.test", roles=["printer_admin"])
    link = link_of(admin, page)
    gustav = nobody(world)
    shown = gustav.get(link).text
    assert "You have an account already" in shown
    assert 'name="username"' not in shown
    to_sign_in = gustav.get(f"{link}/join")
    assert to_sign_in.location == f"/sign-in?next={link}/join"
    gustav = sign_in(world, "admin@globex.test")
    assert gustav.get(link).location == f"{link}/join"
    assert "Accept" in gustav.get(f"{link}/join").text
    assert membership(world, "admin@globex.test", world.acme_id) is None
    assert gustav.post(f"{link}/join").location == f"/o/{world.acme}/"
    found = membership(world, "admin@globex.test", world.acme_id)
    assert found is not None
    assert found.roles == ["printer_admin"]
    assert gustav.post(f"{link}/join").status_code == 410


def test_it_is_for_nobody_but_the_person_it_names(
    admin: Person, stranger: Person, world: World
) -> None:
    link = link_of(admin, invite(admin))
    page = stranger.get(f"{link}/join").text
    assert "nora@new.test" in page
    assert "admin@globex.test" in page
    assert stranger.post(f"{link}/join").status_code == 422
    assert membership(world, "admin@globex.test", world.acme_id) is None
    assert invitation(world).state == "sent"


def test_who_belongs_already_is_told_so(admin: Person, reader: Person, world: World) -> None:
    link = link_of(admin, invite(admin, email="", roles=["administrator"]))
    assert "You belong to Acme already" in reader.get(f"{link}/join").text
    assert reader.post(f"{link}/join").status_code == 422
    found = membership(world, "reader@acme.test", world.acme_id)
    assert found is not None
    assert found.roles == ["reader"]
    assert invitation(world).state == "sent"


def test_a_taken_address_leads_to_the_sign_in(admin: Person, visitor: Person, world: World) -> None:
    link = link_of(admin, invite(admin, email=""))
    answer = accept(visitor, link, email="reader@acme.test")
    assert answer.status_code == 422
    assert "has an account already" in answer.text
    assert f"{link}/join" in answer.text
    assert invitation(world).state == "sent"


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"username": "reader.acme.test"}, "taken"),
        ({"username": "a@b"}, "no @"),
        ({"password": "short", "again": "short"}, "Still missing"),
        ({"again": "Different-Horse-9-Battery"}, "differ"),
        ({"name": " "}, "Enter your name"),
        ({"language": "tlh"}, "Not a valid choice"),
        ({"password": "NORA@new.test-1", "again": "NORA@new.test-1"}, "must not be"),
    ],
)
def test_bad_input_is_named_and_the_link_stays(
    admin: Person, visitor: Person, world: World, wrong: dict[str, str], words: str
) -> None:
    link = link_of(admin, invite(admin))
    answer = accept(visitor, link, **wrong)
    assert answer.status_code == 422
    assert words in answer.text
    assert "Correct-Horse" not in answer.text
    assert count(world, User, User.email == "nora@new.test") == 0
    assert accept(visitor, link).status_code == 303


def _used(world: World, link: str) -> None:
    assert accept(nobody(world), link).status_code == 303


def _too_old(world: World, link: str) -> None:
    change(world, lambda row: setattr(row, "expires_at", utcnow() - timedelta(seconds=1)))


def _closed(world: World, link: str) -> None:
    with world.portal.app_context(), unscoped("closing"):
        acme = db.session.scalars(
            select(Organisation).where(Organisation.id == world.acme_id)
        ).one()
        acme.closed_at = utcnow()
        commit()


def _inviter_gone(world: World, link: str) -> None:
    with world.portal.app_context():
        row = db.session.scalars(select(User).where(User.email == "admin@acme.test")).one()
        row.deactivated_at = utcnow()
        commit()


def _inviter_demoted(world: World, link: str) -> None:
    with world.portal.app_context(), unscoped("demoting"):
        row = db.session.scalars(
            select(Membership).join(User).where(User.email == "admin@acme.test")
        ).one()
        row.roles = ["reader"]
        commit()


@pytest.mark.parametrize("end", [_used, _too_old, _closed, _inviter_gone, _inviter_demoted])
def test_a_dead_link_says_the_same_whatever_killed_it(
    admin: Person, visitor: Person, world: World, end: Callable[[World, str], None]
) -> None:
    link = link_of(admin, invite(admin))
    end(world, link)
    unknown = visitor.get("/invitation/unknown")
    for answer in (visitor.get(link), accept(visitor, link), unknown):
        assert answer.status_code == 410
        assert "This invitation can&#39;t be used" in answer.text
    assert said(visitor.get(link).text) == said(unknown.text)
    reader = sign_in(world, "admin@globex.test")
    assert reader.post(f"{link}/join").status_code == 410


def said(page: str) -> str:
    return page.partition("<h1>")[2].partition("</main>")[0]


def test_of_two_who_accept_at_once_one_wins(admin: Person, world: World) -> None:
    link = link_of(admin, invite(admin, email=""))

    def one(number: int) -> int:
        more = {"username": f"nora{number}", "email": f"nora{number}@new.test"}
        return accept(nobody(world), link, **more).status_code

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(one, range(4))) == [303, 410, 410, 410]
    assert count(world, User, User.email.like("%@new.test")) == 1


def test_many_guessed_links_are_not_answered(visitor: Person) -> None:
    for number in range(30):
        assert visitor.get(f"/invitation/guess-{number}").status_code == 410
    answer = visitor.get("/invitation/guess-30")
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0


def test_a_link_is_no_oracle_of_addresses(admin: Person, visitor: Person) -> None:
    link = link_of(admin, invite(admin, email=""))
    for _ in range(30):
        assert accept(visitor, link, email="reader@acme.test").status_code == 422
    assert accept(visitor, link, email="reader@acme.test").status_code == 429


@pytest.mark.feature("P-15")
def test_the_membership_is_where_the_invitation_says(
    admin: Person, visitor: Person, tree: Tree
) -> None:
    page = invite(admin, organisation=tree.fjord)
    answer = accept(visitor, link_of(admin, page))
    assert answer.location == f"/o/{tree.fjord}/"
    assert membership(tree.world, "nora@new.test", organisation(tree.world, tree.fjord).id)
    assert membership(tree.world, "nora@new.test", tree.world.acme_id) is None
    assert visitor.get(f"/o/{tree.world.acme}/").status_code == 404


@pytest.mark.feature("P-6")
def test_where_a_second_step_is_asked_it_is_set_up_first(
    admin: Person, visitor: Person, world: World
) -> None:
    link = link_of(admin, invite(admin))
    with world.portal.app_context():
        acme = db.session.scalars(
            select(Organisation).where(Organisation.id == world.acme_id)
        ).one()
        acme.require_two_factor = True
        commit()
    answer = accept(visitor, link)
    assert visitor.get(answer.location).location.startswith("/me/two-factor")


def test_a_second_membership_leaves_the_first(admin: Person, world: World) -> None:
    person(world, "both@globex.test", (world.globex, "reader"))
    link = link_of(admin, invite(admin, email="both@globex.test"))
    both = sign_in(world, "both@globex.test")
    assert both.post(f"{link}/join").status_code == 303
    assert membership(world, "both@globex.test", world.globex_id) is not None
    assert membership(world, "both@globex.test", world.acme_id) is not None
