"""P-31: no page shows an English text to somebody who reads another language."""

from __future__ import annotations

import functools
import re

import pytest

from tests.cast import Person
from tests.printers.conftest import Field, acme
from tests.rules.words import Visible, tool
from webapp.core.access import PUBLIC, access_of
from webapp.core.web import Portal
from webapp.settings import LANGUAGES

__all__ = ["acme"]

pytestmark = pytest.mark.feature("P-31")

FOREIGN = [language for language in LANGUAGES if language != "en"]
# Of the cast, a printer, a help topic in Polish: they look like words of the portal.
NAMES = {"Admin", "Operator", "Reader", "Colour 2nd floor", "Import z pliku"}
NAMES |= {"Colour 2nd floor ankreuzen"}
# "/api" holds the schemas' own names and words, which are those of the protocol.
NOT_PAGES = ("/api", "/device/", "/assets/", "/favicon", "/healthz", "/readyz", "/p/", "/design")


def paths_of(portal: Portal, org: str, *, signed_in: bool) -> list[str]:
    """All pages that need nothing but the organisation."""
    adapter = portal.url_map.bind("localhost")
    found = []
    for rule in portal.url_map.iter_rules():
        if "GET" not in (rule.methods or ()) or rule.rule.startswith((*NOT_PAGES, "/operator")):
            continue
        if rule.arguments - {"org"} or rule.rule.endswith((".csv", ".json")):
            continue
        if (access_of(portal, rule.endpoint) is not PUBLIC) == signed_in:
            found.append(adapter.build(rule.endpoint, {"org": org} if rule.arguments else {}))
    return found


@functools.cache
def english(language: str) -> tuple[set[str], re.Pattern[str], set[str]]:
    """(texts that read otherwise in this language, those with placeholders, what it does say)."""
    plain, patterns, said = set(), [], set()
    for message in tool.texts(tool.catalogue_of(language)):
        ours = set(tool.forms(message.string))
        said |= ours
        for text in set(tool.forms(message.id)) - ours:
            if "%(" not in text:
                plain.add(text)
            elif len(re.sub(r"%\(\w+\)\w|\W", "", text)) > 5:
                parts = [re.escape(part) for part in re.split(r"%\(\w+\)\w", text)]
                patterns.append(".+".join(parts))
    return plain, re.compile("|".join(patterns)), said


def english_texts_on(page: str, language: str) -> set[str]:
    plain, patterns, said = english(language)
    shown = {" ".join(text.split()) for _, text in Visible(page).found}
    foreign = {text for text in shown if text in plain or patterns.fullmatch(text)}
    inside = {long for long in plain if len(long) > 15 for text in shown if long in text}
    return (foreign | inside) - said - NAMES


def english_on(person: Person, paths: list[str], language: str) -> list[str]:
    found = []
    for path in paths:
        answer = person.get(path, headers={"Accept-Language": language})
        if answer.status_code in {302, 303} or answer.mimetype != "text/html":
            continue
        assert f'lang="{language}"' in answer.text[:400], path
        assert " object at 0x" not in answer.text, path
        found += [f"{path}: {text}" for text in english_texts_on(answer.text, language)]
    return found


@pytest.mark.parametrize("language", FOREIGN)
def test_a_visitor_reads_no_english(visitor: Person, language: str) -> None:
    paths = [*paths_of(visitor.world.portal, "", signed_in=False), "/nothing-here"]
    assert len(paths) > 4
    assert english_on(visitor, paths, language) == []


@pytest.mark.parametrize("language", FOREIGN)
def test_an_administrator_reads_no_english(acme: Field, admin: Person, language: str) -> None:
    admin.post("/preferences/language", {"language": language})
    acme.open()
    paths = paths_of(admin.world.portal, admin.world.acme, signed_in=True)
    assert len(paths) > 10
    assert english_on(admin, paths, language) == []


@pytest.mark.parametrize("language", FOREIGN)
def test_the_operator_reads_no_english(operator: Person, language: str) -> None:
    operator.post("/preferences/language", {"language": language})
    paths = ["/operator/", "/operator/organisations", "/operator/organisations/new"]
    assert english_on(operator, paths, language) == []


def test_an_english_text_on_a_german_page_is_found() -> None:
    page = '<html lang="de"><p>Speichern</p><a title="Save">x</a><p>Welcome, Ann</p></html>'
    assert english_texts_on(page, "de") == {"Save", "Welcome, Ann"}
