"""The topics, their articles, and which page leads to which topic.

An article is `templates/help/<topic>/<language>.html`: a line `Title: …`, an empty one, then HTML of our own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from html import unescape
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "templates" / "help"

TOPICS = (
    "signing-in",
    "organisations",
    "invitations",
    "mail-templates",
    "api-and-webhooks",
    "audit-log",
    "alarms",
    "imports",
    "printers",
    "panic-button",
    "devices",
)

PAGES = {
    "accounts": "signing-in",
    "orgs.sign_up": "signing-in",
    "orgs.invit": "invitations",
    "orgs.audit": "audit-log",
    "orgs": "organisations",
    "records": "organisations",
    "mailing": "mail-templates",
    "api": "api-and-webhooks",
    "webhooks": "api-and-webhooks",
    "alarms": "alarms",
    "notices": "alarms",
    "imports": "imports",
    "printers.import": "imports",
    "printers.button": "panic-button",
    "printers.reason": "panic-button",
    "printers.request": "panic-button",
    "printers": "printers",
    "technical": "devices",
    "devices": "devices",
    "support": "devices",
    "enrolment": "devices",
}
"""Beginnings of endpoints; the longest that fits decides."""


@dataclass(frozen=True)
class Article:
    topic: str
    language: str
    title: str
    html: str

    @property
    def words(self) -> str:
        return unescape(re.sub(r"<[^>]*>", " ", f"{self.title} {self.html}")).casefold()

    @property
    def lead(self) -> str:
        """The first paragraph, as text."""
        found = re.search(r"<p>(.*?)</p>", self.html, re.DOTALL)
        return unescape(re.sub(r"<[^>]*>", "", found.group(1))) if found else ""


@cache
def article(topic: str, language: str) -> Article | None:
    """In this language, else English; None for no topic of ours."""
    if topic not in TOPICS:
        return None
    path = FOLDER / topic / f"{language}.html"
    if not path.exists():
        return article(topic, "en") if language != "en" else None
    first, _empty, html = path.read_text().split("\n", 2)
    return Article(topic, language, first.removeprefix("Title: "), html)


def articles(language: str) -> list[Article]:
    found = (article(topic, language) for topic in TOPICS)
    return [one for one in found if one is not None]


def search(query: str, language: str) -> list[Article]:
    """Articles that hold every word of the query; those with one in the title first."""
    words = query.casefold().split()
    hits = [one for one in articles(language) if all(word in one.words for word in words)]
    return sorted(hits, key=lambda one: not any(w in one.title.casefold() for w in words))


def topic_of(endpoint: str) -> str | None:
    """The topic that a page is about."""
    fits = [start for start in PAGES if endpoint.startswith(start)]
    return PAGES[max(fits, key=len)] if fits else None
