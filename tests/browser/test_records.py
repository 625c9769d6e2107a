"""Data that is kept, leaves or goes: the pages in both themes and widths, an export as its maker sees it."""

from __future__ import annotations

import zipfile

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from tests.browser.helpers import axe, screenshot, signed_in
from tests.browser.test_every_page import look, reflows
from tests.cast import Person, World
from tests.orgs.trees import person, public_id
from tests.printers.conftest import Field, acme
from tests.printers.desk import call_for_help
from tests.records.conftest import work_off
from webapp.core.clock import utcnow
from webapp.core.db import commit, db
from webapp.core.tenancy import unscoped
from webapp.orgs.models import Organisation

__all__ = ["acme"]

pytestmark = pytest.mark.browser


def pages(world: World, request_id: str) -> dict[str, str]:
    here = f"/o/{world.acme}"
    gone = public_id(world, "gone@acme.test")
    return {
        "data": f"{here}/settings/data",
        "my-data": "/me/data",
        "my-erasure": "/me/data/erasure",
        "user-erasure": f"{here}/users/{gone}/erasure",
        "request-erasure": f"{here}/printers/requests/{request_id}/erasure",
        "settings": f"{here}/settings",
    }


@pytest.mark.feature("P-17", "Q-22", "Q-30")
@pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 1280), ("light", 360)])
def test_pages_are_accessible_in_both_themes_and_narrow(
    browser: Browser, server: str, admin: Person, acme: Field, theme: str, width: int
) -> None:
    world = admin.world
    made = call_for_help(acme)
    person(world, "gone@acme.test", (world.acme, "reader"), deactivated_at=utcnow())
    with look(browser, server, theme, width) as page:
        signed_in(page, admin)
        for name, path in pages(world, made.public_id).items():
            page.goto(path)
            axe(page)
            assert reflows(page), path
            screenshot(page, f"records/{name}-{theme}-{width}")
        with world.portal.app_context(), unscoped("a setting"):
            here = select(Organisation).where(Organisation.id == world.acme_id)
            db.session.scalars(here).one().trades = ["fuel"]
            commit()
        page.goto(f"/o/{world.acme}/printers")
        axe(page)
        assert reflows(page)
        expect(page.get_by_role("heading", level=1)).to_have_text("Printers: switched off")
        screenshot(page, f"records/trade-off-{theme}-{width}")


@pytest.mark.feature("Q-22")
def test_an_export_is_asked_for_made_and_fetched(
    browser_page: Page, admin: Person, acme: Field
) -> None:
    page, world = signed_in(browser_page, admin), admin.world
    page.goto(f"/o/{world.acme}/settings/data")
    page.get_by_role("button", name="Export everything").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Export of everything of Acme")
    work_off(world.portal)
    page.reload()
    with page.expect_download() as fetched:
        page.get_by_role("link", name="Download outpost-export").click()
    with zipfile.ZipFile(fetched.value.path()) as archive:
        assert archive.testzip() is None
        assert "README.txt" in archive.namelist()
    screenshot(page, "records/export-done")
