"""How printers are read, in a real browser: a profile, a search, the printer that says what ails it; and axe."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from simulators.printer import Agent, PrinterMachine, load_model
from simulators.printer.faults import FaultKind
from tests.browser.helpers import axe, screenshot, server_of, signed_in
from tests.cast import Person
from tests.printers.conftest import SERIAL, Field, acme  # noqa: F401 - a fixture
from tests.printers.desk import base
from webapp.core.drains import run

pytestmark = pytest.mark.browser


@pytest.fixture
def machine(acme: Field) -> Iterator[Agent]:  # noqa: F811
    """Acme's printer with a jam, in a network that the portal may ask."""
    extensions = acme.world.portal.extensions
    before = extensions["settings"]
    extensions["settings"] = dataclasses.replace(before, snmp_networks=("127.0.0.0/8",))
    jammed = PrinterMachine(load_model("xerox-altalink-c8045"), seed=7, serial=SERIAL)
    jammed.break_down(FaultKind.JAM)
    with Agent(machine=jammed, speed=0) as agent:
        yield agent
    extensions["settings"] = before


@pytest.mark.feature("B-11")
def test_from_a_profile_over_a_search_to_what_the_printer_says(
    browser_page: Page,
    acme: Field,  # noqa: F811
    admin: Person,
    machine: Agent,
) -> None:
    page = signed_in(browser_page, admin)
    root = f"{server_of(page)}{base(acme.world)}"
    page.goto(f"{root}/reading/profiles/new")
    page.get_by_label("Name", exact=True).fill("Head office")
    page.get_by_label("UDP port").fill(str(machine.port))
    axe(page)
    screenshot(page, "printers-profile")
    page.get_by_role("button", name="Create reading profile").click()
    expect(page.get_by_role("link", name="Head office")).to_be_visible()

    page.get_by_role("link", name="Find printers").click()
    page.get_by_label("Network").fill("127.0.0.1/32")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_text("is being searched")).to_be_visible()
    with acme.world.portal.app_context():
        run("printer discoveries")
    expect(page.get_by_text(SERIAL)).to_be_visible(timeout=10_000)
    axe(page)
    screenshot(page, "printers-discovery")

    page.goto(f"{root}/{acme.printer}/reading")
    page.get_by_label("Read by").select_option("portal")
    page.get_by_label("Network address").fill("127.0.0.1")
    page.get_by_label("Reading profile").select_option("Head office")
    page.get_by_role("button", name="Save").click()
    with acme.world.portal.app_context():
        run("printer polls")
    page.reload()
    expect(page.get_by_text("What the printer says of itself")).to_be_visible()
    axe(page)
    screenshot(page, "printers-sources")
    page.goto(f"{root}/reading")
    axe(page)
    screenshot(page, "printers-reading")
