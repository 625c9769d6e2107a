"""Inviting and partners, step by step as the manual tells it (7.1, 9.4, 9.5, 9.8)."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.helpers import axe, screenshot, signed_in
from tests.cast import Person, World
from tests.orgs.guests import PASSWORD, invite, link_of, mailed_link
from tests.orgs.test_settings import PDF, picture
from tests.orgs.trees import mails, membership

pytestmark = pytest.mark.browser


@pytest.mark.feature("P-16", "Q-31")
def test_an_invitation_is_added_looked_over_and_sent(
    browser_page: Page, admin: Person, world: World
) -> None:
    """9.4: the menu Invitations, +, the data, Save; look it over, preview, Send; a panel confirms."""
    page = signed_in(browser_page, admin)
    page.goto(f"/o/{world.acme}/")
    page.get_by_role("link", name="Invitations", exact=True).click()
    page.get_by_role("link", name="Add invitation").first.click()
    page.get_by_label("Name", exact=True).fill("Démo NAH FR")
    page.get_by_label("E-mail address").fill("nah@new.test")
    page.get_by_label("Language of the mail").select_option("fr")
    page.get_by_label("Administrator", exact=True).check()
    axe(page)
    screenshot(page, "invitation-new")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Démo NAH FR")
    expect(page.get_by_text("Prepared. It becomes valid")).to_be_visible()
    preview = page.frame_locator("iframe")
    expect(preview.get_by_role("heading", level=1)).to_have_text("Vous êtes invité")
    axe(page)
    screenshot(page, "invitation")
    page.get_by_role("button", name="Send invitation by mail").click()
    expect(page.get_by_text("The invitation is on its way to nah@new.test.")).to_be_visible()
    assert [m.recipient for m in mails(world, "invitation")] == ["nah@new.test"]
    page.goto(f"/o/{world.acme}/invitations")
    expect(page.locator(".total")).to_have_text("1 invitation")
    expect(page.get_by_role("row", name="Démo NAH FR")).to_contain_text("Sent")
    axe(page)
    screenshot(page, "invitations")


@pytest.mark.feature("P-16", "Q-31")
def test_the_invited_person_follows_the_link_of_the_mail(
    browser_page: Page, admin: Person, world: World
) -> None:
    """7.1: the mail arrives, the link opens, and is limited in time; 7.2: one is signed in."""
    admin.post(f"{invite(admin)}/sendings")
    browser_page.goto(mailed_link(world))
    expect(browser_page.get_by_role("heading", level=1)).to_have_text("You are invited")
    expect(browser_page.get_by_label("E-mail address")).to_have_value("nora@new.test")
    axe(browser_page)
    screenshot(browser_page, "invited")
    browser_page.get_by_label("User name").fill("nora")
    browser_page.get_by_label("Password", exact=True).fill(PASSWORD)
    browser_page.get_by_label("Password again").fill("Another-Horse-9-Battery")
    browser_page.get_by_role("button", name="Accept and sign in").click()
    expect(browser_page.get_by_role("alert")).to_contain_text("The two passwords differ.")
    browser_page.get_by_label("Password", exact=True).fill(PASSWORD)
    browser_page.get_by_label("Password again").fill(PASSWORD)
    browser_page.get_by_role("button", name="Accept and sign in").click()
    expect(browser_page.get_by_text("Welcome to Acme.")).to_be_visible()
    assert membership(world, "nora@new.test", world.acme_id) is not None
    browser_page.goto(mailed_link(world))
    expect(browser_page.get_by_role("heading", level=1)).to_have_text(
        "This invitation can't be used"
    )
    axe(browser_page)
    screenshot(browser_page, "invitation-gone")


@pytest.mark.feature("P-16", "P-39")
def test_a_link_is_created_and_accepted_without_javascript(
    no_js_page: Page, admin: Person, stranger: Person, world: World
) -> None:
    page = signed_in(no_js_page, admin)
    page.goto(invite(admin, email=""))
    page.get_by_role("button", name="Create link").click()
    expect(page.get_by_text("it is shown this once")).to_be_visible()
    shown = page.get_by_text("http://localhost/invitation/").inner_text()
    link = shown.strip().removeprefix("http://localhost")
    page.get_by_role("link", name="I have copied it").click()
    expect(page.get_by_text("Its link is out.")).to_be_visible()
    signed_in(page, stranger)
    page.goto(link)
    expect(page.get_by_text("Your rights there: Reader.")).to_be_visible()
    page.get_by_role("button", name="Accept").click()
    expect(page.get_by_text("Welcome to Acme.")).to_be_visible()
    assert membership(world, "admin@globex.test", world.acme_id) is not None


@pytest.mark.feature("P-16", "Q-31")
def test_an_invitation_is_edited_and_revoked(
    browser_page: Page, admin: Person, world: World
) -> None:
    """9.5: the row's menu, Edit, the data, Save."""
    link = link_of(admin, invite(admin))
    page = signed_in(browser_page, admin)
    page.goto(f"/o/{world.acme}/invitations")
    page.get_by_role("row", name="Nora Neu").locator("summary").click()
    page.get_by_role("link", name="Edit").click()
    axe(page)
    page.get_by_label("Name", exact=True).fill("Nora Nova")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Nora Nova")
    page.get_by_role("link", name="Revoke invitation").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Revoke the invitation of Nora Nova?")
    axe(page)
    dialog.get_by_role("button", name="Revoke").click()
    expect(page.get_by_text("The invitation of Nora Nova is revoked.")).to_be_visible()
    page.goto(link)
    expect(page.get_by_role("heading", level=1)).to_have_text("This invitation can't be used")


@pytest.mark.feature("P-12", "Q-31")
def test_a_partner_is_added_and_removed(browser_page: Page, admin: Person, world: World) -> None:
    """9.8: in Organisations, *Add partner*, the id that the other organisation told, Save."""
    page = signed_in(browser_page, admin)
    page.goto(f"/o/{world.acme}/organisations")
    page.get_by_role("link", name="Add partner").click()
    page.get_by_label("Organisation id").fill("ORG-UNKNOWN")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("No organisation has this id.")
    axe(page)
    page.get_by_label("Organisation id").fill(world.globex)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Globex is a partner now.")).to_be_visible()
    axe(page)
    page.get_by_role("link", name="Partners", exact=True).first.click()
    expect(page.locator(".total")).to_have_text("1 partner")
    axe(page)
    screenshot(page, "partners")
    page.get_by_role("link", name="Globex").click()
    page.get_by_role("link", name="Remove partner").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    dialog.get_by_role("button", name="Remove").click()
    expect(page.get_by_text("Globex is no longer a partner.")).to_be_visible()


@pytest.mark.feature("P-39", "P-12", "P-16")
def test_every_page_fits_a_phone(phone_page: Page, admin: Person, world: World) -> None:
    page, here = invite(admin, name="A name that is quite long for a phone"), f"/o/{world.acme}"
    link = link_of(admin, page)
    partner = admin.post(f"{here}/partners/new", {"public_id": world.globex}).location
    phone_page.goto(link)
    _fits(phone_page, link)
    signed_in(phone_page, admin)
    paths = [f"{here}/invitations", f"{here}/invitations/new", page, f"{link}/join"]
    paths += [f"{page}/{rest}" for rest in ("edit", "test", "revocation")]
    paths += [
        f"{here}/settings",
        f"{here}/partners",
        f"{here}/partners/new",
        partner,
        f"{partner}/removal",
    ]
    for path in paths:
        phone_page.goto(path)
        _fits(phone_page, path)
        axe(phone_page)


def _fits(page: Page, path: str) -> None:
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= 360, f"{path} is {wide} wide"


@pytest.mark.feature("P-17")
def test_settings_change_the_look_and_the_document(
    browser_page: Page, admin: Person, world: World
) -> None:
    page = signed_in(browser_page, admin)
    page.goto(f"/o/{world.acme}/")
    page.get_by_role("link", name="Settings", exact=True).click()
    page.get_by_label("Colour", exact=True).select_option(label="Violet")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("The settings are saved.")).to_be_visible()
    logo = {"name": "logo.svg", "mimeType": "image/svg+xml", "buffer": b"<svg/>"}
    page.locator("input[name=logo]").set_input_files(logo)  # type: ignore[arg-type]
    page.get_by_role("button", name="Save the logo").click()
    expect(page.get_by_role("alert")).to_contain_text("This is no PNG, JPEG or WebP picture.")
    page.locator("input[name=logo]").set_input_files(
        {"name": "logo.png", "mimeType": "image/png", "buffer": picture()}
    )
    page.get_by_role("button", name="Save the logo").click()
    expect(page.get_by_role("img", name="Logo of Acme")).to_be_visible()
    page.get_by_label("PDF file").set_input_files(
        {"name": "Welcome.pdf", "mimeType": "application/pdf", "buffer": PDF}
    )
    page.get_by_role("button", name="Save the document").click()
    expect(page.get_by_role("link", name="English: Welcome.pdf")).to_be_visible()
    axe(page)
    screenshot(page, "settings")
