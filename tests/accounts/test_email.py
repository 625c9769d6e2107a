"""Changing one's e-mail address (P-5), and an administrator doing it (P-13)."""

from __future__ import annotations

import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select

from tests.accounts.conftest import ADMIN, PASSWORD, READER, STRANGER, Door
from tests.cast import Person
from webapp.accounts import email_changes
from webapp.accounts.models import EmailChange, User
from webapp.core.clock import utcnow
from webapp.core.crypto import digest
from webapp.core.db import commit, db
from webapp.core.tenancy import unscoped
from webapp.mail import types
from webapp.mail.models import Mail
from webapp.settings import LANGUAGES

pytestmark = pytest.mark.feature("P-5")

NEW = "ada@new.test"


def ask(person: Person, address: str = NEW) -> int:
    return person.post("/me/email", {"email": address}).status_code


def links(door: Door) -> list[str]:
    """The mailed links' paths, the oldest first."""
    texts = [text for _, text in door.mails("confirm_email")]
    found = [re.search(r"http://localhost(/confirm-email/[\w-]+)", text) for text in texts]
    return [match[1] for match in found if match]


def link(door: Door, person: Person, address: str = NEW) -> str:
    assert ask(person, address) == 303
    return links(door)[-1]


def test_it_changes_when_the_link_to_the_new_address_is_used(door: Door, admin: Person) -> None:
    path = link(door, admin)
    assert door.mails("confirm_email")[0][0] == NEW
    assert door.user(ADMIN).email == ADMIN
    assert f"A link is on its way to {NEW}" in admin.get("/me/email").text
    browser = door.browser()
    assert NEW in browser.get(path).text
    assert browser.post(path).location == "/sign-in"
    assert "The address is confirmed" in browser.get("/sign-in").text
    assert door.try_in(NEW).status_code == 303
    assert door.try_in(ADMIN).status_code == 422


def test_the_old_address_is_told(door: Door, admin: Person) -> None:
    path = link(door, admin)
    assert door.mails("address_changed") == []
    admin.post(path)
    [(recipient, text)] = door.mails("address_changed")
    assert recipient == ADMIN
    assert NEW in text


def test_signed_in_one_lands_on_the_profile(door: Door, admin: Person) -> None:
    assert admin.post(link(door, admin)).location == "/me/profile"
    assert NEW in admin.get("/me/profile").text


def test_both_steps_stand_in_the_log(door: Door, admin: Person) -> None:
    admin.post(link(door, admin))
    assert [row.event for row in door.audit()] == [
        "accounts:email:asked",
        "accounts:email:changed",
    ]


def test_looking_does_not_use_the_link(door: Door, admin: Person) -> None:
    path = link(door, admin)
    for _ in range(3):
        assert door.browser().get(path).status_code == 200
    assert door.user(ADMIN).email == ADMIN
    assert door.browser().post(path).status_code == 303


def test_a_link_works_once(door: Door, admin: Person) -> None:
    path = link(door, admin)
    admin.post(path)
    for answer in (door.browser().get(path), door.browser().post(path)):
        assert answer.status_code == 410
    assert len(door.mails("address_changed")) == 1


def test_of_two_at_the_same_moment_one_wins(door: Door, admin: Person) -> None:
    path = link(door, admin)
    with ThreadPoolExecutor(5) as pool:
        codes = Counter(pool.map(lambda _: door.browser().post(path).status_code, range(5)))
    assert codes == {303: 1, 410: 4}
    assert len(door.mails("address_changed")) == 1


def test_of_two_people_who_want_one_address_one_gets_it(
    door: Door, admin: Person, stranger: Person
) -> None:
    paths = [link(door, admin), link(door, stranger)]
    with ThreadPoolExecutor(2) as pool:
        codes = sorted(pool.map(lambda path: door.browser().post(path).status_code, paths))
    assert codes == [303, 410]
    assert door.user(NEW)


@pytest.mark.parametrize("path", ["x", "a" * 43, "ä-ö", "%20", "a" * 5000])
def test_unknown_expired_and_used_links_are_one_page(door: Door, admin: Person, path: str) -> None:
    with time_machine.travel(utcnow(), tick=True) as clock:
        mailed = link(door, admin)
        clock.shift(timedelta(hours=23, minutes=59))
        assert door.browser().get(mailed).status_code == 200
        clock.shift(timedelta(minutes=2))
        expired = door.browser().get(mailed)
        assert door.browser().post(mailed).status_code == 410
    unknown = door.browser().get(f"/confirm-email/{path}")
    assert (expired.status_code, unknown.status_code) == (410, 410)
    assert body(expired.text) == body(unknown.text)


def body(page: str) -> str:
    return page.partition('<div class="card gate-card">')[2].partition("</main>")[0]


def test_a_newer_link_replaces_the_older(door: Door, admin: Person) -> None:
    first, second = link(door, admin), link(door, admin, "second@new.test")
    assert door.browser().post(first).status_code == 410
    assert door.browser().post(second).status_code == 303


def test_giving_up_kills_the_link(door: Door, admin: Person) -> None:
    path = link(door, admin)
    admin.post("/me/email/endings")
    assert "on its way" not in admin.get("/me/email").text
    assert door.browser().post(path).status_code == 410


def test_a_link_of_somebody_deactivated_is_dead(door: Door, admin: Person) -> None:
    path = link(door, admin)
    door.change(ADMIN, deactivated_at=utcnow())
    assert door.browser().get(path).status_code == 410


def test_links_for_a_new_password_at_the_old_address_die(
    door: Door, admin: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webapp.accounts.routes.FORGOTTEN_TAKES_SECONDS", 0.0)
    door.browser().post("/forgotten", {"name": ADMIN})
    reset = re.search(r"/reset/[\w-]+", door.mails("password_reset")[0][1])
    assert reset is not None
    admin.post(link(door, admin))
    assert door.browser().get(reset[0]).status_code == 410


def test_a_taken_address_is_answered_alike_and_its_owner_told(door: Door, admin: Person) -> None:
    """Status, place, page: nothing says that somebody has the address."""
    free = admin.post("/me/email", {"email": NEW})
    free_page = admin.get("/me/email").text.replace(NEW, "…")
    taken = admin.post("/me/email", {"email": STRANGER})
    taken_page = admin.get("/me/email").text.replace(STRANGER, "…")
    assert (free.status_code, free.location) == (taken.status_code, taken.location)
    assert notice(free_page) == notice(taken_page)
    assert [to for to, _ in door.mails("confirm_email")] == [NEW]
    [(recipient, text)] = door.mails("notification")
    assert recipient == STRANGER
    assert "entered your address" in text
    assert ADMIN not in text


def notice(page: str) -> str:
    text = page.partition("A link is on its way")[2].partition("</form>")[0]
    return re.sub(r'name="csrf_token" value="[^"]*"', "", text)


def test_an_address_taken_meanwhile_is_not_given_twice(door: Door, admin: Person) -> None:
    path = link(door, admin)
    with door.world.portal.app_context():
        reader = db.session.scalars(select(User).where(User.email == READER)).one()
        reader.email = NEW.upper()
        commit()
    assert door.browser().post(path).status_code == 410
    assert door.user(ADMIN).email == ADMIN


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("", "Enter the new"),
        ("nobody", "not a mail address"),
        ("a@b@c.test", "not a mail address"),
        ("x" * 300 + "@new.test", "At most 254"),
        (f"{NEW}\r\nBcc: all@acme.test", "not a mail address"),
        (ADMIN.upper(), "the account has now"),
    ],
)
def test_bad_addresses_are_said(door: Door, admin: Person, address: str, words: str) -> None:
    answer = admin.post("/me/email", {"email": address})
    assert answer.status_code == 422
    assert words in answer.text
    assert door.mails("confirm_email") == []


@pytest.mark.feature("P-9")
def test_it_asks_for_a_proof_and_keeps_the_address(door: Door, admin: Person) -> None:
    with time_machine.travel(utcnow() + timedelta(minutes=11), tick=True):
        answer = admin.post("/me/email", {"email": NEW})
        assert answer.status_code == 403
        assert f'name="email" value="{NEW}"' in answer.text
        assert admin.post("/me/email", {"email": NEW, "step_up": PASSWORD}).status_code == 303
    assert len(links(door)) == 1


def test_neither_account_nor_mailbox_can_be_flooded(
    door: Door, admin: Person, reader: Person, stranger: Person
) -> None:
    assert [ask(admin) for _ in range(6)] == [303] * 5 + [429]
    assert len(links(door)) == 3
    for person in (reader, stranger):
        assert ask(person) == 303
    assert len(links(door)) == 3
    assert ask(reader, "other@new.test") == 303
    assert len(links(door)) == 4


def test_only_the_digest_is_kept(door: Door, admin: Person) -> None:
    token = link(door, admin).rpartition("/")[2]
    with door.world.portal.app_context(), unscoped("the test reads the rows"):
        assert db.session.scalars(select(EmailChange.token_digest)).all() == [digest(token)]
        [mail] = db.session.scalars(select(Mail))
        assert token not in (mail.html or "") + (mail.text or "") + mail.subject
    assert len(token) >= 43


def test_sending_again_makes_a_new_link(door: Door, admin: Person) -> None:
    old = link(door, admin)
    with door.world.portal.test_request_context(), unscoped("an administrator sends it again"):
        [mail] = db.session.scalars(select(Mail))
        renewal = types.renewal_of("confirm_email")
        assert renewal is not None
        renewal(mail)
        commit()
    assert door.browser().get(old).status_code == 410
    assert door.browser().get(links(door)[-1]).status_code == 200


@pytest.mark.feature("P-23")
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_mails_speak_the_persons_language(door: Door, admin: Person, language: str) -> None:
    door.change(ADMIN, language=language)
    admin.post(link(door, admin))
    with door.world.portal.app_context(), unscoped("the test reads the outbox"):
        rows = db.session.scalars(select(Mail).order_by(Mail.id)).all()
        assert [row.language for row in rows] == [language] * 2
        assert len({row.subject for row in rows}) == 2


@pytest.mark.feature("P-13")
def test_an_administrators_change_goes_the_same_way(door: Door, admin: Person) -> None:
    from tests.orgs.test_users import save, user

    answer = save(admin, door.world.acme, READER, email=NEW)
    assert answer.status_code == 303
    assert f"A link is on its way to {NEW}" in admin.get(answer.location).text
    assert user(door.world, READER).email == READER
    [row] = door.audit()
    assert row.payload is not None
    assert (row.event, row.payload["actor"]) == ("accounts:email:asked", "Admin")
    assert door.browser().post(links(door)[0]).status_code == 303
    assert [to for to, _ in door.mails("address_changed")] == [READER]
    assert user(door.world, NEW).name == "Reader"


@pytest.mark.feature("P-13")
def test_an_administrator_hears_of_a_bad_address_and_nothing_is_changed(
    door: Door, admin: Person
) -> None:
    from tests.orgs.test_users import save, user

    answer = save(admin, door.world.acme, READER, email="nobody", name="Renamed")
    assert answer.status_code == 422
    assert "not a mail address" in answer.text
    assert user(door.world, READER).name == "Reader"
    assert email_changes.LINK_HOURS == 24


def test_nobody_else_sees_the_page(visitor: Person) -> None:
    assert visitor.get("/me/email").location == "/sign-in?next=/me/email"
    assert visitor.post("/me/email").location == "/sign-in"
