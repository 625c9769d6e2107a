"""A person's own data, and being erased: everywhere, with the log's chain whole (Q-22)."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select, text

from tests.cast import Person, World, sign_in
from tests.orgs.trees import events, mails, person, public_id, user
from tests.printers.desk import call_for_help
from tests.records.conftest import Field, opened, rows_in, stale_proof
from webapp.accounts.models import KnownBrowser, User, UserSession
from webapp.audit.models import AuditRow
from webapp.core.clock import utcnow
from webapp.core.crypto import digest
from webapp.core.db import Base, commit, db
from webapp.core.tenancy import unscoped
from webapp.notices.models import Notification
from webapp.orgs.models import Invitation, Membership, Organisation
from webapp.printers.models import PanicRequest

pytestmark = pytest.mark.feature("Q-22")

ANNA = "anna.rossi@acme.test"
NAME = "Anna Maria Rossi"


@pytest.fixture
def anna(world: World, acme: Field, admin: Person) -> Person:
    """A reader of Acme with traces everywhere: sign-ins, a notification, a call for help, an invitation, the log."""
    person(world, ANNA, (world.acme, "reader"), name=NAME)
    found = sign_in(world, ANNA)
    found.post(
        "/me/profile", {"name": NAME, "language": "de", "csv_delimiter": ";", "csv_thousands": "."}
    )
    call_for_help(acme, badge_email=ANNA, message="I am Anna.")
    with world.portal.app_context(), unscoped("traces"):
        db.session.add(
            KnownBrowser(
                user_id=found.user_id,
                token_digest=digest("x"),
                created_at=utcnow(),
                last_used_at=utcnow(),
            )
        )
        db.session.add(
            Notification(
                organisation_id=world.acme_id,
                user_id=found.user_id,
                kind="work_ended",
                title="For Anna",
                url="/",
                created_at=utcnow(),
            )
        )
        db.session.add(
            Invitation(
                organisation_id=world.acme_id,
                name=NAME,
                sort_name=NAME.lower(),
                email=ANNA.upper(),
                language="de",
                created_at=utcnow(),
                inviter_id=admin.user_id,
                accepted_user_id=found.user_id,
                state="accepted",
            )
        )
        commit()
    return found


def everything(world: World) -> str:
    """All rows of all tables as text, as somebody with a dump would search them."""
    with world.portal.app_context(), db.engine.connect() as connection:
        return "\n".join(
            f"{table.name}: {row[0]}"
            for table in Base.metadata.sorted_tables
            for row in connection.execute(text(f'SELECT t::text FROM "{table.name}" t'))
        )


def verify(world: World) -> Any:
    return world.portal.test_cli_runner().invoke(args=["audit", "verify"])


def erase(who: Person, username: str) -> Any:
    return who.post("/me/data/erasure", {"username": username})


def test_one_gets_one_s_own_data_and_nobody_else_s(anna: Person, admin: Person) -> None:
    answer = anna.post("/me/data/exports")
    assert answer.mimetype == "application/zip"
    archive = opened(answer.data)
    assert rows_in(archive, "users.jsonl")[0]["email"] == ANNA
    assert rows_in(archive, "panic_requests.jsonl")[0]["message"] == "I am Anna."
    assert rows_in(archive, "notifications.jsonl")[0]["title"] == "For Anna"
    assert len(rows_in(archive, "memberships.jsonl")) >= 1
    whole = b"".join(archive.read(name) for name in archive.namelist())
    assert b"admin@acme.test" not in whole
    assert b"password_hash" not in whole
    assert ANNA in archive.read("README.txt").decode()
    assert events(anna.world, anna.world.acme_id)[-1] == "records:person:exported"


def test_it_asks_for_a_fresh_proof(anna: Person, visitor: Person) -> None:
    assert visitor.post("/me/data/exports").status_code == 303
    stale_proof(anna)
    for url in ("/me/data/exports", "/me/data/erasure"):
        assert "step_up" in anna.post(url, {"username": "anna.rossi.acme.test"}).text
    assert user(anna.world, ANNA).erased_at is None


def test_erased_everywhere_and_the_chain_is_whole(anna: Person, admin: Person) -> None:
    world, who = anna.world, user(anna.world, ANNA)
    assert ANNA in everything(world)
    answer = erase(anna, who.username)
    assert answer.status_code == 303, answer.text
    dump = everything(world).lower()
    for word in (ANNA, NAME.lower(), "i am anna", "for anna"):
        lines = [line for line in dump.splitlines() if word in line]
        assert lines == [], word
    found = verify(world)
    assert found.exit_code == 0, found.stderr
    assert events(world, world.acme_id)[-1] == "records:person:erased"


def test_the_account_is_an_empty_shell(anna: Person) -> None:
    world, who = anna.world, user(anna.world, ANNA)
    erase(anna, who.username)
    assert anna.get("/me/data").status_code == 303, "signed out"
    with world.portal.app_context(), unscoped("looking"):
        row = db.session.get_one(User, who.id)
        assert row.erased_at is not None
        assert row.deactivated_at is not None
        assert (row.password_hash, row.totp_sealed) == (None, None)
        assert row.email.endswith("@erased.invalid")
        assert row.name == f"Erased person {who.public_id[:6]}"
        for model in (UserSession, KnownBrowser, Notification, Membership):
            mine = select(model).where(model.user_id == who.id)
            assert db.session.scalars(mine).all() == []
        request = db.session.scalars(select(PanicRequest)).one()
        assert (request.email, request.message) == ("", "")
        assert request.erased_at is not None
        invitation = db.session.scalars(select(Invitation)).one()
        assert (invitation.email, invitation.state) == (None, "accepted")
        own = select(Organisation).where(Organisation.personal_user_id == who.id)
        assert all(o.closed_at and NAME not in o.name for o in db.session.scalars(own))


def test_what_others_did_stays(anna: Person, admin: Person) -> None:
    world = anna.world
    before = len(events(world, world.acme_id))
    admin.post(f"/o/{world.acme}/settings", {})
    erase(anna, user(world, ANNA).username)
    with world.portal.app_context(), unscoped("looking"):
        rows = db.session.scalars(select(AuditRow).order_by(AuditRow.seq)).all()
    assert len(rows) >= before
    assert all(row.commitment and row.hash for row in rows)
    assert user(world, "admin@acme.test").erased_at is None


def test_a_mail_under_way_does_not_leave(anna: Person) -> None:
    world = anna.world
    mine = [m for m in mails(world) if m.recipient == ANNA]
    assert mine
    erase(anna, user(world, ANNA).username)
    ids = {m.id for m in mine}
    for mail in (m for m in mails(world) if m.id in ids):
        assert (mail.state, mail.html, mail.text, mail.bodies_sealed) == (
            "cancelled",
            None,
            None,
            None,
        )
        assert mail.recipient.endswith("@erased.invalid")


def test_the_last_administrator_is_refused_by_name(admin: Person, world: World) -> None:
    page = admin.get("/me/data/erasure").text
    assert "is the last administrator of Acme" in page
    answer = erase(admin, user(world, "admin@acme.test").username)
    assert answer.status_code == 422
    assert "is the last administrator of Acme" in answer.text
    assert user(world, "admin@acme.test").erased_at is None
    assert admin.get("/me/data").status_code == 200


def test_the_last_operator_is_refused(operator: Person, world: World) -> None:
    answer = erase(operator, user(world, "operator@outpost.test").username)
    assert answer.status_code == 422
    assert "last operator" in answer.text


def test_a_wrong_name_erases_nothing(anna: Person) -> None:
    answer = erase(anna, "somebody.else")
    assert answer.status_code == 422
    assert "This is not your user name." in answer.text
    assert user(anna.world, ANNA).erased_at is None


def test_an_administrator_erases_who_is_deactivated(anna: Person, admin: Person) -> None:
    world = anna.world
    page = f"/o/{world.acme}/users/{public_id(world, ANNA)}"
    assert "Only who is deactivated" in admin.get(f"{page}/erasure").text
    assert admin.post(f"{page}/erasure").status_code == 409
    assert admin.post(f"{page}/deactivation").status_code == 303
    assert f"{page}/erasure" in admin.get(page).text
    assert "This can't be undone" in admin.get(f"{page}/erasure").text.replace("&#39;", "'")
    assert admin.post(f"{page}/erasure").status_code == 303
    assert ANNA not in everything(world).lower()
    assert verify(world).exit_code == 0
    assert admin.get(page).status_code == 404


def test_others_may_not(anna: Person, reader: Person, stranger: Person, operator: Person) -> None:
    world = anna.world
    page = f"/o/{world.acme}/users/{public_id(world, ANNA)}/erasure"
    assert reader.post(page).status_code == 403
    assert stranger.post(page).status_code == 404
    there = f"/operator/users/{public_id(world, ANNA)}/erasure"
    assert reader.post(there).status_code == 403
    assert operator.post(there).status_code == 409, "not deactivated yet"


def test_the_operator_erases_who_is_deactivated(
    anna: Person, admin: Person, operator: Person
) -> None:
    world, id_ = anna.world, public_id(anna.world, ANNA)
    admin.post(f"/o/{world.acme}/users/{id_}/deactivation")
    url = f"/operator/users/{id_}/erasure"
    assert operator.post(url).status_code == 303
    assert "This person was erased." in operator.get(url).text
    assert operator.post(url).status_code == 409
    assert operator.get("/operator/users/nobody/erasure").status_code == 404


def test_an_administrator_erases_nobody_of_other_organisations(anna: Person, admin: Person) -> None:
    """Who also belongs to Globex is not Acme's to erase."""
    world = anna.world
    with world.portal.app_context(), unscoped("another membership"):
        from tests import make

        row = db.session.get_one(User, anna.user_id)
        row.deactivated_at = utcnow()
        make.membership(row, db.session.get_one(Organisation, world.globex_id), "reader")
        commit()
    answer = admin.post(f"/o/{world.acme}/users/{public_id(world, ANNA)}/erasure")
    assert answer.status_code == 422
    assert "their account is theirs" in answer.text
    assert user(world, ANNA).erased_at is None
