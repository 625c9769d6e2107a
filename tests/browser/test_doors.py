"""The second step, asking again, a new address, an account of one's own: as people meet them."""

from __future__ import annotations

import os
import re
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from tests.accounts.conftest import PASSWORD, Door, door
from tests.accounts.phones import Phone, set_up
from tests.browser.helpers import axe, screenshot, signed_in
from tests.browser.test_accounts import enter
from tests.cast import Person
from webapp.accounts.models import UserSession
from webapp.core.clock import utcnow
from webapp.core.db import commit, db

__all__ = ["door"]

pytestmark = pytest.mark.browser

SIGNED_OUT = ("/sign-up", "/sign-up/sent", "/sign-up/used-up", "/confirm-email/used-up")
OWN = ("/me/two-factor", "/me/email", "/me/profile", "/me/companies/new")
CODE = "Code from your app"


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webapp.orgs.routes.sign_up.TAKES_SECONDS", 0.0)


def heading(page: Page, words: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(words)


def long_ago(door: Door) -> None:
    """Everybody's last proof is older than ten minutes."""
    with door.world.portal.app_context():
        for row in db.session.scalars(select(UserSession)):
            row.proved_at = utcnow() - timedelta(minutes=11)
        commit()


def secret_shown(page: Page) -> Phone:
    return Phone(page.locator("[data-copy-source]").inner_text().replace(" ", ""))


def mailed(door: Door, kind: str, path: str) -> str:
    found = re.search(rf"{path}[\w-]+", door.mails(kind)[-1][1])
    assert found is not None
    return found[0]


@pytest.mark.feature("P-6")
def test_a_phone_is_set_up_and_used(browser_page: Page, door: Door, admin: Person) -> None:
    page = signed_in(browser_page, admin)
    page.goto("/me/two-factor")
    page.get_by_role("button", name="Set it up").click()
    heading(page, "Set up two-factor sign-in")
    expect(page.get_by_role("img", name="QR code for your authenticator app")).to_be_visible()
    axe(page)
    phone = secret_shown(page)
    screenshot(page, "accounts/two-factor-setup")
    page.get_by_label(CODE).fill("000000")
    page.get_by_role("button", name="Switch on").click()
    expect(page.get_by_role("alert")).to_contain_text("does not fit")
    page.get_by_label(CODE).fill(phone.code(steps=-1))
    page.get_by_role("button", name="Switch on").click()
    heading(page, "Your recovery codes")
    codes = page.locator(".recovery-codes code").all_inner_texts()
    assert len(codes) == 10
    axe(page)
    screenshot(page, "accounts/recovery-codes")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    text = download.value.path().read_text()
    assert all(code in text for code in codes)
    page.get_by_role("link", name="I have kept them").click()
    expect(page.locator("main")).to_contain_text("It is on")
    page.context.clear_cookies()
    enter(page)
    heading(page, "Second step")
    expect(page.get_by_label(CODE)).to_be_focused()
    axe(page)
    screenshot(page, "accounts/second-step")
    page.keyboard.type(phone.code())
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/sign-in" not in url)
    page.context.clear_cookies()
    enter(page)
    page.get_by_role("link", name="Use a recovery code").click()
    axe(page)
    page.get_by_label("Recovery code").fill(codes[0].lower())
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.locator("#notices")).to_contain_text("You have 9 left")


@pytest.mark.feature("P-6")
def test_it_is_switched_off_after_a_question(browser_page: Page, door: Door, admin: Person) -> None:
    set_up(admin)
    page = signed_in(browser_page, admin)
    page.goto("/me/two-factor")
    axe(page)
    page.get_by_role("link", name="Switch off").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("your password alone opens your account")
    dialog.get_by_role("button", name="Switch off").click()
    expect(page.locator("#notices")).to_contain_text("Two-factor sign-in is off")


@pytest.mark.feature("P-9")
@pytest.mark.parametrize("kind", ["browser_page", "no_js_page"])
def test_asked_again_nothing_is_lost(
    request: pytest.FixtureRequest, kind: str, door: Door, admin: Person
) -> None:
    page = signed_in(request.getfixturevalue(kind), admin)
    page.goto(f"/o/{door.world.acme}/users/new")
    page.get_by_label("Name", exact=True).fill("Nils Neu")
    page.get_by_label("E-mail address").fill("nils@acme.test")
    page.get_by_label("User name").fill("nils")
    page.get_by_label("Reader", exact=True).check()
    long_ago(door)
    page.get_by_role("button", name="Add user").click()
    heading(page, "Is it still you?")
    axe(page) if kind == "browser_page" else None
    screenshot(page, "accounts/proof")
    page.get_by_label("Your password", exact=True).fill("wrong")
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("alert")).to_contain_text("not your present password")
    page.get_by_label("Your password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Go on").click()
    heading(page, "Nils Neu")


@pytest.mark.feature("P-5")
def test_a_new_address_is_confirmed(browser_page: Page, door: Door, admin: Person) -> None:
    page = signed_in(browser_page, admin)
    page.goto("/me/profile")
    page.get_by_role("link", name="Change the e-mail address").click()
    page.get_by_label("New e-mail address").fill("ada@new.test")
    page.get_by_role("button", name="Mail me a link").click()
    expect(page.locator("main")).to_contain_text("A link is on its way to ada@new.test")
    axe(page)
    screenshot(page, "accounts/email-waiting")
    page.goto(mailed(door, "confirm_email", "/confirm-email/"))
    axe(page)
    page.get_by_role("button", name="Confirm the address").click()
    expect(page.locator("#notices")).to_contain_text("The address is confirmed: ada@new.test")
    heading(page, "Profile")


@pytest.mark.feature("P-8")
def test_from_the_sign_in_to_a_company_of_ones_own(no_js_page: Page, door: Door) -> None:
    page = no_js_page
    page.goto("/sign-in")
    page.get_by_role("link", name="Create an account").click()
    page.get_by_label("Name", exact=True).fill("Nina Neu")
    page.get_by_label("E-mail address").fill("nina@new.test")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Password again").fill(PASSWORD)
    page.get_by_role("button", name="Create the account").click()
    heading(page, "Look into your mailbox")
    page.goto(mailed(door, "confirm_email", "/sign-up/"))
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Confirm and sign in").click()
    heading(page, "Welcome, Nina Neu")
    screenshot(page, "accounts/personal-home")
    page.get_by_role("link", name="Create a company").click()
    page.get_by_label("Name", exact=True).fill("Neu AB")
    page.get_by_role("button", name="Create the company").click()
    expect(page.locator("#notices")).to_contain_text("You are its administrator")


@pytest.mark.feature("P-6")
def test_an_organisation_asks_its_members(browser_page: Page, door: Door, admin: Person) -> None:
    page = signed_in(browser_page, admin)
    page.goto(f"/o/{door.world.acme}/organisations/{door.world.acme}/edit")
    page.get_by_label("Require two-factor sign-in").check()
    page.get_by_role("button", name="Save").click()
    expect(page).to_have_url(re.compile("/me/two-factor$"))
    expect(page.locator("main")).to_contain_text("Acme asks its members")
    axe(page)


VARIANTS = [(1280, "dark"), (360, "light")]
if os.environ.get("A11Y") == "all":
    VARIANTS += [(1280, "light"), (360, "dark")]


@pytest.mark.feature("Q-30", "P-39")
@pytest.mark.parametrize(("width", "theme"), VARIANTS)
def test_axe_finds_nothing(
    request: pytest.FixtureRequest, door: Door, admin: Person, width: int, theme: str
) -> None:
    page: Page = request.getfixturevalue("browser_page" if width == 1280 else "phone_page")
    page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
    for path in SIGNED_OUT:
        look(page, path, width)
    signed_in(page, admin)
    for path in OWN:
        look(page, path, width)
    admin.post("/me/two-factor/setups")
    look(page, "/me/two-factor", width)
    long_ago(door)
    look(page, "/me/proof", width)


def look(page: Page, path: str, width: int) -> None:
    page.goto(path)
    axe(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width, path
