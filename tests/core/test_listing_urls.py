"""The URL is the memory of a list, and anybody may write anything into it."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from werkzeug.datastructures import MultiDict

from tests.core.conftest import ACME
from tests.core.gauges import GAUGES, Gauge, gauge, put
from webapp.core.db import db
from webapp.core.listing import Page
from webapp.core.listing.cursors import Cursor
from webapp.core.listing.narrowing import resolved_filters
from webapp.core.listing.query import ListQuery, parse

pytestmark = [pytest.mark.feature("P-38"), pytest.mark.usefixtures("gauges")]
MANY = settings(
    max_examples=120,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def shown(args: MultiDict[str, str] | None = None) -> Page:
    return GAUGES.page(select(Gauge), args if args is not None else MultiDict())


def cursor(*parts: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


def test_what_is_default_is_not_in_the_url() -> None:
    args = MultiDict({"q": "", "sort": "number", "size": "5", "state": "", "focus": "state"})
    assert shown(args).url() == "/gauges"


def test_the_state_of_a_list_stands_in_its_url() -> None:
    pairs = [("q", "SN"), ("state", "online"), ("state", "alarm"), ("sort", "-opened")]
    url = shown(MultiDict(pairs)).url()
    assert parse_qsl(urlsplit(url).query) == pairs


def test_another_sort_or_size_begins_at_the_first_page() -> None:
    put(*[gauge(ACME, n) for n in range(8)])
    page = shown(MultiDict(parse_qsl(urlsplit(shown().next_url or "").query)))
    serial = GAUGES.columns[2]
    assert page.sort_url(serial) == "/gauges?sort=serial"
    assert page.size_url(10) == "/gauges?size=10"


def test_sorting_again_by_the_same_column_turns_it_round() -> None:
    number, opened = GAUGES.columns[1], GAUGES.columns[4]
    page = shown()
    assert page.sort_url(number) == "/gauges?sort=-number"
    assert page.sort_url(opened) == "/gauges?sort=-opened"
    assert shown(MultiDict({"sort": "-number"})).sort_url(number) == "/gauges"
    assert page.aria_sort(number) == "ascending"
    assert page.aria_sort(opened) is None


def test_only_declared_sorts_and_sizes_are_heard() -> None:
    query = shown(MultiDict({"sort": "note", "size": "100000"})).query
    assert (query.sort, query.size) == ("number", 5)


@pytest.mark.parametrize(
    "bad",
    [
        "x",
        "é",
        "A" * 5000,
        cursor("number", "1", 1),
        cursor("number", 10**30, 1),
        cursor("number", 1, 10**30),
        cursor("number", True, 1),
        cursor("serial", "SN", 1),
        cursor("number", 1),
        cursor({"a": 1}, 1, 1),
        base64.urlsafe_b64encode(b"[" * 1400).decode(),
    ],
)
def test_a_bad_cursor_leads_to_the_first_page_and_says_so(bad: str) -> None:
    put(gauge(ACME, 1))
    for name in ("after", "before"):
        page = shown(MultiDict({name: bad}))
        assert [row.number for row in page.rows] == [1]
        assert page.notice
        assert page.url() == "/gauges"


@pytest.mark.parametrize("value", ["a\x00b", "\ud800", 5, None])
def test_a_text_cursor_that_no_row_could_have_is_bad(value: Any) -> None:
    assert shown(MultiDict({"sort": "serial", "after": cursor("serial", value, 1)})).notice


@pytest.mark.parametrize("value", ["2026-01-01T00:00:00", "9999-99-99", "", 1])
def test_a_time_cursor_needs_a_time_with_a_zone(value: Any) -> None:
    assert shown(MultiDict({"sort": "opened", "after": cursor("opened", value, 1)})).notice


NAMES = ["q", "sort", "size", "after", "before", "state", "site", "label", "below", "noted"]
NAMES += ["opened-from", "opened-to", "focus", "elsewhere"]
TEXTS = st.one_of(
    st.text(max_size=30),
    st.sampled_from(["1", "-number", "opened", "serial", "2026-03-01", "online", "'", "%", ":*"]),
    st.dates().map(str),
    st.integers().map(str),
    st.builds(
        cursor,
        st.sampled_from(["number", "opened", "serial", "state"]),
        st.one_of(st.integers(), st.text(), st.datetimes().map(lambda d: f"{d.isoformat()}+00:00")),
        st.integers(),
    ),
)


@MANY
@given(st.lists(st.tuples(st.sampled_from(NAMES), TEXTS), max_size=8))
def test_no_arguments_whatever_make_a_list_fail(pairs: list[tuple[str, str]]) -> None:
    page = shown(MultiDict(pairs))
    assert not page.has_failed
    again = parse(GAUGES, page.filters, MultiDict(parse_qsl(urlsplit(page.url()).query)))
    assert again == page.query
    page.chips()
    db.session.rollback()


@MANY
@given(
    q=st.text(max_size=40),
    states=st.lists(st.sampled_from(["online", "alarm"]), unique=True, max_size=2),
    sort=st.sampled_from(["number", "-number", "-opened", "serial"]),
    size=st.sampled_from([5, 10, 50]),
)
def test_state_to_url_and_back_is_the_same_state(
    q: str, states: list[str], sort: str, size: int
) -> None:
    filters = resolved_filters(GAUGES)
    raw = MultiDict(
        [("q", q), *(("state", s) for s in states), ("sort", sort), ("size", str(size))]
    )
    query = parse(GAUGES, filters, raw)
    url = query.url("/gauges", GAUGES)
    assert parse(GAUGES, filters, MultiDict(parse_qsl(urlsplit(url).query))) == query


def test_a_cursor_survives_its_url() -> None:
    query = ListQuery("number", 5, after=Cursor("é&=?#", 3).encode("number"))
    url = query.url("/gauges", GAUGES)
    assert dict(parse_qsl(urlsplit(url).query))["after"] == query.after
