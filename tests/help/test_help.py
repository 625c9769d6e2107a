"""Help pages: in seven languages, found from the pages they are about, searched, judged (P-39)."""

from __future__ import annotations

import re
from datetime import timedelta
from html.parser import HTMLParser

import pytest
from sqlalchemy import select

from tests.cast import Person, World
from webapp.core import drains
from webapp.core.clock import utcnow
from webapp.core.db import commit, db
from webapp.core.web import Portal
from webapp.help.models import HelpVote
from webapp.help.topics import FOLDER, TOPICS, article, search, topic_of
from webapp.settings import LANGUAGES

pytestmark = pytest.mark.feature("P-39")


class Shape(HTMLParser):
    """The tags of a text, without its words."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)


def shape(html: str) -> list[str]:
    """Bold words may stand elsewhere in another language."""
    reader = Shape()
    reader.feed(html)
    return [tag for tag in reader.tags if tag != "strong"]


@pytest.mark.parametrize("topic", TOPICS)
def test_each_language_says_the_same(topic: str) -> None:
    english = article(topic, "en")
    assert english is not None
    titles = set()
    for language in LANGUAGES:
        found = article(topic, language)
        assert found is not None
        assert found.language == language
        assert shape(found.html) == shape(english.html)
        assert found.html.count("\n") == english.html.count("\n")
        assert language == "en" or found.words != english.words
        titles.add(found.title)
    assert len(titles) >= len(LANGUAGES) - 2  # some languages call a thing alike


def test_there_are_no_other_articles() -> None:
    assert {path.parent.name for path in FOLDER.glob("*/*.html")} == set(TOPICS)


def test_links_in_articles_lead_somewhere(portal: Portal, visitor: Person) -> None:
    for path in FOLDER.glob("*/*.html"):
        for target in re.findall(r'href="([^"]+)"', path.read_text()):
            assert visitor.get(target).status_code in (200, 303), (path, target)


def test_a_visitor_reads_them_in_their_language(visitor: Person) -> None:
    page = visitor.get("/help/signing-in", headers={"Accept-Language": "sv"}).text
    assert "Logga in och andra faktorn" in page
    assert visitor.get("/help/nothing").status_code == 404


def test_the_index_finds_every_word(visitor: Person) -> None:
    everything = visitor.get("/help").text
    assert all(f"/help/{topic}" in everything for topic in TOPICS)
    found = visitor.get("/help?q=QR+recovery").text
    assert "/help/signing-in" in found
    assert "/help/imports" not in found
    assert "No help page holds" in visitor.get("/help?q=zeppelin").text
    assert next(one.topic for one in search("webhooks", "en")) == "api-and-webhooks"


@pytest.mark.parametrize(
    ("endpoint", "topic"),
    [
        ("accounts.sign_in", "signing-in"),
        ("orgs.users", "organisations"),
        ("orgs.invitations", "invitations"),
        ("orgs.sign_up", "signing-in"),
        ("mailing.templates", "mail-templates"),
        ("api.tokens", "api-and-webhooks"),
        ("orgs.audit", "audit-log"),
        ("alarms.alarms", "alarms"),
        ("printers.printers", "printers"),
        ("printers.buttons", "panic-button"),
        ("health.status", None),
    ],
)
def test_which_page_leads_where(portal: Portal, endpoint: str, topic: str | None) -> None:
    assert endpoint in portal.view_functions
    assert topic_of(endpoint) == topic


def test_the_head_of_a_page_links_its_help(admin: Person, visitor: Person, world: World) -> None:
    assert 'href="/help/alarms"' in admin.get(f"/o/{world.acme}/alarms").text
    assert 'href="/help/signing-in"' in visitor.get("/sign-in").text
    assert 'href="/help"' in visitor.get("/status").text


def votes(world: World) -> list[tuple[str, str, bool, str | None]]:
    with world.portal.app_context():
        rows = db.session.scalars(select(HelpVote).order_by(HelpVote.id)).all()
        return [(row.page, row.language, row.helpful, row.note) for row in rows]


def test_readers_say_whether_it_helped(visitor: Person, world: World, operator: Person) -> None:
    answer = visitor.post("/help/alarms/votes", {"helpful": "no", "note": " Where is the bell? "})
    assert answer.status_code == 303
    assert "Thank you" in visitor.get("/help/alarms").text
    operator.post("/help/alarms/votes", {"helpful": "yes"})
    assert votes(world) == [
        ("alarms", "en", False, "Where is the bell?"),
        ("alarms", "en", True, None),
    ]
    page = operator.get("/operator/help").text
    assert "Where is the bell?" in page
    assert "English" in page


def test_a_vote_that_makes_no_sense(visitor: Person, world: World) -> None:
    assert visitor.post("/help/alarms/votes", {"helpful": "perhaps"}).status_code == 400
    assert visitor.post("/help/nothing/votes", {"helpful": "yes"}).status_code == 404
    long = visitor.post("/help/alarms/votes", {"helpful": "no", "note": "x" * 501})
    assert long.status_code == 422
    assert "x" * 501 in long.text
    assert votes(world) == []


def test_votes_are_throttled(visitor: Person, world: World) -> None:
    for _ in range(20):
        assert visitor.post("/help/alarms/votes", {"helpful": "yes"}).status_code == 303
    assert visitor.post("/help/alarms/votes", {"helpful": "yes"}).status_code == 429
    assert len(votes(world)) == 20


def test_old_votes_are_forgotten(world: World) -> None:
    with world.portal.app_context():
        for days in (401, 10):
            at = utcnow() - timedelta(days=days)
            db.session.add(HelpVote(page="alarms", language="en", helpful=True, at=at))
        commit()
        drains.run("help_votes_retention")
    assert len(votes(world)) == 1


def test_the_operators_page_is_the_operators(admin: Person) -> None:
    assert admin.get("/operator/help").status_code in (403, 404)
