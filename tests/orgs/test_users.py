"""Users: the list, adding, editing, passwords, deactivation (P-13)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine

from tests.cast import Person, World, sign_in
from tests.orgs.trees import (
    Tree,
    events,
    mails,
    membership,
    nonce_in,
    person,
    public_id,
    user,
    version_in,
)
from webapp.accounts import passwords
from webapp.core.clock import utcnow
from webapp.core.web import Portal
from webapp.mail import outbox
from webapp.mail.models import Mail

pytestmark = pytest.mark.feature("P-13")

GOOD = "Correct-Horse-7-Staple"


def url(where: str, path: str = "") -> str:
    return f"/o/{where}/users{path}"


def filled(where: str, **more: Any) -> dict[str, Any]:
    """What a browser sends for a new user."""
    plain: dict[str, Any] = {
        "name": "Nils Neu",
        "username": "nils.neu",
        "email": "nils@acme.test",
        "organisation": where,
        "roles": ["reader"],
        "language": "de",
        "csv_delimiter": "semicolon",
        "csv_thousands": "point",
        "password": "",
    }
    return {**plain, **more}


def save(who: Person, where: str, whom: str, **changed: Any) -> Any:
    """Open a user's form and post it with changes."""
    page = who.get(url(where, f"/{public_id(who.world, whom)}/edit"))
    assert page.status_code == 200, page.text
    row = user(who.world, whom)
    form = {
        "name": row.name,
        "username": row.username,
        "email": row.email,
        "organisation": where,
        "roles": ["reader"],
        "language": row.language,
        "csv_delimiter": "comma",
        "csv_thousands": "none",
        "version": version_in(page.text),
        **changed,
    }
    return who.post(url(where, f"/{row.public_id}/edit"), form)


def text_of(portal: Portal, mail: Mail) -> str:
    with portal.app_context():
        return outbox.bodies(mail)[1]


# The list


def test_the_list_shows_who_acts_for_the_organisation(admin: Person, world: World) -> None:
    page = admin.get(url(world.acme)).text
    assert "2 users" in page
    assert "reader@acme.test" in page
    assert "Administrator" in page
    assert "globex" not in page


def test_it_filters_by_name_email_organisation_and_role(admin: Person, tree: Tree) -> None:
    person(tree.world, "nora@north.test", (tree.north, "administrator"), name="Nora Björk")

    def found(query: str) -> set[str]:
        page = admin.get(url(tree.world.acme) + query).text.split("<tbody>")[-1]
        every = ("admin@acme.test", "reader@acme.test", "nora@north.test")
        return {email for email in every if email in page}

    reader_id = public_id(tree.world, "reader@acme.test")
    assert found("?role=reader") == {"reader@acme.test"}
    assert found(f"?name={reader_id}") == {"reader@acme.test"}
    assert found(f"?email={reader_id}") == {"reader@acme.test"}
    assert found(f"?organisation={tree.north}") == {"nora@north.test"}
    assert len(found("?below=1")) == 3
    assert found("?below=1&q=nora") == {"nora@north.test"}
    assert found("?q=READER@acme") == {"reader@acme.test"}
    assert found("?below=1&role=administrator&sort=-email") == {
        "admin@acme.test",
        "nora@north.test",
    }


@pytest.mark.feature("P-11")
def test_from_below_nobody_above_is_seen(tree: Tree) -> None:
    person(tree.world, "nora@north.test", (tree.north, "administrator"))
    nora = sign_in(tree.world, "nora@north.test")
    page = nora.get(url(tree.north) + "?below=1").text
    assert "1 user" in page
    assert "acme.test" not in page
    foreign = public_id(tree.world, "admin@acme.test")
    assert nora.get(url(tree.north, f"/{foreign}")).status_code == 404
    assert nora.get(url(tree.world.acme, f"/{foreign}")).status_code == 404


def test_a_reader_sees_users_but_no_button(reader: Person, world: World) -> None:
    page = reader.get(url(world.acme)).text
    assert "users/new" not in page
    assert "/edit" not in page
    own = public_id(world, "admin@acme.test")
    assert "/removal" not in reader.get(url(world.acme, f"/{own}")).text
    for path in (f"/{own}/edit", f"/{own}/password", f"/{own}/removal", "/new", "/add"):
        assert reader.get(url(world.acme, path)).status_code == 403


# Adding somebody new


@pytest.mark.feature("P-3", "P-23")
def test_a_new_user_gets_a_first_password_by_mail(admin: Person, world: World) -> None:
    answer = admin.post(url(world.acme, "/new"), filled(world.acme))
    assert answer.status_code == 303
    row = user(world, "nils@acme.test")
    assert row.must_change_password
    assert row.password_expires_at is not None
    assert abs(row.password_expires_at - utcnow() - timedelta(days=7)) < timedelta(minutes=1)
    assert (row.language, row.csv_delimiter, row.csv_thousands) == ("de", ";", ".")
    (mail,) = mails(world, "first_password")
    assert mail.recipient == "nils@acme.test"
    assert mail.has_secret
    text = text_of(world.portal, mail)
    password = next(w for w in text.split() if passwords.verify(row.password_hash, w.strip(".")))
    assert passwords.missing_parts(password) == []
    assert password not in (mail.text or "") + (mail.html or ""), "sealed, not in clear"


@pytest.mark.feature("P-3")
def test_the_first_password_opens_nothing_else(admin: Person, world: World) -> None:
    admin.post(url(world.acme, "/new"), filled(world.acme, password=GOOD))
    nils = sign_in(world, "nils@acme.test")
    assert nils.get(f"/o/{world.acme}/").location == "/me/first-password"


def test_the_creation_and_the_rights_stand_in_the_log(admin: Person, world: World) -> None:
    admin.post(url(world.acme, "/new"), filled(world.acme))
    assert events(world, world.acme_id) == [
        "organisation:user:created",
        "organisation:membership:added",
    ]


@pytest.mark.feature("P-14")
def test_a_new_user_has_a_space_of_their_own(admin: Person, world: World) -> None:
    admin.post(url(world.acme, "/new"), filled(world.acme, password=GOOD))
    nils = sign_in(world, "nils@acme.test")
    with world.portal.app_context():
        from webapp.accounts.models import User
        from webapp.core.db import commit, db

        db.session.get_one(User, user(world, "nils@acme.test").id).must_change_password = False
        commit()
    assert ">Persönlich</span>" in nils.get(f"/o/{world.acme}/").text


def test_a_form_sent_twice_makes_one(admin: Person, world: World) -> None:
    form = filled(world.acme, nonce=nonce_in(admin.get(url(world.acme, "/new")).text))
    first = admin.post(url(world.acme, "/new"), form)
    assert admin.post(url(world.acme, "/new"), form).location == first.location
    assert len(mails(world, "first_password")) == 1


def test_a_user_is_added_to_an_organisation_below(admin: Person, tree: Tree) -> None:
    answer = admin.post(url(tree.world.acme, "/new"), filled(tree.north))
    assert f"/o/{tree.north}/users/" in answer.location
    assert membership(tree.world, "nils@acme.test", tree.world.acme_id) is None


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("name", "  ", "Enter a name"),
        ("username", "", "Enter a user name"),
        ("username", "nils@neu", "no @"),
        ("username", "n", "3 to 60"),
        ("username", "READER.acme.test", "taken"),
        ("email", "nobody", "not a mail address"),
        ("email", "", "Enter an e-mail address"),
        ("roles", [], "at least one role"),
        ("roles", ["emperor"], "not a valid choice"),
        ("grants", ["world:everything:do"], "not a valid choice"),
        ("csv_thousands", "comma", "must differ"),
        ("password", "short", "Still missing"),
        ("password", "Nils@acme.test1", "must not be your user name"),
        ("organisation", "ORG-UNKNOWN", "Not a valid choice"),
    ],
)
def test_bad_input_is_told_beside_the_field_and_nothing_happens(
    admin: Person, world: World, field: str, value: object, words: str
) -> None:
    form = filled(world.acme, csv_delimiter="comma", csv_thousands="none") | {field: value}
    answer = admin.post(url(world.acme, "/new"), form)
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert words in answer.text
    assert mails(world) == []
    assert "2 users" in admin.get(url(world.acme)).text


def test_an_address_that_has_an_account_leads_to_adding_it(admin: Person, world: World) -> None:
    form = filled(world.acme, email="Admin@Globex.test")
    answer = admin.post(url(world.acme, "/new"), form)
    assert answer.status_code == 422
    assert f"/o/{world.acme}/users/add?email=" in answer.text


# Adding somebody who has an account


def test_somebody_with_an_account_is_added_and_told(
    admin: Person, stranger: Person, world: World
) -> None:
    before = user(world, "admin@globex.test")
    form = {"email": "ADMIN@globex.test", "organisation": world.acme, "roles": ["reader"]}
    assert admin.post(url(world.acme, "/add"), form).status_code == 303
    after = user(world, "admin@globex.test")
    assert (after.password_hash, after.name, after.version) == (
        before.password_hash,
        before.name,
        before.version,
    )
    (mail,) = mails(world)
    assert (mail.type, mail.recipient) == ("notification", "admin@globex.test")
    assert "Acme" in mail.subject
    assert stranger.get(f"/o/{world.acme}/").status_code == 200
    assert admin.post(url(world.acme, "/add"), form).status_code == 422, "only once"


def test_an_unknown_address_can_not_be_added(admin: Person, world: World) -> None:
    form = {"email": "who@acme.test", "organisation": world.acme, "roles": ["reader"]}
    answer = admin.post(url(world.acme, "/add"), form)
    assert answer.status_code == 422
    assert "No account has this address" in answer.text


def test_asking_for_addresses_is_throttled(admin: Person, world: World) -> None:
    form = {"organisation": world.acme, "roles": ["reader"]}
    answers = [
        admin.post(url(world.acme, "/add"), {**form, "email": f"{n}@acme.test"}).status_code
        for n in range(61)
    ]
    assert answers[:60] == [422] * 60
    assert answers[60] == 429


# Editing


def test_an_account_is_changed(admin: Person, world: World) -> None:
    answer = save(
        admin,
        world.acme,
        "reader@acme.test",
        name="Rita Zöllner",
        username="rita",
        language="fr",
        csv_delimiter="tab",
        csv_thousands="space",
        roles=["printer_admin"],
    )
    assert answer.status_code == 303
    row = user(world, "reader@acme.test")
    assert (row.name, row.sort_name, row.username) == ("Rita Zöllner", "rita zollner", "rita")
    assert (row.language, row.csv_delimiter, row.csv_thousands) == ("fr", "\t", " ")
    found = membership(world, "reader@acme.test", world.acme_id)
    assert found is not None
    assert found.roles == ["printer_admin"]
    assert events(world, world.acme_id) == [
        "organisation:user:changed",
        "organisation:membership:rights_changed",
    ]


@pytest.mark.feature("P-5")
def test_the_address_is_not_an_administrators_to_change(admin: Person, world: World) -> None:
    save(admin, world.acme, "reader@acme.test", email="mine@evil.test")
    assert user(world, "reader@acme.test").email == "reader@acme.test"


def test_what_is_wrong_with_an_edit_is_told_and_nothing_is_saved(
    admin: Person, world: World
) -> None:
    answer = save(admin, world.acme, "reader@acme.test", name="New", csv_thousands="comma")
    assert answer.status_code == 422
    assert 'id="csv_thousands-error"' in answer.text
    assert user(world, "reader@acme.test").name == "Reader"


def test_two_who_edit_at_once_are_shown_both_versions(admin: Person, world: World) -> None:
    where = url(world.acme, f"/{public_id(world, 'reader@acme.test')}/edit")
    stale = version_in(admin.get(where).text)
    save(admin, world.acme, "reader@acme.test", name="First")
    answer = save(admin, world.acme, "reader@acme.test", name="Second", version=stale)
    assert answer.status_code == 409
    assert "First" in answer.text
    assert "Second" in answer.text


def test_a_person_moves_to_another_organisation(admin: Person, tree: Tree) -> None:
    answer = save(admin, tree.world.acme, "reader@acme.test", organisation=tree.north)
    assert f"/o/{tree.north}/users/" in answer.location
    assert membership(tree.world, "reader@acme.test", tree.world.acme_id) is None
    reader = sign_in(tree.world, "reader@acme.test")
    assert reader.get(f"/o/{tree.world.acme}/").status_code == 404
    assert reader.get(f"/o/{tree.north}/").status_code == 200


# Passwords


@pytest.mark.feature("P-3", "P-23")
def test_a_first_password_ends_the_sessions_and_the_person_is_told(
    admin: Person, reader: Person, world: World
) -> None:
    where = url(world.acme, f"/{public_id(world, 'reader@acme.test')}/password")
    assert admin.get(where).status_code == 200
    assert admin.post(where, {"password": GOOD}).status_code == 303
    row = user(world, "reader@acme.test")
    assert passwords.verify(row.password_hash, GOOD)
    assert row.must_change_password
    assert {m.type for m in mails(world)} == {"first_password", "password_changed"}
    assert reader.get(f"/o/{world.acme}/").location.startswith("/sign-in")
    assert events(world, world.acme_id) == ["organisation:user:password_set"]


def test_the_rule_holds_for_typed_first_passwords(admin: Person, world: World) -> None:
    where = url(world.acme, f"/{public_id(world, 'reader@acme.test')}/password")
    answer = admin.post(where, {"password": "password"})
    assert answer.status_code == 422
    assert "Still missing" in answer.text
    assert mails(world) == []


def test_a_first_password_dies_after_seven_days(admin: Person, world: World) -> None:
    admin.post(url(world.acme, "/new"), filled(world.acme, password=GOOD))
    visitor = Person(world, None, world.portal.test_client())
    with time_machine.travel(utcnow() + timedelta(days=8)):
        answer = visitor.post("/sign-in", {"name": "nils.neu", "password": GOOD})
    assert answer.status_code == 403
    assert "admin@acme.test" in answer.text


def test_sending_again_makes_another_first_password(admin: Person, world: World) -> None:
    from webapp.core.db import commit, db
    from webapp.core.tenancy import scope
    from webapp.mail.types import renewal_of

    admin.post(url(world.acme, "/new"), filled(world.acme, password=GOOD))
    (old,) = mails(world, "first_password")
    renew = renewal_of("first_password")
    assert renew is not None
    with world.portal.test_request_context(), scope(world.acme_id):
        renew(db.session.merge(old))
        commit()
    row = user(world, "nils@acme.test")
    assert not passwords.verify(row.password_hash, GOOD)
    fresh = text_of(world.portal, mails(world, "first_password")[-1])
    assert any(passwords.verify(row.password_hash, w.strip(".")) for w in fresh.split())


# Deactivation and removal


def test_a_deactivated_user_is_out_at_once_and_may_come_back(
    admin: Person, reader: Person, world: World
) -> None:
    where = url(world.acme, f"/{public_id(world, 'reader@acme.test')}")
    assert admin.get(f"{where}/deactivation").status_code == 200
    assert admin.post(f"{where}/deactivation").status_code == 303
    assert reader.get(f"/o/{world.acme}/").location.startswith("/sign-in")
    assert "Deactivated" in admin.get(url(world.acme)).text
    assert admin.post(f"{where}/reactivation").status_code == 303
    assert user(world, "reader@acme.test").is_active
    assert events(world, world.acme_id) == [
        "organisation:user:deactivated",
        "organisation:user:reactivated",
    ]


def test_a_removed_user_keeps_the_account(admin: Person, reader: Person, world: World) -> None:
    where = url(world.acme, f"/{public_id(world, 'reader@acme.test')}/removal")
    assert admin.get(where).status_code == 200
    assert admin.post(where).location == url(world.acme)
    assert reader.get(f"/o/{world.acme}/").status_code == 404
    assert user(world, "reader@acme.test").is_active


def test_nobody_deactivates_themselves(admin: Person, world: World) -> None:
    where = url(world.acme, f"/{public_id(world, 'admin@acme.test')}")
    assert admin.post(f"{where}/deactivation").status_code == 422
    assert admin.post(f"{where}/password", {"password": GOOD}).status_code == 422


# Who belongs elsewhere, too


@pytest.fixture
def shared(world: World) -> str:
    """A reader of Acme who is a reader of Globex as well."""
    person(world, "both@acme.test", (world.acme, "reader"), (world.globex, "reader"))
    return "both@acme.test"


def test_an_account_shared_with_strangers_is_its_owners(
    admin: Person, world: World, shared: str
) -> None:
    before = user(world, shared)
    where = url(world.acme, f"/{before.public_id}")
    assert 'name="username"' not in admin.get(f"{where}/edit").text
    assert (
        save(admin, world.acme, shared, name="Stolen", roles=["printer_admin"]).status_code == 303
    )
    for path in ("password", "deactivation"):
        assert admin.post(f"{where}/{path}", {"password": GOOD}).status_code == 422
    after = user(world, shared)
    assert (after.name, after.password_hash) == (before.name, before.password_hash)
    assert after.is_active
    changed = membership(world, shared, world.acme_id)
    assert changed is not None
    assert changed.roles == ["printer_admin"], "the membership is Acme's"


def test_an_operators_account_is_nobodys_to_change(admin: Person, world: World) -> None:
    person(world, "staff@outpost.test", (world.acme, "reader"), is_operator=True)
    where = url(world.acme, f"/{public_id(world, 'staff@outpost.test')}/password")
    assert admin.post(where, {"password": GOOD}).status_code == 422


def test_people_of_ones_whole_tree_are_governed(admin: Person, tree: Tree) -> None:
    person(tree.world, "nora@north.test", (tree.north, "administrator"), (tree.south, "reader"))
    answer = save(admin, tree.north, "nora@north.test", name="Nora Neu", roles=["administrator"])
    assert answer.status_code == 303
    assert user(tree.world, "nora@north.test").name == "Nora Neu"
