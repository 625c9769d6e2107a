"""Curves, month statements and site agents as an administrator sees them (B-12, B-13)."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from playwright.sync_api import Page
from sqlalchemy import select

from tests.browser.helpers import axe, screenshot, signed_in
from tests.cast import Person
from tests.printers.agent.test_portal_side import Agent, reading
from tests.printers.conftest import Field, acme
from tests.printers.desk import base
from webapp.core.clock import utcnow
from webapp.core.db import commit, db
from webapp.core.tenancy import scope
from webapp.orgs.models import Organisation
from webapp.printers.agents.models import PrinterAgent
from webapp.printers.history.statements import close_month, last_month

__all__ = ["acme"]
pytestmark = [pytest.mark.browser, pytest.mark.feature("B-12", "B-13")]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_pages_with_data(browser_page: Page, acme: Field, admin: Person, theme: str) -> None:
    agent = Agent(acme)
    agent.enrol()
    now = utcnow()
    days = [reading(total=100_000 - n * 37, at=now - timedelta(days=n)) for n in range(50, -1, -1)]
    assert agent.send(*days).json["accepted"] == 51  # type: ignore[index]
    agent.send(reading(f"NEW{uuid.uuid4().hex[:6].upper()}"))
    world = acme.world
    with world.portal.test_request_context(), scope(world.acme_id):
        org = db.session.scalars(select(Organisation).where(Organisation.id == world.acme_id)).one()
        assert close_month(org, last_month(org, now), now=now) == 1
        public_id = db.session.scalars(select(PrinterAgent.public_id)).one()
        month = last_month(org, now).strftime("%Y-%m")
        commit()
    page = signed_in(browser_page, admin)
    page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
    for name, path in {
        "curves": f"/{acme.printer}?period=30d",
        "agents": "/agents",
        "agent": f"/agents/{public_id}",
        "statements": "/statements",
        "statement": f"/statements/{month}?customer=",
    }.items():
        page.set_viewport_size({"width": 1280, "height": 900})
        page.goto(f"{base(world)}{path}")
        axe(page)
        screenshot(page, f"printers-{name}-{theme}")
        page.set_viewport_size({"width": 360, "height": 740})
        axe(page)
        screenshot(page, f"printers-{name}-{theme}-360")
