"""The page that explains the API says what the document says."""

from __future__ import annotations

import html
from collections.abc import Iterator
from typing import Any

import pytest
from flask_babel import force_locale, gettext
from openapi_spec_validator import validate

from tests.cast import Person
from tests.rules.words import tool
from webapp.core.web import Portal

pytestmark = pytest.mark.feature("P-32")


def test_the_document_describes_every_endpoint(visitor: Person) -> None:
    document = visitor.get("/api/openapi.json").json
    assert document
    validate(document)
    rules = visitor.world.portal.url_map.iter_rules()
    ours = [r.rule for r in rules if r.rule.startswith("/api/v1/")]
    assert len(ours) >= 10
    for rule in ours:
        assert rule.replace("<", "{").replace(">", "}") in document["paths"]


def test_what_an_endpoint_needs_stands_in_the_document(visitor: Person) -> None:
    document = visitor.get("/api/openapi.json").json
    assert document
    listed = document["paths"]["/api/v1/printers"]["get"]
    assert listed["security"] == [{"token": ["printers:printers:read"]}]
    assert {p["name"] for p in listed["parameters"]} == {
        "limit",
        "after",
        "state",
        "serial",
        "button",
    }
    assert set(listed["responses"]) == {"200", "304", "400", "401", "403", "422", "429"}
    one = document["paths"]["/api/v1/printers/{public_id}"]["get"]
    assert one["parameters"][0]["in"] == "path"
    assert "404" in one["responses"]


def test_the_page_names_every_operation_and_every_part(visitor: Person) -> None:
    document = visitor.get("/api/openapi.json").json
    page = visitor.get("/api")
    assert document
    assert page.status_code == 200
    text = html.unescape(page.text)
    for path, methods in document["paths"].items():
        assert f"<code>{path}</code>" in text
        for its in methods.values():
            assert f'id="{its["operationId"]}"' in text
            assert its["summary"] in text
    for name in document["components"]["schemas"]:
        assert f'id="part-{name}"' in text
    assert "See printers and panic buttons" in text


def test_every_page_links_to_it(admin: Person) -> None:
    assert 'href="/api"' in admin.get("/me/profile").text


def _said(document: dict[str, Any]) -> Iterator[str]:
    """What the document says in words and the page shows."""
    for methods in document["paths"].values():
        for its in methods.values():
            yield its["summary"]
            yield from (p["description"] for p in its.get("parameters", []) if "description" in p)
    for schema in document["components"]["schemas"].values():
        yield from (one["description"] for one in _with_words(schema))


def _with_words(schema: dict[str, Any]) -> list[dict[str, Any]]:
    return [one for one in (schema, *schema.get("properties", {}).values()) if "description" in one]


@pytest.mark.feature("P-31")
def test_translators_get_every_text_of_the_page(visitor: Person) -> None:
    document = visitor.get("/api/openapi.json").json
    assert document
    known = {message.id for message in tool.extract() if message.id}
    assert set(_said(document)) - known == set()


@pytest.mark.feature("P-31")
def test_the_page_speaks_the_readers_language_and_the_document_english(
    visitor: Person, portal: Portal
) -> None:
    german = {"Accept-Language": "de"}
    document = visitor.get("/api/openapi.json", headers=german).json
    assert document == visitor.get("/api/openapi.json").json
    assert document
    page = html.unescape(visitor.get("/api", headers=german).text)
    with portal.test_request_context(), force_locale("de"):
        assert all(gettext(text) in page for text in _said(document))
