"""Lists: pages, filters, totals, tenancy, hostile URLs."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from werkzeug.datastructures import MultiDict

from tests.core.conftest import ACME
from tests.core.gauges import GAUGES, Gauge, gauge, put
from webapp.core.listing import Page

pytestmark = [pytest.mark.feature("P-38"), pytest.mark.usefixtures("gauges")]


def shown(**args: str | list[str]) -> Page:
    return GAUGES.page(select(Gauge), MultiDict(args), bulk_url="/gauges/bulk")


def numbers(page: Page) -> list[int]:
    return [row.number for row in page.rows]


def test_the_first_page_is_sorted_and_says_how_many() -> None:
    put(*[gauge(ACME, n) for n in (3, 1, 2, 9, 7, 8)])
    page = shown()
    assert numbers(page) == [1, 2, 3, 7, 8]
    assert page.total_text == "6 gauges"
    assert page.next_url
    assert not page.previous_url


def test_it_renders() -> None:
    from flask import render_template_string

    put(*[gauge(ACME, n) for n in range(6)])
    for args in ({}, {"q": "SN"}, {"state": "alarm"}, {"opened-from": "2026-03-01"}):
        html = render_template_string("{{ ui.listing(page) }}", page=shown(**args))
        assert "6 gauges" in html
