"""P-42, B-8: whatever stands in a file, it is read or refused in words; nothing half made, never an error page."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from tests.imports.conftest import Desk
from webapp.core.errors import Refusal
from webapp.core.web import Portal
from webapp.imports.columns import plain
from webapp.imports.models import Import
from webapp.imports.reading import find_delimiter, find_encoding
from webapp.imports.subjects import all_subjects
from webapp.printers.models import Printer

pytestmark = pytest.mark.feature("P-42", "B-8")
CELLS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
BYTES = st.one_of(
    st.binary(max_size=300),
    st.binary(max_size=200).map(lambda rest: b"name;serial\n" + rest),
    st.text(max_size=200).map(lambda text: f"name;email;roles\n{text}".encode(errors="replace")),
)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(BYTES, st.sampled_from(["", "utf-8", "utf-16", "cp1250", "cp1252"]))
@example(b"\xff\xfe\x00", "")
@example(b"\xef\xbb\xbf", "")
@example(b'"', "utf-8")
@example(b"name\n\xed\xa0\x80", "")
@example("name\n\ud800".encode("utf-16", "surrogatepass"), "")
@example(b"name;name;name\n1;2;3\n", "")
@example(b"sep=;\n", "")
@example(b"name\n" + b"A" * 140_000 + b"\n", "")
def test_any_bytes_end_in_a_page(desk: Desk, content: bytes, encoding: str) -> None:
    answer = desk.upload(content, encoding=encoding)
    assert answer.status_code in (303, 422)
    if answer.status_code == 422:
        return
    assert desk.person.get(answer.location).status_code == 200
    url = answer.location.removesuffix("/mapping")
    sent = {"version": str(desk.row(url).version), "column_name": "0"}
    assert desk.person.post(answer.location, sent).status_code == 303
    desk.work()
    assert desk.state(url) in ("checked", "uploaded")
    if desk.state(url) == "checked":
        good = desk.row(url).good
        assert desk.person.get(url).status_code == 200
        before = desk.one(select(func.count()).select_from(Printer))
        desk.commit(url, faulty="skip")
        desk.work()
        made = desk.one(select(func.count()).select_from(Printer)) - before
        assert (desk.row(url).made, made) == (good, good)


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=8),
    st.sampled_from([",", ";", "\t"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    st.sampled_from(["\n", "\r\n"]),
)
def test_what_a_spreadsheet_writes_is_read_as_it_stood(
    desk: Desk, lines: list[tuple[str, str]], delimiter: str, encoding: str, end: str
) -> None:
    lines = [(a.replace("\x00", ""), b.replace("\x00", "")) for a, b in lines]
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator=end, quoting=csv.QUOTE_ALL)
    writer.writerow(["name", "location"])
    writer.writerows(lines)
    url = desk.check(out.getvalue().encode(encoding))
    assert desk.state(url) == "checked"
    staged = [r.values["name"] for r in desk.staged() if r.import_id == desk.row(url).id]
    wanted = [_tidy(a) for a, b in lines if a.strip() or b.strip()]
    assert [value or "" for value in staged] == wanted


def _tidy(cell: str) -> str:
    text = " ".join("".join(c if c.isprintable() else " " for c in cell).split())
    return text[1:] if text[:1] == "'" and text[1:2] in tuple("=+-@") else text


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300))
def test_encoding_and_delimiter_are_found_or_refused(portal: Portal, content: bytes) -> None:
    with portal.test_request_context():
        try:
            assert find_encoding(io.BytesIO(content)) in ("utf-8", "utf-8-sig", "utf-16", "cp1252")
            assert find_delimiter(content) in ",;\t|"
        except Refusal as refusal:
            assert refusal.message  # noqa: PT017 - either is an answer


def test_no_word_names_two_fields_of_a_subject(portal: Portal) -> None:
    for subject in all_subjects():
        words: dict[str, str] = {}
        for field in subject.fields:
            for word in {plain(w) for w in (field.name, *field.words.split(","))} - {""}:
                assert words.setdefault(word, field.name) == field.name, (subject.name, word)


def test_a_file_beyond_the_limit_is_refused(desk: Desk) -> None:
    answer = desk.upload(b"name\n" + b"A\n" * (33 * 1024 * 1024))
    assert answer.status_code == 413
    assert desk.all(select(Import)) == []


def test_no_file_is_told_too(desk: Desk) -> None:
    answer = desk.person.post(f"{desk.base}/new/printers", {"encoding": ""})
    assert answer.status_code == 422
    assert "Choose a file" in answer.text
    assert desk.person.get(f"{desk.base}/new/unicorns").status_code == 404
