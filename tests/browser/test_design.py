"""The design system as people meet it: readable by all, usable by keyboard, and without script."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.helpers import axe
from webapp.design import ERROR_CODES, PANIC_PAGES

pytestmark = pytest.mark.browser
LOOKS = [(1280, False), (1280, True), (360, False), (360, True)]
OpenPage = Callable[..., Page]


@pytest.fixture
def open_page(browser: Browser, server: str) -> Iterator[OpenPage]:
    """`open_page("/design", width=360, dark=True)`; whatever the console complains of fails the test."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def open_(
        path: str, *, width: int = 1280, height: int = 900, dark: bool = False, **options: Any
    ) -> Page:
        scheme = "dark" if dark else "light"
        context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=scheme, **options
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(server + path)
        return page

    yield open_
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.mark.feature("Q-30", "P-39")
@pytest.mark.parametrize(("width", "dark"), LOOKS)
@pytest.mark.parametrize("path", ["/design", "/design/signed-out", "/design/errors/403"])
def test_axe_finds_nothing_and_nothing_is_cut_off(
    open_page: OpenPage, path: str, width: int, dark: bool
) -> None:
    page = open_page(path, width=width, dark=dark)
    axe(page)
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


@pytest.mark.parametrize("code", ERROR_CODES)
def test_every_error_page_says_what_to_do(open_page: OpenPage, code: int) -> None:
    page = open_page(f"/design/errors/{code}")
    axe(page)
    expect(page.locator("main h1")).to_have_count(1)
    expect(page.locator("main .form-actions .btn").first).to_be_visible()


@pytest.mark.feature("B-3")
@pytest.mark.parametrize(("width", "height"), [(800, 480), (1024, 600)])
@pytest.mark.parametrize("name", PANIC_PAGES)
def test_a_panel_page_fits_its_screen_with_big_targets(
    open_page: OpenPage, name: str, width: int, height: int
) -> None:
    page = open_page(f"/design/panic/{name}", width=width, height=height)
    axe(page)
    assert page.evaluate("document.documentElement.scrollHeight") <= height
    targets = page.locator(".go, .back, .choice, .reason span, input.input")
    for box in (targets.nth(i).bounding_box() for i in range(targets.count())):
        assert box is not None
        assert box["height"] >= 56


def test_a_menu_opens_moves_and_closes_by_keyboard(open_page: OpenPage) -> None:
    page = open_page("/design")
    menu = page.locator("details.menu", has=page.get_by_title("More actions"))
    menu.locator("summary").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("link", name="Import CSV")).to_be_focused()
    page.keyboard.press("Escape")
    expect(menu).not_to_have_attribute("open", "")
    expect(menu.locator("summary")).to_be_focused()


def test_danger_asks_first_with_the_focus_on_cancel(open_page: OpenPage) -> None:
    page = open_page("/design")
    page.get_by_role("link", name="Stop services").click()
    dialog = page.get_by_role("dialog", name="Stop the services of hub 00-1234 now?")
    expect(dialog).to_be_visible()
    expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    page.get_by_role("button", name="Delete token").click()
    asked = page.get_by_role("dialog", name="Delete the token “Head-end Łódź”?")
    expect(asked.get_by_role("button", name="Delete token")).to_be_visible()


def test_keys_walk_the_list_and_rest_while_typing(open_page: OpenPage) -> None:
    page = open_page("/design")
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.get_by_role("link", name="Dispatch hall 2")).to_be_focused()
    page.keyboard.press("x")
    expect(page.locator("[data-bulk-bar]")).to_contain_text("1 selected")
    page.get_by_label("Search printers").fill("")
    page.keyboard.type("jjx?")
    expect(page.get_by_label("Search printers")).to_have_value("jjx?")
    expect(page.locator("[data-bulk-bar]")).to_contain_text("1 selected")
    page.locator("h1").click()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()


@pytest.mark.feature("P-2")
def test_the_password_rule_is_ticked_off_while_typing(open_page: OpenPage) -> None:
    page = open_page("/design")
    field = page.locator("#password")
    met = page.locator("[data-password-rules=password] .met")
    field.fill("Abcdefg1")
    expect(met).to_have_text(["an upper-case letter", "a lower-case letter", "a digit"])
    field.fill("Abcdefg1-straße")
    expect(met).to_have_count(5)
    page.get_by_title("Show password").click()
    expect(field).to_have_attribute("type", "text")


def test_a_filter_narrows_its_options(open_page: OpenPage) -> None:
    page = open_page("/design")
    page.locator("summary", has_text="State").click()
    page.get_by_label("Find in State").fill("off")
    expect(page.locator(".filter[open] .tick:visible")).to_have_text(["Offline4"])


def test_a_fragment_is_fetched_under_the_strict_policy(open_page: OpenPage) -> None:
    """htmx runs without eval and without styles of its own: the console stays silent."""
    page = open_page("/design")
    page.evaluate("document.getElementById('live-tick').dataset.mark = 'old'")
    expect(page.locator("#live-tick[data-mark]")).to_have_count(0, timeout=6000)
    expect(page.locator("#live-tick")).to_contain_text("The server's clock")


def test_a_fragment_that_fails_says_so_and_keeps_the_old_one(browser: Browser, server: str) -> None:
    page = browser.new_page()
    page.goto(server + "/design")
    page.route("**/design/tick", lambda route: route.fulfill(status=500, body="broken"))
    expect(page.locator("#notices")).to_contain_text("That did not work", timeout=8000)
    expect(page.locator("#live-tick")).to_contain_text("The server's clock")
    page.unroute("**/design/tick")
    expect(page.locator("#notices")).to_have_text("", timeout=8000)
    page.close()


def test_the_narrow_rail_is_remembered(open_page: OpenPage) -> None:
    page = open_page("/design")
    page.get_by_role("button", name="Narrow menu").click()
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-rail", "narrow")


@pytest.mark.feature("P-39")
@pytest.mark.parametrize("script", [True, False])
def test_on_a_phone_the_rail_is_a_sheet_with_and_without_script(
    open_page: OpenPage, script: bool
) -> None:
    page = open_page("/design", width=360, java_script_enabled=script)
    rail = page.locator("#rail")
    expect(rail).to_be_hidden()
    page.get_by_role("link", name="Open the menu").click()
    expect(rail).to_be_visible()
    page.get_by_role("link", name="Close the menu").click()
    expect(rail).to_be_hidden()


@pytest.mark.feature("P-39")
def test_menus_and_filters_open_without_script(open_page: OpenPage) -> None:
    page = open_page("/design", java_script_enabled=False)
    page.locator("summary", has_text="State").click()
    expect(page.get_by_label("Warning")).to_be_visible()
    expect(page.get_by_role("button", name="Show password")).to_have_count(0)


def test_an_invalid_field_names_its_error(open_page: OpenPage) -> None:
    page = open_page("/design")
    field = page.locator("#bad-email")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_accessible_description("This is no e-mail address: it has two @.")
    page.locator(".error-summary").get_by_role("link", name="E-mail address").click()
    expect(field).to_be_focused()


@pytest.mark.feature("Q-2")
def test_the_first_load_is_small_and_does_not_move(open_page: OpenPage) -> None:
    """At most 60 kB over the wire with styles, scripts and icons; the layout does not shift."""
    page = open_page("/design/signed-out")
    sizes = page.evaluate(
        "performance.getEntries().filter(e => 'transferSize' in e).map(e => e.transferSize)"
    )
    assert 0 < sum(sizes) <= 60_000
    assert shift_of(page) == 0


def shift_of(page: Page) -> float:
    """The layout's cumulative shift, as Chromium counts it."""
    script = """() => new Promise(done => { let sum = 0;
      new PerformanceObserver(list => { for (const e of list.getEntries()) sum += e.value; })
        .observe({type: 'layout-shift', buffered: true});
      setTimeout(() => done(sum), 300); })"""
    return float(page.evaluate(script))
