"""CSV: what the list shows, in the user's style, harmless in a spreadsheet."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
from flask import Response
from flask_babel import force_locale
from sqlalchemy import event, select
from werkzeug.datastructures import MultiDict

from tests.core.conftest import ACME, GLOBEX
from tests.core.gauges import GAUGES, Gauge, gauge, put
from webapp.core import tenancy
from webapp.core.db import db
from webapp.core.listing.csv_export import Style, harmless
from webapp.core.web import Portal

pytestmark = pytest.mark.feature("P-38")


@dataclass
class Taste:
    csv_delimiter: str = ","
    csv_thousands: str = ""


def asked(user: Taste | None = None, **args: Any) -> Response:
    page = GAUGES.page(select(Gauge), MultiDict({"format": "csv", **args}))
    return page.csv_response("gauges.csv", user or Taste())


def lines(response: Response, delimiter: str = ",") -> list[list[str]]:
    text = b"".join(response.iter_encoded()).decode()
    assert text.startswith("\ufeff")
    return list(csv.reader(io.StringIO(text[1:], newline=""), delimiter=delimiter))


@pytest.mark.usefixtures("gauges")
def test_the_file_holds_all_rows_of_the_filter_in_the_order_of_the_list() -> None:
    put(*[gauge(ACME, n, state="alarm" if n % 2 else "online") for n in range(1300)])
    found = lines(asked(state="alarm", sort="-number"))
    assert found[0][:2] == ["Name", "Number"]
    assert [row[1] for row in found[1:]] == [str(n) for n in range(1299, 0, -2)]


@pytest.mark.usefixtures("gauges")
def test_the_file_holds_no_row_of_another_organisation() -> None:
    put(gauge(ACME, 1), gauge(GLOBEX, 2))
    assert [row[1] for row in lines(asked())[1:]] == ["1"]


@pytest.mark.usefixtures("gauges")
def test_the_file_follows_the_users_delimiter_and_thousands_separator() -> None:
    put(gauge(ACME, 1_234_567, name='a;"b"', labels=[1, 2], note=None))
    found = lines(asked(Taste(";", ".")), ";")
    assert found[1] == [
        'a;"b"',
        "1.234.567",
        "SN1234567",
        "online",
        found[1][4],
        "1, 2",
        "",
    ]
    assert found[0][4] == "Opened (UTC)"
    assert len(found[1][4]) == len("2026-03-01 12:00:00")


@pytest.mark.parametrize(
    ("taste", "value", "expected"),
    [
        (Taste(",", ""), 1234567, "1234567"),
        (Taste(",", "'"), 1234567, "1'234'567"),
        (Taste(";", ""), Decimal("1234.50"), "1234,50"),
        (Taste(",", ","), Decimal("-1234.5"), "-1,234.5"),
        (Taste(";", "."), Decimal("1234.5"), "1.234,5"),
    ],
)
def test_numbers_are_written_with_the_users_marks(
    portal: Portal, taste: Taste, value: Any, expected: str
) -> None:
    with portal.app_context():
        assert Style.of(taste).text(value) == expected


def test_yes_and_no_are_words(portal: Portal) -> None:
    with portal.test_request_context(), force_locale("en"):
        assert Style.of(Taste()).text(True) == "yes"


@pytest.mark.parametrize(
    "text", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1", "\n=1"]
)
def test_a_text_that_a_spreadsheet_would_run_gets_an_apostrophe(text: str) -> None:
    assert harmless(text) == "'" + text


@pytest.mark.parametrize("text", ["-12", "+39", "-1.5", "a=b", "", " ", "plain", "1-2"])
def test_numbers_and_plain_texts_stay_as_they_are(text: str) -> None:
    assert harmless(text) == text


@pytest.mark.usefixtures("gauges")
def test_the_answer_is_a_download_that_no_cache_keeps() -> None:
    answer = asked()
    assert answer.mimetype == "text/csv"
    assert "gauges.csv" in answer.headers["Content-Disposition"]
    assert answer.headers["Cache-Control"] == "no-store"
    answer.close()


def test_the_body_is_made_after_the_request_has_ended(
    portal: Portal, gauge_table: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with portal.test_request_context("/gauges"), tenancy.scope(ACME):
        put(*[gauge(ACME, n) for n in range(3)], gauge(GLOBEX, 9))
        answer = asked()
    assert tenancy.current_scope() is None
    try:
        assert len(lines(answer)) == 4
        assert tenancy.current_scope() is None
    finally:
        with portal.app_context(), db.engine.begin() as connection:
            connection.execute(Gauge.__table__.delete())


@pytest.mark.usefixtures("gauges")
def test_an_abandoned_download_gives_its_connection_back() -> None:
    put(*[gauge(ACME, n) for n in range(1200)])
    before = db.engine.pool.checkedout()  # type: ignore[attr-defined]
    answer = asked()
    body = iter(answer.response)
    next(body)
    next(body)
    assert db.engine.pool.checkedout() > before  # type: ignore[attr-defined]
    body.close()  # type: ignore[attr-defined]
    assert db.engine.pool.checkedout() == before  # type: ignore[attr-defined]


@pytest.mark.usefixtures("gauges")
def test_rows_are_fetched_in_batches_not_all_at_once() -> None:
    put(*[gauge(ACME, n) for n in range(1200)])
    loaded: list[object] = []

    def note(row: object, _context: object) -> None:
        loaded.append(row)

    event.listen(Gauge, "load", note)
    try:
        body = iter(asked().response)
        next(body)
        next(body)
        assert len(loaded) == 500
        body.close()  # type: ignore[attr-defined]
    finally:
        event.remove(Gauge, "load", note)
