"""A first password opens nothing but the page on which it is replaced (P-3)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.accounts.conftest import ADMIN, OTHER_PASSWORD, PASSWORD, READER, Door
from tests.cast import Person
from webapp.core.clock import utcnow

pytestmark = pytest.mark.feature("P-3")

NEW = {"password": OTHER_PASSWORD, "again": OTHER_PASSWORD}


@pytest.fixture
def newcomer(door: Door) -> Person:
    """Acme's reader with a first password, signed in."""
    door.change(READER, must_change_password=True, password_expires_at=utcnow() + timedelta(days=7))
    browser = door.browser()
    assert door.try_in(READER, browser=browser).status_code == 303
    return browser


def test_everything_leads_to_the_page_of_the_first_password(door: Door, newcomer: Person) -> None:
    for path in ("/me/profile", "/me/password", "/me/sessions", f"/o/{door.world.acme}/users"):
        answer = newcomer.get(path)
        assert answer.status_code == 404 or answer.location == "/me/first-password", path
    for path in ("/me/profile", "/me/password", "/me/sessions/endings"):
        assert newcomer.post(path).location == "/me/first-password"
    assert newcomer.get("/me/first-password").status_code == 200


def test_after_choosing_everything_opens(door: Door, newcomer: Person) -> None:
    assert newcomer.post("/me/first-password", NEW).location == "/"
    assert newcomer.get("/me/profile").status_code == 200
    assert newcomer.get("/me/first-password").location == "/"
    user = door.user(READER)
    assert not user.must_change_password
    assert user.password_expires_at is None
    assert door.try_in(READER, PASSWORD).status_code == 422
    assert door.try_in(READER, OTHER_PASSWORD).status_code == 303


@pytest.mark.parametrize(
    ("password", "again", "words"),
    [
        (PASSWORD, PASSWORD, "the password you have now"),
        ("short", "short", "Still missing"),
        (OTHER_PASSWORD, OTHER_PASSWORD + "x", "two passwords differ"),
        ("Password2026!", "Password2026!", "first that are guessed"),
        ("", "", "Enter a new password"),
    ],
)
def test_a_bad_choice_changes_nothing(
    door: Door, newcomer: Person, password: str, again: str, words: str
) -> None:
    answer = newcomer.post("/me/first-password", {"password": password, "again": again})
    assert answer.status_code == 422
    assert words in answer.text
    assert door.user(READER).must_change_password


def test_one_may_sign_out_instead(newcomer: Person) -> None:
    assert newcomer.post("/sign-out").location == "/sign-in"


def test_an_expired_one_says_whom_to_ask(door: Door) -> None:
    door.change(READER, must_change_password=True, password_expires_at=utcnow())
    browser = door.browser()
    answer = door.try_in(READER, browser=browser)
    assert answer.status_code == 403
    assert "Admin &lt;admin@acme.test&gt;" in answer.text
    assert "globex" not in answer.text
    assert browser.get("/me/first-password").status_code == 303
    assert "expired" not in door.try_in(READER, "wrong").text


def test_without_an_administrator_the_support_is_asked(door: Door) -> None:
    door.change(ADMIN, must_change_password=True, password_expires_at=utcnow())
    assert "mailto:support@outpost.test" in door.try_in().text


def test_who_has_chosen_cannot_use_the_page_to_skip_the_old_password(
    door: Door, admin: Person
) -> None:
    assert admin.post("/me/first-password", NEW).location == "/"
    assert door.try_in(password=PASSWORD).status_code == 303
