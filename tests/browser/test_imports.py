"""P-42 in a browser: a file comes in step by step, with and without a script, on a screen and on a phone."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.helpers import axe, screenshot, signed_in
from tests.cast import Person, World
from tests.imports.conftest import work

pytestmark = [pytest.mark.browser, pytest.mark.feature("P-42", "Q-30")]
FILE = (
    "Bezeichnung;Seriennummer;Standort;Knopf\n"
    "Archiv Köln;AB1;Keller;\nBüro;AB2;Erdgeschoss;Nirgends\nEmpfang;AB1;Halle;\nLager;AB4;Halle;\n"
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "drucker.csv"
    path.write_text(FILE)
    return path


def settle(page: Page) -> None:
    """Colours change by and by."""
    for _again in range(50):
        page.wait_for_timeout(100)
        if page.evaluate("document.getAnimations().every(a => !(a instanceof CSSTransition))"):
            return


def look_everywhere(page: Page, name: str) -> None:
    """Axe and a picture in light, dark, and at 360 px, where nothing may stick out."""
    axe(page)
    screenshot(page, f"{name}-light")
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    settle(page)
    axe(page)
    screenshot(page, f"{name}-dark")
    page.emulate_media(color_scheme="light")
    settle(page)
    size = page.viewport_size
    page.set_viewport_size({"width": 360, "height": 740})
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= 360, f"{page.url} is {wide} px wide on a phone"
    axe(page)
    screenshot(page, f"{name}-360")
    page.set_viewport_size(size or {"width": 1280, "height": 800})


def test_a_file_comes_in_and_goes_again(
    browser_page: Page, admin: Person, world: World, file: Path
) -> None:
    page = signed_in(browser_page, admin)
    page.goto(f"/o/{world.acme}/imports/new/printers")
    look_everywhere(page, "imports-new")
    page.get_by_label("CSV file").set_input_files(file)
    page.get_by_role("button", name="Read the file").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("drucker.csv")
    look_everywhere(page, "imports-mapping")
    page.get_by_role("button", name="Check the lines").click()
    expect(page.get_by_role("progressbar")).to_be_visible()
    look_everywhere(page, "imports-progress")
    work(world)
    expect(page.get_by_text("2 lines are faulty", exact=False)).to_be_visible(timeout=15_000)
    expect(page.get_by_text("There is no panic button “Nirgends”")).to_be_visible()
    look_everywhere(page, "imports-preview")
    page.get_by_role("button", name="Import 2 lines without the faulty ones").click()
    work(world)
    expect(page.get_by_text("2 lines of this file were imported")).to_be_visible(timeout=15_000)
    look_everywhere(page, "imports-report")
    page.get_by_role("button", name="Undo").first.click()
    page.get_by_role("dialog").get_by_role("button", name="Undo the import").click()
    work(world)
    expect(page.get_by_text("What was imported from this file was taken back")).to_be_visible(
        timeout=15_000
    )
    page.goto(f"/o/{world.acme}/imports/")
    look_everywhere(page, "imports")


def test_it_works_without_a_script(
    no_js_page: Page, admin: Person, world: World, file: Path
) -> None:
    plain = signed_in(no_js_page, admin)
    plain.goto(f"/o/{world.acme}/imports/new/printers")
    plain.get_by_label("CSV file").set_input_files(file)
    plain.get_by_role("button", name="Read the file").click()
    plain.get_by_role("button", name="Check the lines").click()
    expect(plain.locator("noscript p")).to_contain_text("Load this page again")
    work(world)
    plain.reload()
    plain.get_by_role("button", name="Import 2 lines without the faulty ones").click()
    work(world)
    plain.reload()
    expect(plain.get_by_text("2 lines of this file were imported")).to_be_visible()
