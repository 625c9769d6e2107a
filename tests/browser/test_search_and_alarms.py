"""The search box under the keyboard, and the pages of alarms and notifications as they look (P-34, P-37, P-44)."""

from __future__ import annotations

import os
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.helpers import axe, signed_in
from tests.browser.test_every_page import look, reflows
from tests.cast import Person, World
from tests.printers.conftest import SERIAL, Field, acme
from tests.printers.desk import call_for_help
from webapp.alarms.models import Condition
from webapp.core.clock import utcnow
from webapp.core.db import commit, db
from webapp.core.tenancy import unscoped
from webapp.devices.models import Device

__all__ = ["acme"]
pytestmark = pytest.mark.browser
SHOTS = os.environ.get("OUTPOST_SHOTS")
"""A folder to put pictures of the pages into."""


def home(page: Page, person: Person) -> None:
    signed_in(page, person)
    page.goto(f"/o/{person.world.acme}/")


@pytest.mark.feature("P-34")
def test_slash_arrows_and_enter_open_a_printer(
    browser_page: Page, acme: Field, admin: Person
) -> None:
    home(browser_page, admin)
    browser_page.keyboard.press("/")
    box = browser_page.get_by_role("combobox", name="Search everything")
    expect(box).to_be_focused()
    browser_page.keyboard.type("colour")
    option = browser_page.get_by_role("option", name="Printer: Colour 2nd floor")
    expect(option).to_be_visible()
    expect(box).to_have_attribute("aria-expanded", "true")
    axe(browser_page)
    browser_page.keyboard.press("ArrowDown")
    expect(option).to_have_attribute("aria-selected", "true")
    assert box.get_attribute("aria-activedescendant") == option.get_attribute("id")
    browser_page.keyboard.press("Enter")
    expect(browser_page.get_by_role("heading", level=1)).to_have_text("Colour 2nd floor")


@pytest.mark.feature("P-34")
def test_control_k_and_escape(browser_page: Page, acme: Field, admin: Person) -> None:
    home(browser_page, admin)
    browser_page.keyboard.press("Control+k")
    box = browser_page.get_by_role("combobox", name="Search everything")
    expect(box).to_be_focused()
    browser_page.keyboard.type(SERIAL)
    expect(browser_page.get_by_text("Exactly this")).to_be_visible()
    browser_page.keyboard.press("Escape")
    expect(browser_page.get_by_role("listbox", name="Search results")).to_have_count(0)
    expect(box).to_have_attribute("aria-expanded", "false")
    expect(box).to_be_focused()


@pytest.mark.feature("P-34", "P-39")
def test_without_a_script_enter_leads_to_the_page_of_results(
    no_js_page: Page, acme: Field, admin: Person
) -> None:
    home(no_js_page, admin)
    no_js_page.get_by_role("searchbox", name="Search everything").fill(SERIAL[-4:])
    no_js_page.keyboard.press("Enter")
    no_js_page.get_by_role("link", name="Printer: Colour 2nd floor").click()
    expect(no_js_page.get_by_role("heading", level=1)).to_have_text("Colour 2nd floor")


def an_alarm(world: World) -> str:
    with world.portal.app_context(), unscoped("an alarm to look at"):
        device = db.session.query(Device).filter_by(name="Colour 2nd floor").one()
        row = Condition(
            organisation_id=world.acme_id,
            device_id=device.id,
            kind="printer_fault",
            subject="",
            severity="alarm",
            state="open",
            detail={"problem": "Paper jam in tray 2"},
            first_seen_at=utcnow() - timedelta(minutes=7),
            opened_at=utcnow() - timedelta(minutes=5),
            last_evidence_at=utcnow(),
        )
        db.session.add(row)
        commit()
        return row.public_id


@pytest.mark.a11y
@pytest.mark.feature("P-37", "P-41", "P-43", "P-44", "Q-30")
@pytest.mark.parametrize(
    ("theme", "width"), [("light", 1280), ("dark", 360), ("dark", 1280), ("light", 360)]
)
def test_the_pages_with_something_on_them(
    browser: Browser, server: str, acme: Field, admin: Person, theme: str, width: int
) -> None:
    call_for_help(acme)
    public_id = an_alarm(acme.world)
    base = f"/o/{acme.world.acme}"
    paths = {
        "alarms": f"{base}/alarms",
        "alarm": f"{base}/alarms/{public_id}",
        "alarm-settings": f"{base}/alarms/settings",
        "search": f"{base}/search?q=colour",
        "notifications": "/me/notifications",
        "choices": "/me/notifications/choices",
        "support": f"{base}/devices/{acme.printer}/support",
        "technical": "/technical-information",
    }
    with look(browser, server, theme, width) as page:
        signed_in(page, admin)
        for name, path in paths.items():
            answer = page.goto(path)
            assert answer is not None
            assert answer.status == 200, path
            assert reflows(page), f"{path} is wider than the screen"
            axe(page)
            if SHOTS:
                page.screenshot(path=f"{SHOTS}/{name}-{theme}-{width}.png", full_page=True)
