"""The operator's area in a browser: seeing as with its banner, notices on the status page (P-35, P-36)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.browser.helpers import axe, screenshot, signed_in
from tests.cast import Person, World
from tests.operator.desk import news, notice
from tests.printers.conftest import Field, acme
from webapp.core.clock import utcnow
from webapp.core.db import commit, db
from webapp.core.health import parts
from webapp.core.runs import note_run
from webapp.core.status_days import StatusDay
from webapp.core.web import Portal

__all__ = ["acme"]

pytestmark = [pytest.mark.browser, pytest.mark.feature("P-36", "Q-30")]


def ninety_days(portal: Portal) -> None:
    """As the clock would have counted them: a failure, two slow days, a gap."""
    with portal.app_context():
        today = utcnow().date()
        for part in parts():
            for back in range(80):
                failed = 40 if back == 30 and part.name == "mail" else 0
                degraded = 15 if back in (3, 50) and part.name in ("mail", "queue") else 0
                if 10 <= back < 14:
                    continue
                day = today - timedelta(days=back)
                db.session.add(
                    StatusDay(
                        component=part.name, day=day, checks=1440, failed=failed, degraded=degraded
                    )
                )
        commit()


@pytest.mark.feature("P-35")
def test_the_status_page_tells_of_ninety_days(
    browser_page: Page, operator: Person, portal: Portal
) -> None:
    page = browser_page
    ninety_days(portal)
    operator.post("/operator/notices/new", notice())
    operator.post(
        "/operator/notices/new",
        notice(
            title_en="Upgrade of the database",
            state="planned",
            begins_at="2199-01-01T08:00",
            ends_at="2199-01-01T09:00",
        ),
    )
    page.goto("/status")
    expect(page.get_by_role("heading", name="The last 90 days")).to_be_visible()
    expect(
        page.get_by_role("img", name="Mail: 76 of the last 90 days known, 3 with trouble")
    ).to_be_visible()
    expect(page.get_by_text("Mail is slow")).to_be_visible()
    axe(page)
    screenshot(page, "operator/status")


def test_an_operator_sees_as_a_customer_and_ends_it(
    browser_page: Page, operator: Person, world: World, acme: Field
) -> None:
    page = browser_page
    signed_in(page, operator).goto(f"/operator/organisations/{world.acme}")
    page.get_by_role("link", name="See as").click()
    page.get_by_label("Reason").fill("Call of Ms Rossi, labels")
    axe(page)
    screenshot(page, "operator/see-as")
    page.get_by_role("button", name="Begin").click()
    banner = page.get_by_role("region", name="Seeing as")
    expect(banner).to_contain_text("You see Outpost as Administrator of Acme would")
    page.goto(f"/o/{world.acme}/printers")
    expect(banner).to_be_visible()
    axe(page)
    screenshot(page, "operator/seeing-as")
    page.set_viewport_size({"width": 360, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth + 1")
    axe(page)
    banner.get_by_role("button", name="End").click()
    expect(page.get_by_role("heading", level=1, name="Acme")).to_be_visible()
    expect(banner).to_have_count(0)


def test_the_pages_with_something_on_them(
    browser_page: Page, operator: Person, world: World, acme: Field, portal: Portal
) -> None:
    page = browser_page
    operator.post("/operator/news/new", news())
    with portal.app_context():
        now = utcnow()
        note_run("mail", began_at=now, ended_at=now, failed="OSError")
        note_run("webhooks", began_at=now, ended_at=now, failed=None)
    operator.post(
        f"/operator/budgets/{world.acme}/token", {"per_minute": "60", "burst": "20", "version": ""}
    )
    signed_in(page, operator)
    paths = {
        "overview": "/operator/",
        "news": "/operator/news",
        "news-new": "/operator/news/new",
        "jobs": "/operator/jobs",
        "budget": f"/operator/budgets/{world.acme}",
        "template": "/operator/templates/invitation/de",
    }
    for name, path in paths.items():
        page.goto(path)
        axe(page)
        screenshot(page, f"operator/{name}")


def test_the_form_of_news_works_by_keyboard_and_keeps_what_was_typed(
    browser_page: Page, operator: Person, world: World
) -> None:
    page = browser_page
    signed_in(page, operator).goto("/operator/news/new")
    page.get_by_label("Title").first.fill("Prices change")
    page.get_by_text("Deutsch", exact=True).last.click()
    page.locator("#title_de").fill("Preise ändern sich")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("Text: Write it in English")
    expect(page.locator("#title_de")).to_be_visible()
    expect(page.locator("#title_de")).to_have_value("Preise ändern sich")
