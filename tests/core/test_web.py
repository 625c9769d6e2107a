"""Pages, fragments, headers, errors: what every answer of the portal keeps to."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flask import Flask

from tests.cast import Person
from webapp.core.web import Portal, local_target
from webapp.settings import Settings


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example",
        "https://evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "",
        None,
        "evil",
    ],
)
def test_nobody_is_led_to_another_site(target: str | None) -> None:
    assert local_target(target, "/home") == "/home"


@pytest.mark.parametrize("target", ["/", "/o/ORG-1/printers?q=a%20b&state=new"])
def test_local_paths_are_followed(target: str) -> None:
    assert local_target(target, "/home") == target


@pytest.mark.feature("Q-21")
def test_every_page_is_protected_by_its_headers(visitor: Person) -> None:
    for path in ("/sign-in", "/status", "/nowhere", "/healthz"):
        headers = visitor.get(path).headers
        csp = headers["Content-Security-Policy"]
        assert "default-src 'none'" in csp
        assert "script-src 'self';" in csp
        assert "unsafe" not in csp
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["Referrer-Policy"] == "same-origin"


@pytest.mark.feature("Q-21")
def test_the_session_cookie_is_guarded(visitor: Person) -> None:
    cookie = visitor.get("/sign-in").headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_pages_are_not_cached_and_assets_are(visitor: Person) -> None:
    page = visitor.get("/sign-in")
    assert page.headers["Cache-Control"] == "no-store"
    url = next(part for part in page.text.split('"') if part.endswith("outpost.css"))
    sheet = visitor.get(url, headers={"Accept-Encoding": "gzip"})
    assert "immutable" in sheet.headers["Cache-Control"]
    assert sheet.headers["Content-Encoding"] == "gzip"


@pytest.mark.feature("Q-2")
def test_the_first_load_is_small(visitor: Person) -> None:
    """HTML, sheet, scripts: what a browser fetches before the page works, compressed."""
    import gzip
    import re

    page = visitor.get("/sign-in")
    urls = set(re.findall(r'(?:href|src)="(/assets/[^"#]+)', page.text))
    assets = visitor.world.portal.extensions["assets"]
    sizes = [len(gzip.compress(page.data))]
    sizes += [len(a.packed or a.body) for n, a in assets.files.items() if n.startswith("js/")]
    sizes += [len(assets.files[u.split("/", 3)[3]].packed or b"") for u in urls if "/js/" not in u]
    assert sum(sizes) <= 60_000


def test_what_is_not_there_is_one_answer(visitor: Person, admin: Person) -> None:
    for person in (visitor, admin):
        answer = person.get("/nowhere")
        assert answer.status_code == 404
        assert "<h1>" in answer.text


def test_machines_are_answered_in_problem_json(visitor: Person) -> None:
    for path in ("/device/v1/nowhere", "/api/v1/nowhere"):
        answer = visitor.get(path)
        assert answer.status_code == 404
        assert answer.mimetype == "application/problem+json"
        assert answer.json
        assert answer.json["code"] == "unknown"
    wrong = visitor.client.put("/device/v1/ping")
    assert wrong.status_code == 405
    assert wrong.json
    assert wrong.json["code"] == "method_not_allowed"


@pytest.mark.feature("Q-14")
@pytest.mark.parametrize(
    "path", ["/sign-in?next=%00", "/%00", "/o/%00/printers", "/sign-in?%00=1", "/status?a=%ff%fe"]
)
def test_nul_and_broken_text_in_addresses_are_no_500(visitor: Person, path: str) -> None:
    assert visitor.get(path).status_code < 500


@pytest.mark.feature("Q-14")
def test_nul_in_a_form_is_refused(visitor: Person) -> None:
    answer = visitor.post("/sign-in", {"login": "a\x00b", "password": "x"})
    assert answer.status_code == 400


@pytest.mark.feature("Q-14")
def test_a_form_of_ten_megabytes_is_refused(visitor: Person) -> None:
    answer = visitor.post("/sign-in", {"login": "a" * 10_000_000})
    assert answer.status_code == 413


@pytest.mark.feature("P-31")
def test_the_language_is_chosen_by_the_browser_and_by_hand(visitor: Person) -> None:
    german = visitor.get("/sign-in", headers={"Accept-Language": "de-AT,de;q=0.9"})
    assert 'lang="de' in german.text
    visitor.post("/preferences/language", {"language": "sv", "next": "/sign-in"})
    assert 'lang="sv' in visitor.get("/sign-in").text
    assert visitor.post("/preferences/language", {"language": "xx"}).status_code == 400


def test_the_theme_is_kept(visitor: Person) -> None:
    answer = visitor.post("/preferences/theme", {"theme": "dark", "next": "/status"})
    assert answer.status_code == 303
    assert answer.location == "/status"
    assert 'data-theme="dark"' in visitor.get("/status").text


@pytest.mark.feature("P-35")
def test_health_and_readiness(visitor: Person) -> None:
    assert visitor.get("/healthz").text == "ok\n"
    status = visitor.get("/status.json").json
    assert status is not None
    names = {part["name"] for part in status["parts"]}
    assert {"portal", "database", "queue", "mail", "worker", "clock"} <= names


@pytest.mark.feature("Q-11")
def test_without_redis_pages_are_served_and_the_status_says_so(
    settings: Settings, portal: Portal
) -> None:
    from webapp import create_app

    lost = create_app(replace(settings, redis_url="unix:///nowhere/redis.sock")).test_client()
    assert lost.get("/sign-in").status_code == 200
    parts = {part["name"]: part["state"] for part in lost.get("/status.json").json["parts"]}  # type: ignore[index]
    assert parts["queue"] == "warning"


def test_the_openapi_document_describes_every_device_endpoint(visitor: Person) -> None:
    document = visitor.get("/api/openapi.json").json
    assert document is not None
    assert document["openapi"] == "3.1.0"
    portal: Flask | Portal = visitor.world.portal
    for rule in portal.url_map.iter_rules():
        if rule.rule.startswith("/device/"):
            assert rule.rule.replace("<", "{").replace(">", "}") in document["paths"]
    launch = document["paths"]["/device/v1/printers/launch"]["post"]
    assert launch["security"] == [{"enrolment": []}]
    assert set(launch["responses"]) >= {"201", "400", "401", "413", "422", "429"}


def test_the_openapi_document_is_valid(visitor: Person) -> None:
    from openapi_spec_validator import validate

    validate(visitor.get("/api/openapi.json").json)
