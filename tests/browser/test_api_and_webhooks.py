"""API tokens, webhooks and the API's page in a browser: the whole way, also without script, axe on what one sees."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.helpers import axe, signed_in
from tests.browser.test_every_page import reflows
from tests.cast import Person
from tests.webhooks.conftest import Post, loopback, post, there
from tests.webhooks.receiver import Receiver

__all__ = ["loopback", "post", "there"]

pytestmark = [pytest.mark.browser]


def create_token(page: Page, org: str) -> None:
    page.goto(f"/o/{org}/api-tokens")
    page.get_by_role("link", name="Create API token").first.click()
    page.get_by_label("Name").fill("Ticket system")
    page.get_by_label("See printer requests").check()
    page.get_by_role("button", name="Create token").click()


@pytest.mark.feature("P-32", "P-39")
def test_a_token_is_made_without_script(no_js_page: Page, admin: Person) -> None:
    signed_in(no_js_page, admin)
    create_token(no_js_page, admin.world.acme)
    expect(no_js_page.get_by_text("shown this once")).to_be_visible()
    no_js_page.get_by_role("link", name="I have copied it").click()
    no_js_page.get_by_role("link", name="Revoke").click()
    no_js_page.get_by_role("button", name="Revoke").click()
    expect(no_js_page.get_by_text("“Ticket system” is revoked.")).to_be_visible()


@pytest.mark.feature("P-32", "Q-30")
def test_tokens_pages_are_accessible(browser_page: Page, admin: Person) -> None:
    signed_in(browser_page, admin)
    create_token(browser_page, admin.world.acme)
    axe(browser_page)
    browser_page.get_by_role("link", name="I have copied it").click()
    axe(browser_page)
    browser_page.get_by_role("link", name="Revoke").click()
    expect(browser_page.get_by_role("dialog")).to_be_visible()
    axe(browser_page)
    browser_page.get_by_role("button", name="Revoke").click()
    expect(browser_page.get_by_text("“Ticket system” is revoked.")).to_be_visible()


@pytest.mark.feature("P-33", "P-39")
def test_a_webhook_from_creating_to_its_log_without_script(
    no_js_page: Page, admin: Person, post: Post, there: Receiver
) -> None:
    page = no_js_page
    signed_in(page, admin)
    page.goto(f"/o/{admin.world.acme}/webhooks/new")
    page.get_by_label("Name").fill("Ticket system")
    page.get_by_label("Address").fill(there.url)
    page.get_by_label("Request opened").check()
    page.get_by_role("button", name="Create webhook").click()
    expect(page.get_by_text("shown this once")).to_be_visible()
    page.get_by_role("link", name="I have copied it").click()
    page.get_by_role("button", name="Send a test").click()
    post.drain()
    page.reload()
    expect(page.get_by_text("thank you")).to_be_visible()
    page.get_by_role("button", name="Send again").click()
    post.drain()
    assert len(there.received) == 2


@pytest.mark.feature("P-33", "Q-30")
def test_webhooks_pages_are_accessible(
    phone_page: Page, admin: Person, post: Post, there: Receiver
) -> None:
    there.answers = ["500", "200"]
    post.webhook(there.url)
    post.happens(3)
    post.drain()
    signed_in(phone_page, admin)
    hook, rows = post.hook().public_id, post.deliveries()
    for path in ("", f"/{hook}", f"/{hook}/deliveries/{rows[0].public_id}", f"/{hook}/edit"):
        phone_page.goto(f"/o/{admin.world.acme}/webhooks{path}")
        axe(phone_page)
        assert reflows(phone_page), path


@pytest.mark.feature("P-32", "Q-30")
def test_the_apis_page_is_accessible(phone_page: Page) -> None:
    phone_page.goto("/api")
    axe(phone_page)
    assert reflows(phone_page)
