"""Who may do what and why; asking for what is missing (P-15)."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine

from tests.cast import Person, World, sign_in
from tests.orgs.trees import Tree, events, mails, person
from webapp.core.clock import utcnow
from webapp.orgs.permissions import Permission

pytestmark = pytest.mark.feature("P-15")


def ask(who: Person, organisation: str, permission: str, **more: str) -> object:
    form = {"permission": permission, **more}
    return who.post(f"/o/{organisation}/permission-requests", form)


def test_a_menu_entry_that_one_may_not_use_is_absent(
    admin: Person, reader: Person, world: World
) -> None:
    place = f'href="/o/{world.acme}/audit"'
    assert place in admin.get(f"/o/{world.acme}/").text
    assert place not in reader.get(f"/o/{world.acme}/").text


def test_the_refusal_names_the_permission_and_whom_to_ask(reader: Person, world: World) -> None:
    page = reader.get(f"/o/{world.acme}/audit")
    assert page.status_code == 403
    assert "Read the audit log" in page.text
    assert "admin@acme.test" in page.text
    assert f'action="/o/{world.acme}/permission-requests"' in page.text
    assert 'value="organisation:audit:read"' in page.text


@pytest.mark.feature("P-23")
def test_asking_mails_the_administrators(reader: Person, world: World) -> None:
    person(world, "second@acme.test", (world.acme, "administrator"))
    ask(reader, world.acme, Permission.AUDIT_READ, message="For the yearly review.")
    sent = mails(world, "right_asked")
    assert {m.recipient for m in sent} == {"admin@acme.test", "second@acme.test"}
    assert "Read the audit log" in (sent[0].text or "")
    assert "For the yearly review." in (sent[0].text or "")
    assert "reader@acme.test" in (sent[0].text or "")
    assert events(world, world.acme_id) == ["organisation:right:asked"]


def test_below_without_administrators_those_above_are_asked(tree: Tree) -> None:
    person(tree.world, "fia@fjord.test", (tree.fjord, "reader"))
    fia = sign_in(tree.world, "fia@fjord.test")
    page = fia.get(f"/o/{tree.fjord}/audit")
    assert page.status_code == 403
    assert "admin@acme.test" in page.text
    ask(fia, tree.fjord, Permission.AUDIT_READ)
    assert [m.recipient for m in mails(tree.world, "right_asked")] == ["admin@acme.test"]


def test_the_same_is_asked_once_while_it_is_open(reader: Person, world: World) -> None:
    ask(reader, world.acme, Permission.AUDIT_READ)
    again = ask(reader, world.acme, Permission.AUDIT_READ)
    assert "You asked for this already" in reader.get(again.location).text
    ask(reader, world.acme, Permission.MAIL_SEND)
    assert len(mails(world, "right_asked")) == 2, "another permission is another wish"
    with time_machine.travel(utcnow() + timedelta(days=3), tick=False):
        ask(sign_in(world, "reader@acme.test"), world.acme, Permission.AUDIT_READ)
    assert len(mails(world, "right_asked")) == 2


def test_nonsense_and_what_one_has_are_not_asked_for(reader: Person, world: World) -> None:
    assert ask(reader, world.acme, "world:everything:do").status_code == 422
    assert ask(reader, world.acme, Permission.USERS_READ).status_code == 303
    assert mails(world) == []


@pytest.mark.feature("P-11")
def test_a_stranger_asks_nobody(stranger: Person, world: World) -> None:
    assert ask(stranger, world.acme, Permission.AUDIT_READ).status_code == 404
    assert mails(world) == []


def test_the_rights_page_says_who_may_what_and_why(tree: Tree) -> None:
    person(tree.world, "nora@north.test", (tree.north, "administrator"), name="Nora")
    nora = sign_in(tree.world, "nora@north.test")
    page = nora.get(f"/o/{tree.north}/rights?permission=organisation:audit:read").text
    assert "Who may: Read the audit log" in page
    people = page.split('id="people"')[1]
    assert "Nora" in people
    assert "Administrator" in people
    assert "Acme" in people, "the administrator above has it, too"


def test_a_permission_shows_only_those_who_have_it(admin: Person, world: World) -> None:
    page = admin.get(f"/o/{world.acme}/rights").text.split('id="people"')[1]
    assert "Reader" in page
    page = admin.get(f"/o/{world.acme}/rights?permission=organisation:audit:read").text
    assert "Reader" not in page.split('id="people"')[1]
    assert admin.get(f"/o/{world.acme}/rights?permission=nonsense").status_code == 200


def test_single_permissions_are_named_as_such(admin: Person, world: World) -> None:
    from tests import make
    from webapp.core.db import commit, db
    from webapp.core.tenancy import unscoped
    from webapp.orgs.models import Organisation

    with world.portal.app_context(), unscoped("somebody"):
        row = make.user("single@acme.test", name="Sina")
        acme = db.session.get_one(Organisation, world.acme_id)
        make.membership(row, acme, "reader", grants=["organisation:audit:read"])
        commit()
    page = admin.get(f"/o/{world.acme}/rights").text
    assert "Reader, 1 single permission" in page
    page = admin.get(f"/o/{world.acme}/rights?permission=organisation:audit:read").text
    assert "granted singly" in page.split('id="people"')[1]


def test_without_see_users_one_sees_ones_own_rights_alone(world: World) -> None:
    person(world, "paul@acme.test", (world.acme, "printer_admin"), name="Paul")
    page = sign_in(world, "paul@acme.test").get(f"/o/{world.acme}/rights").text
    assert "Printer administrator" in page
    assert "Everybody" not in page
    assert "Ask for it" in page


def test_a_role_counts_below_but_not_above(tree: Tree) -> None:
    person(tree.world, "nora@north.test", (tree.north, "administrator"))
    nora = sign_in(tree.world, "nora@north.test")
    assert nora.get(f"/o/{tree.fjord}/audit").status_code == 200
    assert nora.get(f"/o/{tree.south}/audit").status_code == 404
    assert nora.get(f"/o/{tree.world.acme}/audit").status_code == 404


def test_a_role_that_a_later_version_forgot_gives_nothing(world: World) -> None:
    person(world, "old@acme.test", (world.acme, "emperor"))
    old = sign_in(world, "old@acme.test")
    assert old.get(f"/o/{world.acme}/").status_code == 200
    assert old.get(f"/o/{world.acme}/users").status_code == 403
