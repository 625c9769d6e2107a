"""P-22, B-7: what templates and values can hold, and what never happens."""

from __future__ import annotations

import html
import re

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from webapp.core.errors import Refusal
from webapp.mail.markup import sanitise, to_text
from webapp.mail.placeholders import check, fill_html, fill_subject, fill_text, names

pytestmark = pytest.mark.feature("P-22")

anything = st.text(max_size=60)
nasty = st.one_of(
    anything,
    st.sampled_from(
        [
            "<script>alert(1)</script>",
            '"><img src=x onerror=alert(1)>',
            "javascript:alert(1)",
            "[[[B]]]",
            "a\r\nBcc: x@y.z",
            "' onmouseover='x",
            "&lt;b&gt;",
            "{{ 7*7 }}{% raw %}",
            "\u2028",
        ]
    ),
)


def test_names_are_listed_once_in_order() -> None:
    assert names("[[[B]]] [[[A]]] [[[B]]] [[[ A ]]]") == ["B", "A"]


def test_an_unknown_placeholder_is_refused_by_name(ground: Flask) -> None:
    with pytest.raises(Refusal, match=r"\[\[\[NAEM\]\]\]") as refused:
        check("Hello [[[NAEM]]] [[[NAME]]]", {"NAME"}, field="html")
    assert refused.value.field == "html"


def test_an_unclosed_placeholder_is_refused(ground: Flask) -> None:
    with pytest.raises(Refusal, match="begun but not ended"):
        check("Hello [[[NAME]], how are you", {"NAME"}, field="subject")


def test_known_placeholders_pass(ground: Flask) -> None:
    check("[[[NAME]]] [x] [[y]] ]]]", {"NAME"}, field="subject")


@pytest.mark.parametrize("value", [None, "", "  \n "])
def test_a_missing_value_prints_an_em_dash(value: str | None) -> None:
    values = {} if value is None else {"A": value}
    assert fill_text("x [[[A]]] y", values) == "x — y"
    assert fill_html("<p>[[[A]]]</p>", values) == "<p>—</p>"
    assert fill_subject("[[[A]]]", values) == "—"


def test_values_are_escaped_and_their_lines_kept_in_html() -> None:
    filled = fill_html("<p>[[[A]]]</p>", {"A": "1 < 2 & <b>\r\nnext"})
    assert filled == "<p>1 &lt; 2 &amp; &lt;b&gt;<br>next</p>"


def test_a_value_that_looks_like_a_placeholder_is_printed_as_it_is() -> None:
    values = {"A": "[[[B]]]", "B": "secret"}
    assert fill_html("<p>[[[A]]]</p>", values) == "<p>[[[B]]]</p>"
    assert fill_text("[[[A]]]", values) == "[[[B]]]"
    assert fill_subject("[[[A]]]", values) == "[[[B]]]"


def test_a_subject_is_one_line_and_not_endless() -> None:
    assert fill_subject("a [[[A]]]", {"A": "x\r\nBcc: evil@x.test\x85\u2028y"}) == (
        "a x Bcc: evil@x.test y"
    )
    assert len(fill_subject("[[[A]]]", {"A": "x" * 500})) == 200


def test_a_link_is_filled_with_a_whole_address() -> None:
    filled = fill_html('<a href="[[[LINK]]]">go</a>', {"LINK": 'https://x.test/?a=1&b="2"'})
    assert filled == '<a href="https://x.test/?a=1&amp;b=&quot;2&quot;">go</a>'


@pytest.mark.parametrize(
    "address",
    ["javascript:alert(1)", " java\nscript:alert(1)", "data:text/html,x", "//x.test", "—"],
)
def test_a_value_cant_make_a_link_harmful(address: str) -> None:
    assert fill_html('<a href="[[[LINK]]]">go</a>', {"LINK": address}) == "<a>go</a>"


def test_within_an_address_a_value_is_data() -> None:
    filled = fill_html('<a href="https://x.test/?q=[[[A]]]&b=1">go</a>', {"A": "a&b=2 ü"})
    assert filled == '<a href="https://x.test/?q=a%26b%3D2%20%C3%BC&amp;b=1">go</a>'
    assert 'href="mailto:a@b.test"' in fill_html('<a href="mailto:[[[A]]]">', {"A": "a@b.test"})


def test_templates_run_nothing() -> None:
    template = "<p>{{ 7*7 }} {% for x in y %} ${7*7} <% 7 %> [[[A.__class__]]]</p>"
    filled = fill_html(template, {"A": "x"})
    assert "{{ 7*7 }} {% for x in y %} ${7*7}" in filled
    assert "class" not in filled


@given(template=nasty, a=nasty, b=nasty)
def test_subjects_never_hold_a_line_break(template: str, a: str, b: str) -> None:
    subject = fill_subject(f"{template}[[[A]]]{template}[[[B]]]", {"A": a, "B": b})
    assert len(subject.splitlines()) <= 1
    assert not re.search(r"[\x00-\x1f\x7f]", subject)


@given(a=nasty)
def test_a_value_in_text_shows_itself_and_nothing_else(a: str) -> None:
    filled = fill_html("<p>x[[[A]]]y</p>", {"A": a})
    inside = filled.removeprefix("<p>x").removesuffix("y</p>").replace("<br>", "\n")
    assert "<" not in inside
    expected = a if a.strip() else "—"
    squeezed = "".join(expected.split())
    visible = re.sub(r"[\x00-\x08\x0e-\x1f]", "", squeezed)
    assert "".join(html.unescape(inside).split()) == "".join(visible.split()) or not visible


@given(a=nasty, b=nasty)
def test_no_value_makes_markup(a: str, b: str) -> None:
    template = '<p title="[[[A]]]"><a href="[[[B]]]" title="[[[A]]]">t</a><img src="[[[A]]]"></p>'
    filled = fill_html(template, {"A": a, "B": b})
    assert re.fullmatch(
        r'<p><a(?: href="[^"<>]*")?(?: title="[^"<>]*")?>t</a><img[^<>]*></p>', filled
    )
    assert not re.search(r"(?i)(href|src)=\"\s*(javascript|data:text|vbscript)", filled)


@given(html_=nasty, more=nasty)
def test_sanitising_twice_changes_nothing(html_: str, more: str) -> None:
    once = sanitise(f"<p>{html_}<b>{more}")
    assert sanitise(once) == once


def test_what_does_not_belong_in_a_mail_is_dropped() -> None:
    html_ = (
        '<p onclick="x()" style="color:red;position:fixed;background-image:url(https://x)">a</p>'
        "<script>alert(1)</script><style>p{}</style><iframe src=x></iframe><form><input></form>"
        '<img src="http://x.test/t.gif"><img src="data:image/svg+xml;base64,AA" alt="b">'
        '<img src="https://x.test/logo.png"><a class="button other" href="https://x.test">c</a>'
    )
    assert sanitise(html_) == (
        '<p style="color:red">a</p><img><img alt="b"><img src="https://x.test/logo.png">'
        '<a class="button" href="https://x.test">c</a>'
    )


def test_plain_text_is_made_of_html() -> None:
    text = to_text(
        "<h1>Title</h1><p>One &amp; two<br>three</p><ul><li>a</li><li>b</li></ul><ol><li>c</li></ol>"
        '<p>See <a href="https://x.test/?a=1&amp;b">the page</a> or '
        '<a href="https://y.test">https://y.test</a></p>'
        "<table><tr><th>k</th><td>v</td></tr><tr><th>l</th><td>w</td></tr></table>"
    )
    assert text == (
        "Title\n\nOne & two\nthree\n\n- a\n- b\n\n1. c\n\n"
        "See the page: https://x.test/?a=1&b or https://y.test\n\nk  v\nl  w\n"
    )


@given(html_=nasty, more=nasty)
def test_any_sanitised_html_becomes_text(html_: str, more: str) -> None:
    assert to_text(sanitise(f"<ul><li>{html_}<pre>{more}</ol></pre><a href={html_}>")).endswith(
        "\n"
    )
