"""The support page, replacing, rules by kind, maintenance and permission requests as they look (P-43, P-44, P-15)."""

from __future__ import annotations

import os

import pytest
from playwright.sync_api import Browser

from tests.browser.helpers import axe, signed_in
from tests.browser.test_every_page import look, reflows
from tests.cast import Person
from tests.printers.conftest import Field, acme

__all__ = ["acme"]
pytestmark = [pytest.mark.browser, pytest.mark.feature("P-43", "P-44", "P-15", "Q-30")]
SHOTS = os.environ.get("OUTPOST_SHOTS")
"""A folder to put pictures of the pages into."""


@pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 360)])
def test_the_pages_are_accessible_and_fit(
    browser: Browser,
    server: str,
    acme: Field,
    admin: Person,
    reader: Person,
    theme: str,
    width: int,
) -> None:
    acme.launch(app={"name": "outpost-panic", "version": "1.4"})
    acme.launch(facts={"serial": 5})
    org = f"/o/{acme.world.acme}"
    reader.post(f"{org}/permission-requests", {"permission": "organisation:audit:read"})
    device = f"{org}/devices/{acme.printer}"
    pages = {
        "support": f"{device}/support",
        "replace": f"{device}/replacements/new",
        "kind": f"{org}/alarms/settings/kinds/printer_fault",
        "settings": f"{org}/alarms/settings",
        "maintenance": f"{device}/maintenance",
        "requests": f"{org}/permission-requests",
    }
    with look(browser, server, theme, width) as page:
        signed_in(page, admin)
        for name, path in pages.items():
            answer = page.goto(path)
            assert answer is not None
            assert answer.status == 200, path
            axe(page)
            assert reflows(page), path
            if SHOTS:
                page.screenshot(path=f"{SHOTS}/{name}-{theme}-{width}.png", full_page=True)
