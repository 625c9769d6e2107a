"""The vendor's chapters 7.4 and 10.1 to 10.4 in a real browser, and the catalogue's pages for axe (Q-31)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from tests.browser.conftest import _page
from tests.browser.helpers import axe, screenshot, signed_in
from tests.cast import Person, World
from tests.meters import desk, make
from tests.meters.desk import path, put, unclaimed
from webapp.core.clock import utcnow
from webapp.core.db import commit, db
from webapp.core.tenancy import scope
from webapp.devices.labels import label_named
from webapp.meters import exchanges, findings, reveals
from webapp.meters.kinds import KeyKind
from webapp.meters.models import Meter

pytestmark = pytest.mark.browser
NEW = "d1427be90c5f83a6e97703bd214fce58"


@pytest.fixture
def stocked(world: World) -> dict[str, str]:
    """A few meters as the manual shows them; serial → public id."""
    with world.portal.app_context(), scope(world.acme_id):
        number = label_named("Via Roma", trade="meters", organisation_id=world.acme_id).number
        commit()
    made = {
        "10059807": put(world, "10059807", labels=[number], batch_reference="ACME-2026-0001"),
        "21N001052": put(world, "21N001052", dev_eui="70B3D5E75E00A1B2"),
        "9999990": put(world, "9999990", keys={KeyKind.OMS_AES128: bytes(16)}),
        "21N001064": unclaimed(world, "21N001064"),
        "Y20TA010056": unclaimed(world, "Y20TA010056"),
    }
    with world.portal.app_context(), scope(world.acme_id):
        row = db.session.scalars(select(Meter).where(Meter.serial == "10059807")).one()
        exchanges.record_exchange(row, KeyKind.OMS_AES128, bytes.fromhex(NEW), now=utcnow())
        reveals.note(select(Meter.id).where(Meter.id == row.id), "csv", now=utcnow())
        findings.look(list(db.session.scalars(select(Meter.id))), now=utcnow())
        commit()
    return made


@pytest.mark.feature("Q-31", "K-1", "K-10", "P-38")
def test_the_catalogue_as_the_manual_walks_through_it(
    browser_page: Page, admin: Person, world: World, stocked: dict[str, str]
) -> None:
    page = signed_in(browser_page, admin)
    # 10.1: the list of all meters, with serial, type, claim status, label, batch reference, and the total.
    page.goto(path(world))
    expect(page.get_by_role("columnheader")).to_contain_text(
        ["Serial number", "Claim status", "Product type", "Labels", "Batch reference"]
    )
    expect(page.locator(".total")).to_have_text("5 meters")
    # 10.2: a filter is opened, a proposal ticked.
    page.locator("summary", has_text="Claim status").click()
    page.get_by_label("Unclaimed").check()
    page.get_by_role("button", name="Apply").locator("visible=true").click()
    expect(page.locator("tbody tr")).to_have_count(2)
    # 10.3: the three points of a row, and the claim.
    row = page.get_by_role("row", name="21N001064")
    row.locator(".row-menu > summary").click()
    row.get_by_role("button", name="Claim").click()
    expect(page.get_by_text("1 meter claimed.")).to_be_visible()
    expect(page.locator("tbody tr")).to_have_count(1)
    assert desk.stored(world, "21N001064").claim_state == "claimed"
    # 10.4.1: the keys of one that is claimed; one that isn't has no such entry.
    row = page.get_by_role("row", name="Y20TA010056")
    row.locator(".row-menu > summary").click()
    expect(row.get_by_text("Download keys")).to_have_count(0)
    page.goto(path(world))
    row = page.get_by_role("row", name="21N001064")
    row.locator(".row-menu > summary").click()
    row.get_by_role("link", name="Download keys").click()
    expect(page.locator("main")).to_contain_text("21N001064")
    # 10.4.2: several at once.
    page.goto(path(world))
    page.get_by_label("Tick 10059807").check()
    page.get_by_label("Tick 21N001052").check()
    page.get_by_role("button", name="Download keys").click()
    expect(page.locator("main")).to_contain_text("2")


@pytest.mark.feature("K-5", "K-7", "K-6", "K-28", "Q-31")
def test_label_exchange_reset_and_warning(
    browser_page: Page, admin: Person, world: World, stocked: dict[str, str]
) -> None:
    page = signed_in(browser_page, admin)
    page.goto(path(world))
    page.get_by_label("Tick 21N001052").check()
    page.get_by_role("button", name="Labels").click()
    page.get_by_label("A new label").fill("To be read")
    page.get_by_role("button", name="Save labels").click()
    expect(page.get_by_role("row", name="21N001052")).to_contain_text("To be read")
    page.goto(path(world, stocked["21N001052"]))
    page.get_by_role("link", name="Record an exchange").click()
    page.get_by_label("New value").fill(NEW[::-1])
    page.get_by_role("button", name="Record the exchange").click()
    expect(page.locator("#keys")).to_contain_text("Operating")
    assert NEW[::-1] not in page.content()
    page.get_by_role("link", name="Reset to initial").click()
    page.get_by_role("button", name="Reset to initial").click()
    expect(page.locator("#keys .table").first).not_to_contain_text("Operating")
    page.goto(path(world, stocked["9999990"]))
    page.get_by_role("button", name="Dismiss").click()
    expect(page.locator("#warnings")).to_contain_text("dismissed by")


@pytest.mark.feature("P-39")
def test_it_works_without_a_script(
    no_js_page: Page, admin: Person, world: World, stocked: dict[str, str]
) -> None:
    page = signed_in(no_js_page, admin)
    page.goto(path(world, "?state=unclaimed"))
    page.get_by_label("Tick Y20TA010056").check()
    page.locator(".bulk-bar").get_by_role("button", name="Claim").click()
    expect(page.get_by_text("1 meter claimed.")).to_be_visible()
    assert desk.stored(world, "Y20TA010056").claim_state == "claimed"


@pytest.fixture(params=["light-1280", "dark-360", "dark-1280"])
def any_page(request: pytest.FixtureRequest, browser: Browser, server: str) -> Iterator[Page]:
    theme, width = request.param.split("-")
    phone = {"has_touch": True, "is_mobile": True} if width == "360" else {}
    size = {"width": int(width), "height": 740}
    with _page(browser, server, viewport=size, color_scheme=theme, **phone) as page:
        page.shot = request.param  # type: ignore[attr-defined]
        yield page


@pytest.mark.a11y
@pytest.mark.feature("Q-30")
def test_axe_finds_nothing_on_pages_with_rows(
    any_page: Page, admin: Person, operator: Person, world: World, stocked: dict[str, str]
) -> None:
    used = stocked["10059807"]
    label = admin.get(path(world, "labels")).text.split("/labels/")[1].split("/")[0]
    pages = {
        "meters": path(world),
        "meter": path(world, used),
        "meter-weak": path(world, stocked["9999990"]),
        "meter-history": path(world, f"{used}/history"),
        "meter-reveals": path(world, f"{used}/reveals"),
        "meter-label": path(world, f"{stocked['21N001064']}/label"),
        "meter-labels": path(world, "labels"),
        "meter-label-edit": path(world, f"labels/{label}/edit"),
        "meter-label-delete": path(world, f"labels/{label}/deletion"),
        "meter-labels-set": path(world, f"{used}/labels"),
        "key-exchange": path(world, f"{used}/keys/exchanges/new"),
        "key-reset": path(world, f"{used}/keys/oms_aes128/reset"),
        "former-meters": path(world, "former"),
    }
    page = signed_in(any_page, admin)
    for name, url in pages.items():
        look(page, name, url)
    with world.portal.app_context():
        type_ = make.product_type().public_id
        commit()
    page = signed_in(any_page, operator)
    for name, url in {
        "product-types": "/operator/meters/types",
        "product-type": f"/operator/meters/types/{type_}",
        "makers": "/operator/meters/makers",
    }.items():
        look(page, name, url)


def look(page: Page, name: str, url: str) -> None:
    answer = page.goto(url)
    assert answer is not None
    assert answer.status == 200, url
    axe(page)
    fits = "document.documentElement.scrollWidth <= window.innerWidth + 1"
    assert page.evaluate(fits), f"{name} is wider than the screen"
    screenshot(page, f"meters/{name}-{page.shot}")  # type: ignore[attr-defined]
