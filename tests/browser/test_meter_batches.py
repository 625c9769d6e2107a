"""Handing meters over in a real browser, as the manual's chapters tell it: claim, create a batch, take ownership."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import _page
from tests.browser.helpers import axe, screenshot, signed_in
from tests.cast import Person
from tests.meters.conftest import deal
from tests.meters.dealing import Dealings
from webapp.meters.models import ClaimState

__all__ = ["deal"]

pytestmark = pytest.mark.browser


@pytest.fixture(params=["light-1280", "dark-360"])
def any_page(request: pytest.FixtureRequest, browser: Browser, server: str) -> Iterator[Page]:
    theme, width = request.param.split("-")
    phone = {"has_touch": True, "is_mobile": True} if width == "360" else {}
    size = {"width": int(width), "height": 740}
    with _page(browser, server, viewport=size, color_scheme=theme, **phone) as page:
        page.shot = request.param  # type: ignore[attr-defined]
        yield page


def here(deal: Dealings, path: str = "", *, org: str = "") -> str:
    return f"/o/{org or deal.world.acme}/meters/{path}"


@pytest.mark.feature("K-11", "K-12", "K-14")
def test_a_batch_goes_from_one_to_the_other(
    deal: Dealings, browser_page: Page, admin: Person, stranger: Person, tmp_path: Path
) -> None:
    deal.stock("W1", "W2", "W3", "W4")
    page = signed_in(browser_page, admin)
    page.goto(here(deal, "batches"))
    page.get_by_role("link", name="Create batch").first.click()
    expect(page.get_by_label("Batch reference")).to_have_value(re.compile(r"\d{4}-0001"))
    page.get_by_label("One serial number").fill("w 1")
    page.get_by_role("button", name="Add product").click()
    expect(page.locator("#serials")).to_have_value("W1")
    page.locator("#serials").press_sequentially("\nW2, W9")
    expect(page.locator("[data-serial-count]")).to_have_text("3")
    listed = tmp_path / "more.csv"
    listed.write_text("Serial number;Place\nW3;Roof\nW4;Cellar\n")
    page.get_by_label("Files with serial numbers").set_input_files(listed)
    page.get_by_label("Receiving organisation").select_option(label="Globex")
    page.get_by_label("The ownership request must be confirmed").check()
    page.get_by_label("Label").fill("Spring")
    page.get_by_role("button", name="Create batch").click()
    expect(page.get_by_role("row", name=re.compile("W9"))).to_contain_text("Unknown, or not yours")
    axe(page)
    screenshot(page, "meters-batch-report")
    page.get_by_role("button", name="Create without these").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Batch ACME-")
    reference = page.get_by_role("heading", level=1).inner_text().removeprefix("Batch ")
    batch = page.url

    other = signed_in(browser_page, stranger)
    other.goto(here(deal, "ownership", org=deal.world.globex))
    axe(other)
    other.get_by_label("Batch reference").fill(reference.lower())
    other.get_by_role("button", name="Show batch").click()
    expect(other.get_by_role("heading", level=1)).to_have_text(f"Take over {reference}")
    axe(other)
    screenshot(other, "meters-ownership-review")
    other.get_by_role("button", name="Ask for ownership").click()
    expect(other.get_by_text("Waits for confirmation").first).to_be_visible()

    page = signed_in(browser_page, admin)
    page.goto(batch)
    axe(page)
    screenshot(page, "meters-batch")
    page.get_by_role("button", name="Confirm").click()
    page.get_by_role("dialog").get_by_role("button", name="Confirm").click()
    expect(page.get_by_text("Taken over").first).to_be_visible()
    assert set(deal.owners("W1", "W2", "W3", "W4")) == {"globex"}


@pytest.mark.feature("K-9")
def test_a_label_is_scanned(deal: Dealings, browser_page: Page, stranger: Person) -> None:
    """A scanner types the serial and presses Enter: the answer asks for the code and keeps what was scanned."""
    deal.stock("W1", state=ClaimState.UNCLAIMED)
    page = signed_in(browser_page, stranger)
    page.goto(here(deal, "claim", org=deal.world.globex))
    page.keyboard.type("W1")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("Enter the claim code")
    expect(page.get_by_label("Serial number or QR code")).to_have_value("W1")
    page.get_by_label("Claim code").fill("AAAA-AAAA")
    page.get_by_role("button", name="Claim meter").click()
    expect(page.get_by_role("alert")).to_contain_text("is free to be claimed")
    axe(page)
    page.get_by_label("Claim code").fill(deal.codes["W1"])
    page.get_by_role("button", name="Claim meter").click()
    expect(page.get_by_text("W1 is yours.")).to_be_visible()


@pytest.mark.feature("K-11")
def test_without_script_a_batch_is_made_too(
    deal: Dealings, no_js_page: Page, admin: Person
) -> None:
    deal.stock("W1", "W2")
    page = signed_in(no_js_page, admin)
    page.goto(here(deal, "batches/new"))
    page.get_by_label("One serial number").fill("W1")
    page.get_by_label("One serial number").press("Enter")
    expect(page.locator("#serials")).to_have_value("W1")
    page.locator("#serials").fill("W1 W2")
    page.get_by_role("button", name="Read and count").click()
    expect(page.locator("[data-serial-count]")).to_have_text("2")
    page.get_by_label("Receiving organisation").select_option(label="Globex")
    page.get_by_role("button", name="Create batch").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Batch ACME-")


@pytest.mark.feature("K-11", "K-14")
def test_the_pages_hold_on_any_screen(
    deal: Dealings, any_page: Page, admin: Person, stranger: Person
) -> None:
    deal.stock(*(f"WM-2026-{n:05}" for n in range(12)))
    batch = deal.issue(*(f"WM-2026-{n:05}" for n in range(8)), duty=True, label="Spring delivery")
    deal.issue("WM-2026-00010")
    deal.act(deal.globex, "take", batch)
    report = admin.post(
        here(deal, "batches"),
        {"rest": "X", "receiver": deal.world.globex, "serials": "WM-2026-00011 WM-2026-00001 NO"},
    ).location
    page = signed_in(any_page, admin)
    shot = any_page.shot  # type: ignore[attr-defined]
    for name, path in {
        "list": here(deal, "batches"),
        "form": report.removesuffix("/report"),
        "report": report,
        "batch": here(deal, f"batches/{batch}"),
        "claim": here(deal, "claim"),
    }.items():
        page.goto(path)
        axe(page)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth + 1"), path
        screenshot(page, f"meters-batches-{name}-{shot}")
    page = signed_in(any_page, stranger)
    page.goto(here(deal, "ownership", org=deal.world.globex))
    axe(page)
    screenshot(page, f"meters-batches-ownership-{shot}")
