"""Legal texts: drafts, editions that never change, languages, older ones, the foot of every page (P-40)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import select, text
from sqlalchemy.exc import OperationalError

from tests.cast import Person, World
from webapp.audit.models import AuditRow
from webapp.core.clock import utcnow
from webapp.core.db import commit, db
from webapp.core.tenancy import unscoped
from webapp.core.web import Portal
from webapp.legal import demo, queries
from webapp.legal.markup import clean
from webapp.legal.models import LegalKind, LegalText
from webapp.settings import LANGUAGES

pytestmark = pytest.mark.feature("P-40")

IDENTITY = {
    "name": "Nordwind Betrieb GmbH",
    "address": "Hafenstraße 1, 20457 Hamburg",
    "email": "office@nordwind.example.org",
    "phone": "+49 40 123",
    "certified_mail": "pec@nordwind.example.org",
    "vat": "DE123456789",
    "register": "HRB 4711",
    "capital": "EUR 25,000",
    "version": "0",
}


def drafted(operator: Person, kind: str = "privacy", language: str = "en") -> str:
    """Begin a draft; its address."""
    answer = operator.post(f"/operator/legal/{kind}/{language}/drafts")
    assert answer.status_code == 303
    return str(answer.location)


def version_of(operator: Person, url: str) -> str:
    public_id = url.rsplit("/", 1)[1]
    with operator.world.portal.app_context():
        found = db.session.scalar(select(LegalText.version).where(LegalText.public_id == public_id))
    return str(found)


def published(
    operator: Person, body: str, kind: str = "privacy", language: str = "en", **more: str
) -> None:
    url = drafted(operator, kind, language)
    data = {"body": body, "version": version_of(operator, url), **more}
    answer = operator.post(f"{url}/publications", data)
    assert answer.status_code == 303, answer.text


def test_the_identity_is_entered_and_stands_on_every_page(
    operator: Person, admin: Person, visitor: Person
) -> None:
    assert operator.post("/operator/legal/identity", IDENTITY).status_code == 303
    for page in (visitor.get("/sign-in"), admin.get("/me/profile"), visitor.get("/no-such-page")):
        for value in IDENTITY.values():
            assert value in page.text or value == "0"
    assert "Nordwind Betrieb GmbH" in visitor.get("/legal").text
    with operator.world.portal.app_context(), unscoped("looking"):
        events = set(db.session.scalars(select(AuditRow.event)))
    assert "portal:legal_identity:changed" in events


def test_before_that_the_settings_stand_there(visitor: Person) -> None:
    assert "Outpost Demo Operator" in visitor.get("/sign-in").text


def test_an_empty_line_is_left_out_and_a_wrong_address_refused(
    operator: Person, visitor: Person
) -> None:
    wrong = operator.post("/operator/legal/identity", {**IDENTITY, "email": "nowhere"})
    assert wrong.status_code == 422
    assert "Nordwind" in wrong.text
    operator.post("/operator/legal/identity", {**IDENTITY, "capital": "", "phone": ""})
    assert "Capital" not in visitor.get("/sign-in").text


def test_two_who_edit_the_identity_at_once(operator: Person) -> None:
    operator.post("/operator/legal/identity", IDENTITY)
    late = operator.post("/operator/legal/identity", {**IDENTITY, "name": "Other"})
    assert late.status_code == 409
    assert "Other" in late.text


def test_the_foot_stands_while_the_database_fails(
    portal: Portal, visitor: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> None:
        raise OperationalError("SELECT", {}, Exception("away"))

    monkeypatch.setattr(queries, "identity", away)
    page = visitor.get("/sign-in")
    assert page.status_code == 200
    assert "Outpost Demo Operator" in page.text


def test_a_draft_is_seen_by_operators_alone_until_it_is_published(
    operator: Person, visitor: Person
) -> None:
    url = drafted(operator)
    version = version_of(operator, url)
    saved = operator.post(url, {"body": "<h2>Hello</h2>", "version": version})
    assert saved.status_code == 303
    assert "<h2>Hello</h2>" in operator.get(url).text
    assert visitor.get("/legal/privacy").status_code == 404
    published(operator, "<h2>Hello</h2>")
    page = visitor.get("/legal/privacy")
    assert "<h2>Hello</h2>" in page.text
    assert "Edition 1" in page.text
    assert "/legal/privacy" in visitor.get("/sign-in").text  # in the foot


def test_a_published_edition_never_changes_and_the_next_is_its_copy(
    operator: Person, visitor: Person
) -> None:
    url = drafted(operator)
    published(operator, "<p>First</p>")
    assert operator.get(url).status_code == 404
    assert operator.post(url, {"body": "<p>Forged</p>", "version": "3"}).status_code == 404
    assert operator.post(f"{url}/removals").status_code == 404
    assert "First" in operator.get(drafted(operator)).text
    published(operator, "<p>Second</p>")
    assert "Second" in visitor.get("/legal/privacy").text
    older = visitor.get("/legal/privacy/en/1")
    assert "First" in older.text
    assert "older edition" in older.text


def test_the_day_from_which_it_holds(operator: Person, visitor: Person) -> None:
    published(operator, "<p>Now</p>")
    day = (utcnow() + timedelta(days=30)).date()
    published(operator, "<p>Later</p>", valid_from=day.isoformat())
    assert "Now" in visitor.get("/legal/privacy").text
    announced = visitor.get("/legal/privacy/en/2")
    assert "does not hold yet" in announced.text
    with time_machine.travel(datetime(day.year, day.month, day.day, 1, tzinfo=UTC)):
        assert "Later" in visitor.get("/legal/privacy").text
    url = drafted(operator)
    data = {"body": "<p>Third</p>", "version": version_of(operator, url)}
    refused = operator.post(f"{url}/publications", data)
    assert refused.status_code == 422
    assert "later day" in refused.text


def test_an_empty_text_is_not_published(operator: Person) -> None:
    url = drafted(operator)
    refused = operator.post(f"{url}/publications", {"body": " ", "version": "1"})
    assert refused.status_code == 422
    assert "nothing to publish" in refused.text


def test_two_who_edit_a_draft_at_once(operator: Person) -> None:
    url = drafted(operator)
    operator.post(url, {"body": "<p>Mine</p>", "version": "1"})
    late = operator.post(url, {"body": "<p>Theirs</p>", "version": "1"})
    assert late.status_code == 409
    assert "Theirs" in late.text


def test_each_visitor_reads_their_language_else_is_told(operator: Person, visitor: Person) -> None:
    published(operator, "<p>English words</p>")
    published(operator, "<p>Deutsche Worte</p>", language="de")
    german = visitor.get("/legal/privacy", headers={"Accept-Language": "de"})
    assert "Deutsche Worte" in german.text
    polish = visitor.get("/legal/privacy", headers={"Accept-Language": "pl"})
    assert "English words" in polish.text
    assert 'lang="en"' in polish.text
    assert "notice-info" in polish.text


def test_html_is_cleaned(operator: Person, visitor: Person) -> None:
    published(
        operator,
        '<p onclick="x()" style="color:red">A<script>alert(1)</script>'
        '<a href="javascript:x()">b</a><img src="https://x.example/y.png"></p>',
    )
    page = visitor.get("/legal/privacy").text
    assert "alert(1)" not in page
    assert "javascript:" not in page
    assert "<p>A<a" in page
    once = clean("<h2>x</h2><b>y</b>")
    assert clean(once) == once


def test_what_is_unknown_is_404(visitor: Person, operator: Person) -> None:
    for url in ("/legal/identity", "/legal/privacy/en/1", "/legal/privacy/xx/1"):
        assert visitor.get(url).status_code == 404
    assert operator.get("/operator/legal/privacy/xx").status_code == 404


def test_the_overview_names_what_is_missing(operator: Person) -> None:
    page = operator.get("/operator/legal").text
    for kind in LegalKind:
        assert kind.label in page
    assert "Not published in any language yet" in page


def test_it_requires_an_operator(admin: Person) -> None:
    for url in ("/operator/legal", "/operator/legal/identity", "/operator/legal/privacy/en"):
        assert admin.get(url).status_code in (403, 404)
    assert admin.post("/operator/legal/privacy/en/drafts").status_code in (403, 404)


def test_the_demonstration_has_every_text_in_every_language(world: World) -> None:
    with world.portal.app_context():
        demo.seed(now=utcnow())
        demo.seed(now=utcnow())
        commit()
        found = queries.in_force(utcnow())
        assert set(found) == {(k, lang) for k in LegalKind for lang in LANGUAGES}
        assert queries.gaps(utcnow()) == []
        bodies = {row.body for row in found.values()}
        assert len(bodies) == len(found)
        assert db.session.scalar(text("SELECT count(*) FROM legal_texts")) == len(found)
