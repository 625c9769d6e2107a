"""The printer administrator's screens in a real browser: with script, without, on a phone, and for axe."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from tests.browser.conftest import _page
from tests.browser.helpers import axe, screenshot, signed_in
from tests.cast import Person, World
from tests.printers.conftest import SERIAL, Field, acme  # noqa: F401 - a fixture
from tests.printers.desk import base, call_for_help, one
from webapp.printers.models import PanicReason, PanicRequest, Printer

pytestmark = pytest.mark.browser
FACTS = {
    "serial": SERIAL,
    "ip": "192.0.2.31",
    "counters": {"total": 580249, "black": 400000, "colour": 180249, "large": 120},
    "faults": ["Paper jam in tray 2"],
    "supplies": [
        {"name": "Black toner", "level_percent": 5, "state": "low"},
        {"name": "Cyan toner", "level_percent": 64, "state": "ok"},
    ],
}


@pytest.fixture
def called(acme: Field) -> Field:  # noqa: F811
    """Two requests of one printer; the older one's first reading is higher, so its counters are doubtful."""
    call_for_help(
        acme, facts=FACTS, badge_email="tom.baker@acme.test", message="Third time this week."
    )
    call_for_help(acme, facts={**FACTS, "counters": {"total": 580100}})
    return acme


@pytest.fixture(params=["light-1280", "dark-360"])
def any_page(request: pytest.FixtureRequest, browser: Browser, server: str) -> Iterator[Page]:
    theme, width = request.param.split("-")
    phone = {"has_touch": True, "is_mobile": True} if width == "360" else {}
    size = {"width": int(width), "height": 740}
    with _page(browser, server, viewport=size, color_scheme=theme, **phone) as page:
        page.shot = request.param  # type: ignore[attr-defined]
        yield page


def pages_of(field: Field) -> dict[str, str]:
    here, made = (
        base(field.world),
        one(field.world, select(PanicRequest).where(PanicRequest.number == 1)),
    )
    reason = one(field.world, select(PanicReason).where(PanicReason.position == 0))
    button = f"{here}/buttons/{field.button}"
    return {
        "requests": f"{here}/requests",
        "request": f"{here}/requests/{made.public_id}",
        "request-counts": f"{here}/requests/statistics",
        "printers": here,
        "printer": f"{here}/{field.printer}",
        "printer-new": f"{here}/new",
        "printer-edit": f"{here}/{field.printer}/edit",
        "printer-unbind": f"{here}/{field.printer}/confirm/unbindings",
        "printer-labels": f"{here}/labels?printer={field.printer}&printer={field.spare}",
        "printer-import": f"{here}/imports/new",
        "panic-buttons": f"{here}/buttons",
        "panic-button": button,
        "panic-button-edit": f"{button}/edit",
        "panic-button-reason": f"{button}/reasons/{reason.public_id}",
        "enrolment-tokens": f"/o/{field.world.acme}/enrolment-tokens",
        "enrolment-token-new": f"/o/{field.world.acme}/enrolment-tokens/new",
    }


@pytest.mark.feature("B-8", "B-9", "Q-30")
def test_every_page_is_accessible_and_fits(called: Field, admin: Person, any_page: Page) -> None:
    signed_in(any_page, admin)
    for name, url in pages_of(called).items():
        any_page.goto(url)
        wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert any_page.evaluate(wide) <= 0, f"{name} is wider than the screen"
        axe(any_page)
        screenshot(any_page, f"{name}-{any_page.shot}")  # type: ignore[attr-defined]


@pytest.mark.feature("B-9")
def test_a_request_is_found_taken_noted_and_done(
    called: Field, admin: Person, browser_page: Page
) -> None:
    page = signed_in(browser_page, admin)
    page.goto(f"{base(called.world)}/requests")
    page.get_by_role("searchbox", name="Search this list").fill("tom.baker")
    page.keyboard.press("Enter")
    expect(page.get_by_text("1 of 2 requests").first).to_be_visible()
    assert "q=tom.baker" in page.url
    page.get_by_role("link", name="#1").click()
    page.get_by_role("button", name="Take").click()
    expect(page.locator(".page-lead")).to_contain_text("In progress")
    page.get_by_label("Note").fill("Roller ordered.")
    page.get_by_role("button", name="Add note").click()
    expect(page.locator("#history")).to_contain_text("Roller ordered.")
    page.get_by_role("button", name="Done").click()
    expect(page.locator(".page-lead")).to_contain_text("Done")
    expect(page.get_by_role("button", name="Reopen")).to_be_visible()


@pytest.mark.feature("B-9")
def test_several_are_ticked_and_done(called: Field, admin: Person, browser_page: Page) -> None:
    page = signed_in(browser_page, admin)
    page.goto(f"{base(called.world)}/requests")
    for number in (1, 2):
        page.get_by_role("checkbox", name=f"Tick #{number}").check()
    bar = page.locator("[data-bulk-bar]")
    expect(bar).to_contain_text("2 selected")
    bar.get_by_role("button", name="Done").click()
    expect(page.locator("#notices")).to_contain_text("2 requests done.")


@pytest.mark.feature("B-8")
def test_unbinding_asks_first_and_cancel_has_the_focus(
    called: Field, admin: Person, browser_page: Page
) -> None:
    page = signed_in(browser_page, admin)
    page.goto(f"{base(called.world)}/{called.printer}")
    page.get_by_role("group").filter(has_text="More actions").locator("summary").click()
    page.get_by_role("link", name="Unbind the serial number").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text(f"Unbind Colour 2nd floor from {SERIAL}?")
    expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    assert one(called.world, select(Printer.serial).where(Printer.public_id == called.printer))
    page.get_by_role("group").filter(has_text="More actions").locator("summary").click()
    page.get_by_role("link", name="Unbind the serial number").click()
    page.get_by_role("dialog").get_by_role("button", name="Unbind").click()
    expect(page.get_by_text("not bound yet")).to_be_visible()


@pytest.mark.feature("B-8")
def test_without_script_the_same_is_a_page(called: Field, admin: Person, no_js_page: Page) -> None:
    page = signed_in(no_js_page, admin)
    page.goto(f"{base(called.world)}/{called.printer}")
    page.locator("summary[title='More actions']").click()
    page.get_by_role("link", name="Unbind the serial number").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Unbind Colour 2nd floor")
    page.get_by_role("button", name="Unbind").click()
    expect(page.get_by_text("not bound yet")).to_be_visible()


@pytest.mark.feature("B-1")
def test_a_token_is_copied_and_never_seen_again(
    world: World, admin: Person, browser_page: Page
) -> None:
    page = signed_in(browser_page, admin)
    page.goto(f"/o/{world.acme}/enrolment-tokens")
    page.get_by_role("link", name="Create enrolment token").first.click()
    page.get_by_label("Name").fill("Apps")
    page.get_by_role("button", name="Create token").click()
    token = page.locator("[data-copy-source]").first.inner_text()
    assert re.fullmatch(r"op_enrol_[a-z0-9]{12}_[\w-]{43}", token)
    axe(page)
    page.get_by_role("link", name="I have copied it").click()
    expect(page.get_by_text("1 enrolment token").first).to_be_visible()
    assert token not in page.content()
