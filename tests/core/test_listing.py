"""Lists: pages forwards and backwards, search, filters, totals, whose rows."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Text, cast, delete, event, func, select, text
from werkzeug.datastructures import MultiDict

from tests import make
from tests.core.conftest import ACME, GLOBEX
from tests.core.gauges import FIRST, GAUGES, Gauge, gauge, put
from webapp.core.db import db
from webapp.core.listing import Column, Listing, Page
from webapp.core.listing.declaration import BadListing
from webapp.core.tenancy import OutsideScope, enter, scope, unscoped
from webapp.orgs.models import Membership

pytestmark = [pytest.mark.feature("P-38"), pytest.mark.usefixtures("gauges")]


def shown(_url: str | None = None, **args: Any) -> Page:
    pairs = _parameters(_url) if _url else MultiDict(args)
    return GAUGES.page(select(Gauge), pairs, bulk_url="/gauges/bulk")


def _parameters(url: str) -> MultiDict[str, str]:
    from urllib.parse import parse_qsl, urlsplit

    return MultiDict(parse_qsl(urlsplit(url).query))


def numbers(page: Page) -> list[int]:
    return [row.number for row in page.rows]


def walked(page: Page, direction: str = "next_url") -> list[list[int]]:
    """The numbers of this page and of all that follow it."""
    found = [numbers(page)]
    while (url := getattr(page, direction)) is not None:
        page = shown(url)
        found.append(numbers(page))
        assert len(found) < 50
    return found


def test_the_first_page_is_sorted_and_says_how_many() -> None:
    put(*[gauge(ACME, n) for n in (3, 1, 2, 9, 7, 8)])
    page = shown()
    assert numbers(page) == [1, 2, 3, 7, 8]
    assert page.total_text == "6 gauges"
    assert page.next_url
    assert page.previous_url is None


@pytest.mark.parametrize("sort", ["number", "-number", "state", "-state", "serial", "-opened"])
def test_walking_there_and_back_shows_every_row_once_even_where_all_values_are_equal(
    sort: str,
) -> None:
    put(*[gauge(ACME, n, state="alarm", opened_at=FIRST) for n in range(13)])
    there = walked(shown(sort=sort))
    assert sorted(n for page in there for n in page) == list(range(13))
    assert [len(page) for page in there] == [5, 5, 3]
    last = shown(sort=sort)
    while last.next_url:
        last = shown(last.next_url)
    assert walked(last, "previous_url") == there[::-1]


def test_rows_that_come_meanwhile_make_none_appear_twice_or_be_missed() -> None:
    put(*[gauge(ACME, n) for n in range(10, 20)])
    first = shown()
    put(*[gauge(ACME, n) for n in (1, 2, 3)])
    assert numbers(shown(first.next_url)) == [15, 16, 17, 18, 19]


def test_going_back_over_rows_that_came_meanwhile_shows_them() -> None:
    put(*[gauge(ACME, n) for n in range(10, 20)])
    second = shown(shown().next_url)
    put(*[gauge(ACME, n) for n in (1, 2)])
    back = shown(second.previous_url)
    assert numbers(back) == [10, 11, 12, 13, 14]
    assert numbers(shown(back.previous_url)) == [1, 2, 10, 11, 12]


def test_a_page_whose_rows_are_gone_becomes_the_first_page() -> None:
    put(*[gauge(ACME, n) for n in range(7)])
    second = shown().next_url
    db.session.execute(delete(Gauge).where(Gauge.number >= 5))
    assert numbers(shown(second)) == [0, 1, 2, 3, 4]


def test_few_of_many_are_paged_as_all_others() -> None:
    put(*[gauge(ACME, n, state="alarm" if n % 2 else "online") for n in range(20)])
    there = walked(shown(state="alarm", sort="-number"))
    assert there == [[19, 17, 15, 13, 11], [9, 7, 5, 3, 1]]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("ab-1", [1]),
        ("XY9", [2]),
        ("north", [1, 3]),
        ("nor HALL", [1]),
        ("local", [3]),
        ("#2", [2]),
        ("2", [2]),
        ("rth", []),
        ("%", []),
        ("_", []),
        ("' & !", []),
        ("\\", []),
    ],
)
def test_search_finds_how_serials_begin_and_end_and_how_words_begin(
    typed: str, expected: list[int]
) -> None:
    put(
        gauge(ACME, 1, serial="AB-123", name="north hall"),
        gauge(ACME, 2, serial="CD-XY9", name="south"),
        gauge(ACME, 3, serial="EF-7", name="gauge.north.local"),
    )
    assert numbers(shown(q=typed)) == expected


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        ({"state": "alarm"}, [2]),
        ({"state": ["alarm", "online"]}, [1, 2, 3]),
        ({"state": "nonsense"}, [1, 2, 3]),
        ({"site": "south"}, [2]),
        ({"site": ["none", "south"]}, [2, 3]),
        ({"site": "none"}, [3]),
        ({"label": "1"}, [1, 2]),
        ({"label": ["1", "2"], "state": "online"}, [1, 3]),
        ({"noted": "1"}, [3]),
        ({"opened-from": "2026-03-02"}, [2, 3]),
        ({"opened-to": "2026-03-01"}, [1]),
        ({"opened-from": "2026-03-02", "opened-to": "2026-03-02"}, [2]),
        ({"opened-from": "yesterday"}, [1, 2, 3]),
    ],
)
def test_filters_narrow_the_list(args: dict[str, Any], expected: list[int]) -> None:
    put(
        gauge(ACME, 1, labels=[1], site_id=1, opened_at=FIRST),
        gauge(ACME, 2, labels=[1, 2], site_id=2, state="alarm", opened_at=FIRST.replace(day=2)),
        gauge(ACME, 3, labels=[2], note="look", opened_at=FIRST.replace(day=3)),
    )
    assert numbers(shown(**args)) == expected


def test_a_narrowed_list_says_how_many_of_how_many() -> None:
    put(*[gauge(ACME, n, state="alarm" if n < 2 else "online") for n in range(7)])
    assert shown(state="alarm").total_text == "2 of 7 gauges"


def test_options_are_counted_as_if_their_own_filter_were_not_set() -> None:
    put(
        gauge(ACME, 1, site_id=1, labels=[1]),
        gauge(ACME, 2, site_id=2, labels=[1, 2]),
        gauge(ACME, 3, site_id=None, state="alarm", labels=[2]),
        gauge(GLOBEX, 4, site_id=1, labels=[1]),
    )
    page = shown(state="online")
    assert page.counts["state"] == {"online": 2, "alarm": 1}
    assert page.counts["site"] == {"north": 1, "south": 1, "none": 0}
    assert page.counts["label"] == {"1": 2, "2": 1}


@pytest.mark.parametrize(
    ("rows", "is_exact", "text_"),
    [
        (9_999, True, "9,999 gauges"),
        (10_000, True, "10,000 gauges"),
        (10_001, False, "≈ 10,000 gauges"),
    ],
)
def test_totals_are_exact_to_ten_thousand(rows: int, is_exact: bool, text_: str) -> None:
    db.session.execute(
        text(
            "INSERT INTO test_gauges (organisation_id, public_id, number, name, serial, serial_end,"
            " state, labels, opened_at) SELECT :org, n::text, n, '', '', '', 'online', '{1}', now()"
            " FROM generate_series(1, :rows) n"
        ),
        {"org": ACME, "rows": rows},
    )
    db.session.execute(text("ANALYZE test_gauges"))
    page = shown()
    assert page.total.is_exact is is_exact
    assert page.total_text == text_
    assert bool(page.counts) is is_exact


def test_a_list_shows_only_the_rows_of_its_organisation() -> None:
    put(gauge(ACME, 1), gauge(GLOBEX, 2), gauge(GLOBEX, 3))
    page = shown()
    assert numbers(page) == [1]
    assert page.total_text == "1 gauge"
    assert page.counts["state"]["online"] == 1
    assert numbers(shown(q="SN0002")) == []
    assert numbers(shown(sort="-number", state="online")) == [1]


def test_a_list_outside_any_scope_is_refused() -> None:
    members = Listing(
        name="members",
        model=Membership,
        columns=[Column("id", "Id", sort=Membership.id)],
        default_sort="id",
        total=lambda n, shown: shown,
    )
    enter(None)
    with pytest.raises(OutsideScope):
        members.page(select(Membership), MultiDict())
    db.session.rollback()


def test_and_below_widens_the_list_to_the_organisations_below() -> None:
    with unscoped("making organisations"):
        top = make.organisation("Top")
        child = make.organisation("Child", parent=top)
        other = make.organisation("Other")
        db.session.commit()
    put(gauge(top.id, 1), gauge(child.id, 2), gauge(other.id, 3))
    with scope(top.id):
        assert numbers(GAUGES.page(select(Gauge), MultiDict(), organisation=top)) == [1]
        below = GAUGES.page(select(Gauge), MultiDict({"below": "1"}), organisation=top)
        assert numbers(below) == [1, 2]
        assert below.counts["state"]["online"] == 2
        assert numbers(shown(below="1")) == [1]


def slow() -> Any:
    return select(Gauge).where(cast(func.pg_sleep(0.5), Text) == "")


def test_a_list_that_takes_too_long_says_so_and_the_transaction_goes_on() -> None:
    put(gauge(ACME, 1))
    db.session.execute(text("UPDATE test_gauges SET note = 'kept'"))
    page = GAUGES.page(slow(), MultiDict({"state": "online"}), timeout_ms=30)
    assert page.has_failed
    assert page.empty_kind == "failed"
    assert page.chips()
    assert db.session.scalar(text("SELECT note FROM test_gauges")) == "kept"
    assert db.session.scalar(text("SHOW statement_timeout")) == "0"


@pytest.mark.feature("Q-1")
def test_the_number_of_statements_does_not_grow_with_the_rows() -> None:
    statements: list[str] = []

    def note(_c: object, _cur: object, sql: str, *_rest: object) -> None:
        statements.append(sql)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        put(*[gauge(ACME, n) for n in range(2)])
        statements.clear()
        shown(size="50")
        few = len(statements)
        put(*[gauge(ACME, n) for n in range(2, 50)])
        statements.clear()
        assert len(shown(size="50").rows) == 50
        assert len(statements) == few
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


def test_a_sort_that_may_be_null_is_refused_at_declaration() -> None:
    with pytest.raises(BadListing, match="may be null"):
        Listing(
            name="bad",
            model=Gauge,
            columns=[Column("note", "Note", sort=Gauge.note)],
            default_sort="note",
            total=lambda n, shown: shown,
        )


def test_a_nullable_column_is_sorted_by_an_expression_without_nulls() -> None:
    notes = Listing(
        name="notes",
        model=Gauge,
        columns=[Column("note", "Note", sort=func.lower(func.coalesce(Gauge.note, "")))],
        default_sort="-note",
        total=lambda n, shown: shown,
        sizes=(2,),
        size=2,
    )
    put(gauge(ACME, 1, note="B"), gauge(ACME, 2), gauge(ACME, 3, note="a"))
    first = notes.page(select(Gauge), MultiDict())
    assert numbers(first) == [1, 3]
    assert numbers(notes.page(select(Gauge), _parameters(first.next_url or ""))) == [2]
