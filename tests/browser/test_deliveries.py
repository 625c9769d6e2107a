"""K-4 in a browser: the maker's file becomes a delivery, step by step, and is undone; on a screen and on a phone."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.helpers import signed_in
from tests.browser.test_imports import look_everywhere
from tests.cast import Person, World
from tests.imports.conftest import work
from tests.meters.delivering import dock_of, key

pytestmark = [pytest.mark.browser, pytest.mark.feature("K-4", "K-6", "Q-30", "Q-31")]
GOOD = f"Seriennummer;Zählernummer;Schlüssel\nW-1;1;{key(1)}\nW-2;2;{key(2)}\nW-3;3;{'AB' * 16}\n"
BAD = GOOD.replace(key(2), key(2)[:-3]).replace("W-3", "W-1")


def choose(page: Page, tmp_path: Path, name: str, content: str, acme: str) -> None:
    path = tmp_path / name
    path.write_text(content)
    page.get_by_role("link", name="New delivery").first.click()
    page.get_by_label("Receiving organisation").fill(acme)
    page.get_by_label("File", exact=True).set_input_files(path)
    page.get_by_label("Product type").select_option(label="KAM Water meter")
    page.get_by_role("button", name="Read the file").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(name)


def test_a_delivery_from_the_file_to_the_stock_and_back(
    browser_page: Page, operator: Person, world: World, tmp_path: Path
) -> None:
    dock = dock_of(operator, world)
    page = signed_in(browser_page, operator)
    page.goto("/operator/deliveries/")
    expect(page.get_by_text("No deliveries yet")).to_be_visible()
    page.goto("/operator/deliveries/new")
    look_everywhere(page, "deliveries-new")
    page.goto("/operator/deliveries/")

    choose(page, tmp_path, "bad.csv", BAD, world.acme)
    look_everywhere(page, "deliveries-mapping")
    assert key(1) not in page.content()
    page.get_by_role("button", name="Check the lines").click()
    expect(page.get_by_role("progressbar")).to_be_visible()
    work(world)
    page.reload()
    expect(page.get_by_text("2 lines are faulty")).to_be_visible()
    expect(page.get_by_role("button", name="Deliver")).to_have_count(0)
    look_everywhere(page, "deliveries-faulty")

    choose(page, tmp_path, "good.csv", GOOD, world.acme)
    page.get_by_role("button", name="Check the lines").click()
    expect(page.get_by_role("progressbar")).to_be_visible()
    work(world)
    page.reload()
    expect(page.get_by_text("Every line is good")).to_be_visible()
    look_everywhere(page, "deliveries-checked")
    page.get_by_role("button", name="Deliver 3 devices").click()
    expect(page.get_by_role("progressbar")).to_be_visible()
    work(world)
    page.reload()
    expect(page.get_by_text("3 devices were delivered")).to_be_visible()
    look_everywhere(page, "deliveries-delivered")
    assert [m.serial for m in dock.meters()] == ["W-1", "W-2", "W-3"]

    page.get_by_role("button", name="Undo").click()
    page.get_by_role("button", name="Undo the delivery").click()
    expect(page.get_by_role("progressbar")).to_be_visible()
    work(world)
    page.reload()
    expect(page.get_by_text("The delivery was undone")).to_be_visible()
    assert dock.meters() == []
    page.goto("/operator/deliveries/")
    expect(page.get_by_role("link", name="good.csv")).to_be_visible()
    look_everywhere(page, "deliveries-list")
