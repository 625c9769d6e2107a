"""What a list looks like: markup that works without a script, and what htmx gets of it."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

import pytest
from flask import render_template_string, request
from sqlalchemy import Text, cast, func, select
from werkzeug.datastructures import MultiDict

from tests.core.conftest import ACME, GLOBEX
from tests.core.gauges import GAUGES, Gauge, gauge, put
from webapp.core.db import db
from webapp.core.listing import Page
from webapp.core.tenancy import scope
from webapp.core.web import Portal

pytestmark = [pytest.mark.feature("P-38", "P-39"), pytest.mark.usefixtures("gauges")]
Tag = tuple[str, dict[str, str | None]]


class Tags(HTMLParser):
    """Every tag with its attributes, and the text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[Tag] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str, /, **attributes: str) -> list[dict[str, str | None]]:
        return [a for t, a in self.tags if t == tag and attributes.items() <= a.items()]

    def classed(self, name: str) -> list[Tag]:
        return [(t, a) for t, a in self.tags if name in (a.get("class") or "").split()]


def shown(bulk_url: str | None = "/gauges/bulk", **args: Any) -> Page:
    return GAUGES.page(select(Gauge), MultiDict(args), bulk_url=bulk_url)


def seen(page: Page) -> Tags:
    template = "{{ ui.listing(page, nothing='Add a gauge.', action='ADD') }}"
    return Tags(render_template_string(template, page=page))


def test_the_name_is_the_rows_first_link_and_heads_the_row() -> None:
    put(gauge(ACME, 1, name="Tank <b>"))
    tags = seen(shown())
    assert len(tags.all("tr", **{"data-row": None})) == 1  # type: ignore[arg-type]
    assert len(tags.all("th", scope="row")) == 1
    row = next(n for n, (_t, a) in enumerate(tags.tags) if "data-row" in a)
    links = [a["href"] for t, a in tags.tags[row:] if t == "a"]
    assert (links[0] or "").startswith("/gauges/")
    assert "Tank <b>" in tags.text
    assert not tags.all("b")


def test_only_the_sorted_column_says_so_and_each_sort_is_a_link() -> None:
    put(gauge(ACME, 1))
    tags = seen(shown(sort="-serial"))
    assert [a["aria-sort"] for a in tags.all("th") if "aria-sort" in a] == ["descending"]
    hrefs = {a["href"] for a in tags.all("a")}
    assert {"/gauges", "/gauges?sort=serial", "/gauges?sort=-opened"} <= hrefs


def test_on_a_phone_all_but_name_and_state_fold_behind_their_labels() -> None:
    put(gauge(ACME, 1))
    tags = seen(shown())
    assert [a["data-label"] for a in tags.all("td") if "data-label" in a] == [
        "Number",
        "Serial",
        "Opened",
        "Labels",
        "Note",
    ]
    assert len(tags.classed("col-state")) == 1


def test_search_and_filters_are_one_plain_form_that_keeps_sort_and_size() -> None:
    put(gauge(ACME, 1, site_id=1))
    tags = seen(shown(sort="-number", size="10", q="SN", state=["online"]))
    form = tags.all("form", role="search")[0]
    assert form["action"] == "/gauges"
    assert "method" not in form
    assert tags.all("input", name="q")[0]["value"] == "SN"
    assert "checked" in tags.all("input", name="state", value="online")[0]
    assert "checked" not in tags.all("input", name="state", value="alarm")[0]
    assert tags.all("input", type="hidden", name="sort")[0]["value"] == "-number"
    assert tags.all("input", type="hidden", name="size")[0]["value"] == "10"
    assert tags.all("input", type="date", name="opened-from")


def test_active_filters_are_chips_whose_link_takes_them_away() -> None:
    put(gauge(ACME, 1))
    tags = seen(shown(q="SN", state=["online", "alarm"]))
    assert {a["href"] for _t, a in tags.classed("chip")} == {
        "/gauges?state=online&state=alarm",
        "/gauges?q=SN&state=alarm",
        "/gauges?q=SN&state=online",
    }
    assert tags.all("a", href="/gauges")


def test_every_link_and_the_form_name_their_own_target_for_htmx() -> None:
    put(*[gauge(ACME, n) for n in range(6)])
    tags = seen(shown(state="online"))
    asking = [a for _t, a in tags.tags if "hx-get" in a]
    assert len(asking) > 5
    assert {a["hx-target"] for a in asking} == {"#list-gauges"}
    assert tags.all("div", id="list-gauges")
    ids = [a["id"] for _t, a in tags.tags if a.get("id")]
    assert len(ids) == len(set(ids))


def test_nothing_yet_says_what_to_do() -> None:
    tags = seen(shown())
    assert "Add a gauge." in tags.text
    assert "ADD" in tags.text
    assert not tags.all("table")


def test_nothing_that_matches_offers_to_clear_the_filters() -> None:
    put(gauge(ACME, 1))
    tags = seen(shown(state="alarm"))
    assert "Nothing matches" in tags.text
    assert "0 of 1 gauge" in tags.text
    assert tags.all("a", href="/gauges")
    assert tags.all("form", role="search")


def test_could_not_load_offers_to_try_again_with_the_same_filters() -> None:
    put(gauge(ACME, 1))
    slow = select(Gauge).where(cast(func.pg_sleep(0.5), Text) == "")
    args = MultiDict({"state": "online"})
    tags = seen(GAUGES.page(slow, args, timeout_ms=30))
    assert "Could not load" in tags.text
    assert tags.all("a", href="/gauges?state=online")
    assert "checked" in tags.all("input", name="state", value="online")[0]


def test_ticking_works_as_one_form_post() -> None:
    put(*[gauge(ACME, n) for n in range(6)])
    tags = seen(shown(state="online"))
    boxes = tags.all("input", name="row")
    assert len(boxes) == 5
    form = tags.all("form", method="post", action="/gauges/bulk")[0]
    assert {box["form"] for box in boxes} == {form["id"]}
    assert tags.all("input", name="list")[0]["value"] == "state=online"
    assert tags.all("input", name="csrf_token")
    assert "Select all 6 of 6 gauges" not in tags.text
    assert "Select all 6 gauges" in tags.text
    assert tags.all("button", name="action", value="drop")[0]["data-confirm"] == "Drop them?"


def test_without_a_bulk_url_nothing_can_be_ticked() -> None:
    put(gauge(ACME, 1))
    assert not seen(shown(bulk_url=None)).all("input", name="row")


def test_the_menu_of_a_row_has_a_name_and_leaves_out_what_is_not_offered() -> None:
    put(gauge(ACME, 1, name="Tank"))
    tags = seen(shown())
    assert "Actions for Tank" in tags.text
    assert len(tags.classed("menu-item")) == 1


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ([("row", "a"), ("row", "b"), ("row", "g"), ("action", "claim")], ["a", "b"]),
        ([("everything", "1"), ("list", "state=alarm"), ("action", "claim")], ["b"]),
        ([("everything", "1"), ("list", ""), ("action", "claim")], ["a", "b"]),
        ([("action", "claim")], []),
        ([("row", "\x00"), ("row", "nobody")], []),
    ],
)
def test_a_selection_is_what_was_ticked_or_all_of_the_filter_and_never_a_strangers(
    form: list[tuple[str, str]], expected: list[str]
) -> None:
    put(
        gauge(ACME, 1, public_id="a"),
        gauge(ACME, 2, public_id="b", state="alarm"),
        gauge(GLOBEX, 3, public_id="g", state="alarm"),
    )
    selection = GAUGES.selection(MultiDict(form))
    found = db.session.scalars(selection.of(select(Gauge)).order_by(Gauge.number)).all()
    assert [g.public_id for g in found] == expected
    assert selection.is_empty == (not any(name in ("row", "everything") for name, _v in form))


def test_an_action_that_the_list_does_not_offer_is_nothing() -> None:
    assert GAUGES.selection(MultiDict({"action": "explode"})).action == ""
    assert GAUGES.selection(MultiDict({"action": "drop"})).action == "drop"


def test_htmx_gets_the_clean_url_and_the_total_for_the_live_region(
    portal: Portal, gauge_table: None
) -> None:
    put(gauge(ACME, 1), gauge(ACME, 2, state="alarm"))
    headers = {"HX-Request": "true", "HX-Request-Type": "partial"}
    query = "q=&state=alarm&focus=state"
    with portal.test_request_context(f"/gauges?{query}", headers=headers), scope(ACME):
        page = GAUGES.page(select(Gauge), request.args)
        tags = seen(page)
        assert tags.all("span", **{"hx-swap-oob": "innerHTML:#live"})
        assert "1 of 2 gauges" in tags.text
        assert tags.all("summary", **{"data-focus": None})  # type: ignore[arg-type]
        assert page.url() == "/gauges?state=alarm"


def test_a_whole_page_leaves_live_region_and_focus_alone() -> None:
    put(gauge(ACME, 1))
    tags = seen(shown(focus="state"))
    assert not [a for _t, a in tags.tags if "hx-swap-oob" in a or "data-focus" in a]
