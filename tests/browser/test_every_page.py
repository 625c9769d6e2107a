"""Every page that can be opened without input: axe, reflow, contrast (Q-30). Generated from the URL map.

`make test` looks at each page once, and at its contrast in the dark and its reflow at 360 px; `make a11y` asks
axe in both themes and at both widths.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.helpers import axe, signed_in
from tests.cast import Person, World
from tests.meters.dealing import Dealings
from tests.meters.desk import put, unclaimed
from tests.printers.conftest import Field, acme
from webapp.core.access import PUBLIC, access_of
from webapp.core.web import Portal

__all__ = ["acme"]

pytestmark = [pytest.mark.browser, pytest.mark.feature("Q-30", "P-39")]

# Not pages: files, JSON, fragments, answers to links that were mailed.
NOT_PAGES = (
    "/assets/",
    "/api/",
    "/device/",
    "/favicon",
    "/healthz",
    "/readyz",
    "/status.json",
    "/p/",
    "/design/tick",
)
# What opens only with rows ticked in a list; their own tests look at them.
WITH_ROWS = ("/printers/put-on-button", "/printers/labels")
WIDTHS = (1280, 360)
THEMES = ("light", "dark")


def pages(portal: Portal, org: str) -> dict[str, list[str]]:
    """Role → paths: those with nothing but the organisation to fill in."""
    found: dict[str, list[str]] = {"visitor": [], "admin": [], "operator": []}
    adapter = portal.url_map.bind("localhost")
    for rule in portal.url_map.iter_rules():
        if "GET" not in (rule.methods or ()) or rule.rule.startswith(NOT_PAGES):
            continue
        if rule.arguments - {"org"} or rule.rule.endswith((".csv", *WITH_ROWS)):
            continue
        path = adapter.build(rule.endpoint, {"org": org} if rule.arguments else {})
        if access_of(portal, rule.endpoint) is PUBLIC:
            found["visitor"].append(path)
        elif rule.rule.startswith("/operator"):
            found["operator"].append(path)
        else:
            found["admin"].append(path)
    return found


@contextmanager
def look(browser: Browser, server: str, theme: str, width: int) -> Iterator[Page]:
    context = browser.new_context(
        base_url=server,
        viewport={"width": width, "height": 800},
        color_scheme=theme,  # type: ignore[arg-type]
        reduced_motion="reduce",
        locale="en-GB",
    )
    context.base_address = server  # type: ignore[attr-defined]
    yield context.new_page()
    context.close()


def reflows(page: Page) -> bool:
    """Nothing but a labelled scroll box is wider than the screen (WCAG 1.4.10)."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth + 1"))


def walk(page: Page, paths: list[str], *, ask_axe: bool) -> list[str]:
    """What is wrong on these pages, a line each."""
    faults = []
    for path in paths:
        answer = page.goto(path)
        if answer is None or answer.status >= 400:
            faults.append(f"{path}: {answer.status if answer else 'no answer'}")
            continue
        if "text/html" not in answer.headers.get("content-type", ""):
            continue
        if not reflows(page):
            faults.append(f"{path}: wider than the screen")
        if ask_axe:
            faults.extend(_findings(page, path))
    return faults


def _findings(page: Page, path: str) -> list[str]:
    try:
        axe(page)
    except AssertionError as found:
        return [f"{path}: {str(found)[:600]}"]
    return []


def check_all(
    browser: Browser, server: str, people: dict[str, Person], *, theme: str, width: int
) -> None:
    world: World = people["admin"].world
    faults = []
    for role, paths in pages(world.portal, world.acme).items():
        with look(browser, server, theme, width) as page:
            if role != "visitor":
                signed_in(page, people[role])
            faults += walk(page, paths, ask_axe=True)
    assert not faults, f"{theme}, {width} px:\n" + "\n".join(faults)


@pytest.fixture
def people(acme: Field, admin: Person, operator: Person) -> dict[str, Person]:
    """With rows in the lists: a printer, and meters in both states."""
    put(acme.world, "10059807", batch_reference="ACME-2026-0001", findings=1)
    unclaimed(acme.world, "21N001064")
    return {"admin": admin, "operator": operator}


def _trade_meters(deal: Dealings) -> None:
    """Batches sent, asked for, and one that waits for Acme."""
    deal.make_partners()
    deal.stock("W1", "W2", "W3")
    deal.stock("G1", owner=deal.globex)
    deal.issue("W1", label="Spring")
    deal.act(deal.globex, "take", deal.issue("W2", duty=True))
    deal.issue("G1", by=deal.globex)


def test_there_are_pages_of_each_kind(portal: Portal) -> None:
    found = pages(portal, "ORG-X")
    assert len(found["visitor"]) >= 3
    assert len(found["admin"]) >= 12
    assert len(found["operator"]) >= 1


@pytest.mark.a11y
@pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 360)])
def test_axe_finds_nothing(
    browser: Browser, server: str, people: dict[str, Person], theme: str, width: int
) -> None:
    check_all(browser, server, people, theme=theme, width=width)


@pytest.mark.a11y
@pytest.mark.slow
@pytest.mark.parametrize(("theme", "width"), [("dark", 1280), ("light", 360)])
def test_axe_finds_nothing_in_the_other_looks_either(
    browser: Browser, server: str, people: dict[str, Person], theme: str, width: int
) -> None:
    check_all(browser, server, people, theme=theme, width=width)
