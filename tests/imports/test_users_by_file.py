"""P-42: people from a file, with rights that whoever imports them has; first passwords by mail, at the end."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from tests import make
from tests.cast import World, sign_in
from tests.imports.conftest import Desk
from tests.printers.desk import text_of
from webapp.accounts import passwords
from webapp.accounts.models import User, UserSession
from webapp.audit.models import AuditRow
from webapp.core.clock import utcnow
from webapp.core.crypto import unseal
from webapp.core.db import commit, db
from webapp.core.jobs import JobState
from webapp.core.tenancy import scope, unscoped
from webapp.imports.models import Import, ImportRow
from webapp.imports.records import remove_old
from webapp.mail import outbox
from webapp.mail.models import Mail
from webapp.orgs.models import Membership, Organisation
from webapp.orgs.permissions import Permission, Role

pytestmark = pytest.mark.feature("P-42")
GOOD = (
    "Nom;Adresse e-mail;Rôle;Langue;Identifiant\n"
    "Anna Żak;anna@acme.test;Lecteur;fr;anna.z\n"
    "Bo;bo@acme.test;reader + printer_admin;Deutsch;\n"
)


def people(desk: Desk) -> list[User]:
    cast = list(desk.world.user_ids.values())
    return desk.all(select(User).where(User.id.not_in(cast)).order_by(User.id))


def test_people_come_in_with_name_roles_and_language(users_desk: Desk) -> None:
    url = users_desk.bring_in(GOOD)
    assert users_desk.state(url) == "committed", users_desk.row(url).problem
    anna, bo = people(users_desk)
    assert (anna.name, anna.username, anna.email, anna.language) == (
        "Anna Żak",
        "anna.z",
        "anna@acme.test",
        "fr",
    )
    assert (bo.username, bo.language, bo.must_change_password) == ("userbo", "de", True)
    here = select(Membership).where(Membership.user_id == bo.id)
    roles = [m.roles for m in users_desk.all(here) if m.organisation_id == users_desk.world.acme_id]
    assert [set(r) for r in roles] == [{Role.READER, Role.PRINTER_ADMIN}]
    personal = select(Organisation).where(Organisation.personal_user_id == bo.id)
    home = users_desk.one(personal)
    assert home.path == f"/{home.id}/"


def test_first_passwords_are_mailed_sealed_and_fit(users_desk: Desk) -> None:
    url = users_desk.check(GOOD)
    assert users_desk.all(select(Mail)) == [], "nobody is written to before the yes"
    users_desk.commit(url)
    users_desk.work()
    mails = users_desk.all(select(Mail).order_by(Mail.recipient))
    assert [m.recipient for m in mails] == ["anna@acme.test", "bo@acme.test"]
    with users_desk.world.portal.app_context():
        body = unseal(mails[0].bodies_sealed, context=outbox._context(mails[0].message_id)).decode()
        body = body[body.index("anna.z") :]
        found = re.search(r"\b[A-Za-z0-9]{4}(-[A-Za-z0-9]{4}){3}\b(?=[^-])", body)
        assert found, "the mail holds a password"
        anna = people(users_desk)[0]
        assert passwords.verify(anna.password_hash, found[0])
        assert not passwords.verify(anna.password_hash, found[0] + "x")


def test_one_entry_in_the_log_names_them_all(users_desk: Desk) -> None:
    users_desk.bring_in(GOOD)
    created = select(AuditRow).where(AuditRow.event == "organisation:user:created")
    row = users_desk.one(created)
    assert len(row.payload["detail"]["users"]) == 2


@pytest.mark.parametrize(
    ("line", "field", "words"),
    [
        ("Ann;no-address;reader", "email", "is not a mail address"),
        ("Ann;admin@acme.test;reader", "email", "has an account already"),
        ("Ann;ANN@acme.test;king", "roles", "There is no role “king”"),
        ("Ann;ann@acme.test;", "roles", "The value is missing"),
        (";ann@acme.test;reader", "name", "The value is missing"),
    ],
)
def test_every_fault_is_told(users_desk: Desk, line: str, field: str, words: str) -> None:
    users_desk.check(f"name;email;roles\n{line}\n")
    ((number, where, told),) = users_desk.faults()
    assert (number, where) == (2, field)
    assert words in told


def test_two_lines_with_one_address_are_one_too_many(users_desk: Desk) -> None:
    users_desk.check("name;email;roles\nA;a@acme.test;reader\nB;A@Acme.test;reader\n")
    ((line, field, words),) = users_desk.faults()
    assert (line, field) == (3, "email")
    assert "line 2" in words


def test_nobody_imports_rights_that_they_lack(world: World) -> None:
    with world.portal.app_context(), unscoped("one who may add users, and little else"):
        clerk = make.user("clerk@acme.test")
        acme = db.session.scalars(
            select(Organisation).where(Organisation.id == world.acme_id)
        ).one()
        row = make.membership(clerk, acme, Role.READER)
        row.grants = [Permission.USERS_EDIT.value]
        world.user_ids[clerk.email] = clerk.id
        commit()
    desk = Desk(sign_in(world, "clerk@acme.test"), world, "users")
    desk.check("name;email;roles\nA;a@acme.test;administrator\nB;b@acme.test;reader\n")
    ((line, field, words),) = desk.faults()
    assert (line, field) == (2, "roles")
    assert "Administrator" in words


def test_user_names_are_made_of_addresses_and_never_twice(users_desk: Desk) -> None:
    users_desk.bring_in(
        "name;email;roles\nA;admin@a.test;reader\nB;admin@b.test;reader\nC;x@c.test;reader\n"
    )
    names = [user.username for user in people(users_desk)]
    assert len(set(names)) == 3
    assert names[2] == "userx"
    assert all(name.startswith("admin") for name in names[:2])


def test_undo_takes_people_back_with_their_waiting_mails(users_desk: Desk) -> None:
    url = users_desk.bring_in(GOOD)
    before = users_desk.one(select(func.count()).select_from(Organisation))
    users_desk.undo(url)
    assert users_desk.state(url) == "undone", users_desk.row(url).problem
    assert people(users_desk) == []
    assert users_desk.one(select(func.count()).select_from(Organisation)) == before - 2
    assert {m.state for m in users_desk.all(select(Mail))} == {JobState.CANCELLED}


def test_undo_is_refused_once_somebody_has_signed_in(users_desk: Desk) -> None:
    url = users_desk.bring_in(GOOD)
    sign_in(users_desk.world, "bo@acme.test")
    users_desk.undo(url)
    assert users_desk.state(url) == "committed"
    assert len(people(users_desk)) == 2
    assert "line 3: has signed in since" in text_of(users_desk.person.get(url).text)


def test_who_loses_the_permission_meanwhile_makes_nobody(users_desk: Desk) -> None:
    url = users_desk.check(GOOD)
    users_desk.commit(url)
    world = users_desk.world
    with world.portal.app_context(), unscoped("somebody takes the rights away"):
        mine = Membership.user_id == world.user_ids["admin@acme.test"]
        here = Membership.organisation_id == world.acme_id
        db.session.scalars(select(Membership).where(mine, here)).one().roles = [Role.READER.value]
        commit()
    users_desk.work()
    assert users_desk.state(url) == "failed"
    assert people(users_desk) == []


def test_old_files_are_forgotten_after_thirty_days(users_desk: Desk, world: World) -> None:
    users_desk.bring_in(GOOD)
    users_desk.check("name;email;roles\nA;a@acme.test;reader\n")
    with world.portal.app_context(), scope(world.acme_id):
        while remove_old(utcnow() + timedelta(minutes=1)):
            commit()
        commit()
    assert users_desk.all(select(ImportRow)) == []
    assert [row.state for row in users_desk.all(select(Import))] == ["committed"]


def test_importing_people_asks_the_password_again(users_desk: Desk) -> None:
    url = users_desk.check(GOOD)
    with users_desk.world.portal.app_context():
        an_hour_ago = utcnow() - timedelta(hours=1)
        db.session.execute(update(UserSession).values(proved_at=an_hour_ago))
        commit()
    answer = users_desk.commit(url)
    assert "Your password" in answer.text
    assert users_desk.state(url) == "checked"
