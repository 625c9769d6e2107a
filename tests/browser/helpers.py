"""What browser tests do with a page: sign somebody in, ask axe, take a picture."""

from __future__ import annotations

import os
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.cast import Person

SCREENS = Path(__file__).resolve().parents[2] / "docs" / "screens"


def signed_in(page: Page, person: Person) -> Page:
    """Put the person's session into the page's browser; `page` again, for `with_a_name = signed_in(…)`."""
    cookie = person.client.get_cookie("outpost")
    assert cookie is not None, f"{person.email} is not signed in"
    page.context.add_cookies(
        [
            {
                "name": "outpost",
                "value": cookie.value,
                "url": server_of(page),
                "httpOnly": True,
                "sameSite": "Lax",
            }
        ]
    )
    return page


def server_of(page: Page) -> str:
    """Where the page's paths lead, `http://127.0.0.1:…`."""
    address: str = page.context.base_address  # type: ignore[attr-defined]
    return address


def axe(page: Page) -> None:
    """Fail on any finding of axe on the page as it stands now (Q-30)."""
    found = Axe().run(page)
    assert found.violations_count == 0, f"{page.url}\n{found.generate_report()}"


def screenshot(page: Page, name: str) -> None:
    """`docs/screens/<name>.png`, whole page, only with SCREENSHOTS=1."""
    if os.environ.get("SCREENSHOTS") == "1":
        path = SCREENS / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=str(path), full_page=True)
