"""The page that explains the API says what the document says."""

from __future__ import annotations

import html

import pytest
from openapi_spec_validator import validate

from tests.cast import Person

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
