"""Organisations, users, rights and the log, as people work with them."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.helpers import axe, screenshot, signed_in
from tests.cast import Person, World
from tests.orgs.trees import Tree, mails, membership, public_id, tree, user

__all__ = ["tree"]

pytestmark = pytest.mark.browser


def pages(tree: Tree) -> list[str]:
    """Every page of an administrator's."""
    here, person = f"/o/{tree.world.acme}", public_id(tree.world, "reader@acme.test")
    return [
        f"{here}/",
        f"{here}/organisations",
        f"{here}/organisations/new",
        f"{here}/organisations/{tree.south}",
        f"{here}/organisations/{tree.south}/edit",
        f"{here}/organisations/{tree.south}/closure",
        f"{here}/users",
        f"{here}/users/new",
        f"{here}/users/add",
        f"{here}/users/{person}",
        f"{here}/users/{person}/edit",
        f"{here}/users/{person}/password",
        f"{here}/rights",
        f"{here}/audit",
    ]


@pytest.mark.feature("P-39", "Q-30")
def test_every_page_is_accessible(browser_page: Page, admin: Person, tree: Tree) -> None:
    signed_in(browser_page, admin)
    for path in pages(tree):
        browser_page.goto(path)
        axe(browser_page)


@pytest.mark.feature("P-39")
def test_every_page_fits_a_phone(phone_page: Page, admin: Person, tree: Tree) -> None:
    signed_in(phone_page, admin)
    for path in pages(tree):
        phone_page.goto(path)
        wide = phone_page.evaluate("document.documentElement.scrollWidth")
        assert wide <= 360, f"{path} is {wide} wide"


@pytest.mark.feature("P-10")
def test_an_organisation_is_added_edited_and_closed(
    browser_page: Page, admin: Person, tree: Tree
) -> None:
    page = signed_in(browser_page, admin)
    page.goto(f"/o/{tree.world.acme}/organisations")
    screenshot(page, "organisations")
    page.get_by_role("link", name="Add organisation").click()
    page.get_by_label("Name", exact=True).fill("West")
    page.get_by_label("Short prefix").fill("GLX")
    page.get_by_role("button", name="Add organisation").click()
    expect(page.get_by_role("alert")).to_contain_text("taken")
    expect(page.get_by_label("Name", exact=True)).to_have_value("West")
    page.get_by_label("Short prefix").fill("west")
    page.get_by_role("button", name="Add organisation").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("West")
    page.get_by_role("link", name="Edit").click()
    page.get_by_label("Your reference").fill("W-9")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("W-9")).to_be_visible()
    page.get_by_role("link", name="Close organisation").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Close West?")
    expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    dialog.get_by_role("button", name="Close organisation").click()
    expect(page.get_by_text("West is closed.")).to_be_visible()


@pytest.mark.feature("P-13", "P-3")
def test_a_user_is_added_and_given_rights(browser_page: Page, admin: Person, world: World) -> None:
    page = signed_in(browser_page, admin)
    page.goto(f"/o/{world.acme}/users")
    screenshot(page, "users")
    page.get_by_role("link", name="Add user").click()
    page.get_by_label("Name", exact=True).fill("Nils Neu")
    page.get_by_label("E-mail address").fill("nils@acme.test")
    page.get_by_label("User name").fill("nils")
    page.get_by_label("Reader").check()
    page.get_by_text("Advanced: single permissions").click()
    page.get_by_label("Read the audit log").check()
    page.get_by_role("button", name="Add user").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Nils Neu")
    expect(page.get_by_text("The first password is valid until")).to_be_visible()
    assert [m.recipient for m in mails(world, "first_password")] == ["nils@acme.test"]
    found = membership(world, "nils@acme.test", world.acme_id)
    assert found is not None
    assert found.grants == ["organisation:audit:read"]


@pytest.mark.feature("P-38")
def test_filters_narrow_the_users_at_once(browser_page: Page, admin: Person, tree: Tree) -> None:
    page = signed_in(browser_page, admin)
    page.goto(f"/o/{tree.world.acme}/users")
    page.locator("summary", has_text="Role").click()
    page.get_by_role("checkbox", name="Reader 1", exact=True).locator("visible=true").check()
    page.get_by_role("button", name="Apply").locator("visible=true").click()
    expect(page.locator(".total")).to_have_text("1 of 2 users")
    expect(page).to_have_url(f"{page.url.split('?')[0]}?role=reader")
    screenshot(page, "users-filtered")


@pytest.mark.feature("P-39", "P-13")
def test_a_user_is_deactivated_without_javascript(
    no_js_page: Page, admin: Person, world: World
) -> None:
    page = signed_in(no_js_page, admin)
    page.goto(f"/o/{world.acme}/users/{public_id(world, 'reader@acme.test')}")
    page.get_by_role("link", name="Deactivate").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Deactivate Reader?")
    page.get_by_role("button", name="Deactivate").click()
    expect(page.get_by_role("button", name="Activate again")).to_be_visible()
    assert not user(world, "reader@acme.test").is_active


@pytest.mark.feature("P-15")
def test_who_may_not_asks_for_it(browser_page: Page, reader: Person, world: World) -> None:
    page = signed_in(browser_page, reader)
    page.goto(f"/o/{world.acme}/audit")
    axe(page)
    screenshot(page, "not-permitted")
    page.get_by_role("button", name="Ask for it").click()
    expect(page.get_by_text("Your wish was mailed to Admin.")).to_be_visible()
    assert len(mails(world, "right_asked")) == 1


@pytest.mark.feature("P-30")
def test_the_log_tells_what_was_changed(browser_page: Page, admin: Person, tree: Tree) -> None:
    page = signed_in(browser_page, admin)
    page.goto(f"/o/{tree.world.acme}/organisations/{tree.world.acme}/edit")
    page.get_by_label("Your reference").fill("A-1")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("link", name="Audit log").click()
    screenshot(page, "audit")
    page.get_by_role("row", name="Organisation changed").get_by_role("link").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Organisation changed")
    expect(page.get_by_role("row", name="reference")).to_contain_text("A-1")
    axe(page)


@pytest.mark.feature("P-36")
def test_the_operator_area(browser_page: Page, operator: Person, world: World) -> None:
    page = signed_in(browser_page, operator)
    for path in ("/operator/", "/operator/organisations", "/operator/organisations/new"):
        page.goto(path)
        axe(page)
    page.goto(f"/operator/organisations/{world.acme}")
    axe(page)
    expect(page.get_by_text("admin@acme.test")).to_be_visible()
