"""Legal texts, help and backups as people see them: both themes, 360 px, without JavaScript."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.backups.conftest import backing_up
from tests.browser.helpers import axe, screenshot, server_of, signed_in
from tests.cast import Person, World
from tests.legal.test_texts import published
from webapp.backups import jobs
from webapp.core import drains
from webapp.core.clock import utcnow
from webapp.core.db import commit
from webapp.core.web import Portal
from webapp.legal import demo

__all__ = ["backing_up"]


@pytest.fixture
def texts(world: World) -> None:
    with world.portal.app_context():
        demo.seed(now=utcnow())
        commit()


def looked_at(page: Page, path: str, name: str) -> None:
    """Nothing wider than the screen, nothing that axe finds; a picture."""
    answer = page.goto(path)
    assert answer is not None
    assert answer.ok, path
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth + 1"), path
    axe(page)
    screenshot(page, name)


@pytest.mark.feature("P-40")
def test_the_operator_writes_and_publishes_a_text(
    texts: None, operator: Person, browser_page: Page
) -> None:
    page = signed_in(browser_page, operator)
    looked_at(page, "/operator/legal", "legal-overview")
    page.goto("/operator/legal/privacy/en")
    page.get_by_role("button", name="Begin the next edition").click()
    page.get_by_label("Text (HTML)").fill("<h2>What is new</h2><p>Everything.</p>")
    page.get_by_role("button", name="Save the draft").click()
    page.get_by_role("heading", name="What is new").wait_for()
    screenshot(page, "legal-draft")
    page.get_by_role("button", name="Save and publish").click()
    page.locator("dialog#confirm").get_by_role("button", name="Publish").click()
    page.get_by_text("Edition 2 is published.").wait_for()
    looked_at(page, "/legal/privacy", "legal-text")


@pytest.mark.feature("P-40")
def test_a_visitor_reads_them_in_the_dark_on_a_phone(texts: None, phone_page: Page) -> None:
    phone_page.emulate_media(color_scheme="dark")
    looked_at(phone_page, "/legal", "legal-notice-phone-dark")
    looked_at(phone_page, "/legal/terms", "legal-terms-phone-dark")
    looked_at(phone_page, "/sign-up", "sign-up-phone-dark")


@pytest.mark.feature("P-40")
def test_one_sees_what_one_accepted(operator: Person, admin: Person, browser_page: Page) -> None:
    published(operator, "<p>Words</p>", kind="terms")
    looked_at(signed_in(browser_page, admin), "/me/acceptances", "legal-acceptances")


@pytest.mark.feature("P-39")
def test_help_answers_without_javascript(
    no_js_page: Page, browser_page: Page, operator: Person
) -> None:
    no_js_page.goto("/sign-in")
    no_js_page.get_by_role("link", name="Help").first.click()
    assert no_js_page.url == f"{server_of(no_js_page)}/help/signing-in"
    no_js_page.get_by_label("What is missing or wrong?").fill("A picture would help.")
    no_js_page.get_by_role("button", name="No, it did not").click()
    no_js_page.get_by_text("Thank you.").wait_for()
    no_js_page.goto("/help")
    no_js_page.get_by_role("searchbox").fill("webhook")
    no_js_page.get_by_role("button", name="Search").click()
    assert no_js_page.get_by_role("link", name="API tokens and webhooks").is_visible()
    looked_at(signed_in(browser_page, operator), "/operator/help", "help-votes")


@pytest.mark.feature("P-39")
def test_help_in_both_themes_and_on_a_phone(
    admin: Person, browser_page: Page, phone_page: Page
) -> None:
    phone_page.emulate_media(color_scheme="dark")
    looked_at(phone_page, "/help", "help-phone-dark")
    looked_at(phone_page, "/help/signing-in", "help-page-phone-dark")
    looked_at(signed_in(browser_page, admin), "/help/panic-button", "help-page")


@pytest.mark.feature("P-39")
def test_the_search_finds_while_one_types(browser_page: Page) -> None:
    browser_page.goto("/help")
    browser_page.get_by_role("searchbox").press_sequentially("recovery")
    browser_page.get_by_role("link", name="Inviting people").wait_for(state="detached")
    assert browser_page.get_by_role("link", name="Signing in and the second factor").is_visible()


@pytest.mark.feature("Q-12")
def test_the_operator_looks_at_the_backups(
    operator: Person, backing_up: Path, portal: Portal, browser_page: Page, phone_page: Page
) -> None:
    with portal.app_context():
        drains.run(jobs.SWEEP)
    page = signed_in(browser_page, operator)
    looked_at(page, "/operator/backups", "backups")
    page.get_by_role("button", name="Back up now").click()
    page.get_by_text("The backup begins in a moment.").wait_for()
    page.emulate_media(color_scheme="dark")
    looked_at(page, "/operator/backups", "backups-dark")
    looked_at(signed_in(phone_page, operator), "/operator/backups", "backups-phone")
