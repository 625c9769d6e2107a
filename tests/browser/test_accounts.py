"""Signing in, the way back in, and one's own pages, as people see them."""

from __future__ import annotations

import os
import re
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.accounts.conftest import ADMIN, OTHER_PASSWORD, PASSWORD, READER, Door, door
from tests.browser.helpers import axe, screenshot, signed_in
from tests.cast import Person, sign_in
from webapp.accounts import passwords
from webapp.core.clock import utcnow

__all__ = ["door"]

pytestmark = pytest.mark.browser

SIGNED_OUT = ("/sign-in", "/forgotten", "/forgotten/sent", "/reset/used-up")
OWN = ("/me/profile", "/me/password", "/me/sessions")


def enter(page: Page, name: str = ADMIN, password: str = PASSWORD) -> None:
    page.goto("/sign-in")
    page.get_by_label("User name or e-mail").fill(name)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()


@pytest.mark.feature("P-1")
def test_signing_in_with_the_keyboard_alone(browser_page: Page, door: Door) -> None:
    browser_page.goto("/me/sessions")
    expect(browser_page.get_by_label("User name or e-mail")).to_be_focused()
    browser_page.keyboard.type("admin.acme.test")
    browser_page.keyboard.press("Tab")
    browser_page.keyboard.type(PASSWORD)
    browser_page.keyboard.press("Enter")
    expect(browser_page.get_by_role("heading", level=1)).to_have_text("Sessions")


@pytest.mark.feature("P-1")
def test_a_wrong_entry_is_said_and_the_name_stays(browser_page: Page, door: Door) -> None:
    enter(browser_page, password="wrong")
    expect(browser_page.get_by_role("alert")).to_be_focused()
    expect(browser_page.get_by_role("alert")).to_contain_text("or the password is wrong")
    expect(browser_page.get_by_label("User name or e-mail")).to_have_value(ADMIN)
    expect(browser_page.get_by_label("Password", exact=True)).to_have_value("")
    axe(browser_page)
    screenshot(browser_page, "accounts/sign-in-wrong")


@pytest.mark.feature("P-1")
def test_who_guessed_too_often_is_told_how_long(browser_page: Page, door: Door) -> None:
    door.fail(5, address="127.0.0.1")
    enter(browser_page)
    expect(browser_page.get_by_role("alert")).to_contain_text("possible in 15 minutes")
    axe(browser_page)
    screenshot(browser_page, "accounts/sign-in-wait")


@pytest.mark.feature("P-1")
def test_the_password_can_be_shown(browser_page: Page, door: Door) -> None:
    browser_page.goto("/sign-in")
    field = browser_page.locator("#password")
    field.fill("secret")
    browser_page.get_by_role("button", name="Show password").click()
    expect(field).to_have_attribute("type", "text")


@pytest.mark.feature("P-1", "P-39")
def test_all_of_it_works_without_javascript(no_js_page: Page, door: Door) -> None:
    no_js_page.goto("/sign-in")
    no_js_page.locator("summary", has_text="English").click()
    no_js_page.get_by_role("button", name="Deutsch").click()
    expect(no_js_page.locator("html")).to_have_attribute("lang", "de")
    no_js_page.locator("summary", has_text="Deutsch").click()
    no_js_page.get_by_role("button", name="English").click()
    enter(no_js_page, password="wrong")
    expect(no_js_page.get_by_role("alert")).to_contain_text("wrong")
    no_js_page.locator("#password").fill(PASSWORD)
    no_js_page.get_by_role("button", name="Sign in", exact=True).click()
    no_js_page.goto("/me/password")
    no_js_page.locator("#old_password").fill(PASSWORD)
    no_js_page.locator("#password").fill("short")
    no_js_page.locator("#again").fill("short")
    no_js_page.get_by_role("button", name="Change password").click()
    expect(no_js_page.get_by_role("alert")).to_contain_text("at least 12 characters")


@pytest.mark.feature("P-4")
def test_forgotten_and_found_again(browser_page: Page, door: Door) -> None:
    browser_page.goto("/sign-in")
    browser_page.get_by_role("link", name="Forgotten your password?").click()
    browser_page.get_by_label("E-mail or user name").fill(ADMIN)
    browser_page.get_by_role("button", name="Mail me a link").click()
    expect(browser_page.get_by_role("heading", level=1)).to_have_text("Look into your mailbox")
    [(_, text)] = door.mails("password_reset")
    mailed = re.search(r"/reset/[\w-]+", text)
    assert mailed is not None
    browser_page.goto(mailed[0])
    axe(browser_page)
    screenshot(browser_page, "accounts/reset")
    browser_page.get_by_label("New password", exact=True).fill(OTHER_PASSWORD)
    browser_page.get_by_label("New password again").fill(OTHER_PASSWORD)
    browser_page.get_by_role("button", name="Set password").click()
    expect(browser_page.locator("#notices")).to_contain_text("Your password is set")
    enter(browser_page, password=OTHER_PASSWORD)
    browser_page.wait_for_url(lambda url: "/sign-in" not in url)


@pytest.mark.feature("P-3")
def test_a_first_password_is_replaced(browser_page: Page, door: Door) -> None:
    door.change(READER, must_change_password=True, password_expires_at=utcnow() + timedelta(days=7))
    enter(browser_page, READER)
    expect(browser_page.get_by_role("heading", level=1)).to_have_text("Choose your own password")
    browser_page.goto("/me/profile")
    expect(browser_page).to_have_url(re.compile("/me/first-password$"))
    axe(browser_page)
    screenshot(browser_page, "accounts/first-password")
    browser_page.get_by_label("New password", exact=True).fill(OTHER_PASSWORD)
    browser_page.get_by_label("New password again").fill(OTHER_PASSWORD)
    browser_page.get_by_role("button", name="Set password and go on").click()
    browser_page.wait_for_url(lambda url: "first-password" not in url)
    browser_page.goto("/me/profile")
    expect(browser_page.get_by_role("heading", level=1)).to_have_text("Profile")


@pytest.mark.feature("P-3")
def test_an_expired_first_password_names_the_administrator(browser_page: Page, door: Door) -> None:
    door.change(READER, must_change_password=True, password_expires_at=utcnow())
    enter(browser_page, READER)
    expect(browser_page.locator("main")).to_contain_text(ADMIN)
    axe(browser_page)
    screenshot(browser_page, "accounts/first-password-expired")


@pytest.mark.feature("P-2")
def test_the_page_ticks_off_what_the_server_asks(browser_page: Page, admin: Person) -> None:
    signed_in(browser_page, admin).goto("/me/password")
    for typed in (
        "",
        "Short-1",
        "no-upper-case-1",
        "NO-LOWER-CASE-1",
        "No-digit-in-here",
        "NoSpecial1InHere",
        "Żółta łódź 7 x",
        "Ωμέγα-ωμέγα-٣",
        "👍👍👍👍👍👍👍👍A1a",
        OTHER_PASSWORD,
    ):
        browser_page.locator("#password").fill(typed)
        met = browser_page.locator("#password-rules .met").evaluate_all(
            "items => items.map(item => item.dataset.rule)"
        )
        assert met == [part for part, fits in passwords.PARTS.items() if fits(typed)], typed


@pytest.mark.feature("P-7")
def test_a_session_elsewhere_is_ended(browser_page: Page, door: Door, admin: Person) -> None:
    door.try_in(address="203.0.113.99")
    signed_in(browser_page, admin).goto("/me/sessions")
    rows = browser_page.locator("tbody tr")
    expect(rows).to_have_count(2)
    rows.filter(has_text="203.0.113.99").get_by_role("button").click()
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("this one")


@pytest.mark.feature("P-7")
def test_all_others_are_ended_after_a_question(
    browser_page: Page, door: Door, admin: Person
) -> None:
    for _ in range(3):
        sign_in(door.world, ADMIN)
    signed_in(browser_page, admin).goto("/me/sessions")
    browser_page.get_by_role("button", name="Sign out all others").click()
    dialog = browser_page.get_by_role("dialog")
    expect(dialog).to_contain_text("End all your sessions but this one?")
    dialog.get_by_role("button", name="Sign out all others").click()
    expect(browser_page.locator("tbody tr")).to_have_count(1)
    expect(browser_page.locator("#notices")).to_contain_text("3 other sessions ended")


VARIANTS = [(1280, "dark"), (360, "light")]
if os.environ.get("A11Y") == "all":
    VARIANTS += [(1280, "light"), (360, "dark")]


@pytest.mark.feature("Q-30", "P-39")
@pytest.mark.parametrize(("width", "theme"), VARIANTS)
@pytest.mark.parametrize("path", [*SIGNED_OUT, *OWN])
def test_axe_finds_nothing(
    request: pytest.FixtureRequest, door: Door, admin: Person, width: int, theme: str, path: str
) -> None:
    page: Page = request.getfixturevalue("browser_page" if width == 1280 else "phone_page")
    page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
    if path in OWN:
        signed_in(page, admin)
        door.try_in(address="203.0.113.99", browser=door.firefox())
    page.goto(path)
    axe(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    screenshot(page, f"accounts/{path.strip('/').replace('/', '-')}-{width}-{theme}")
