"""P-31: the portal in seven languages, and no page shows an untranslated text."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import read_mo
from flask_babel import force_locale, gettext, lazy_gettext, ngettext
from jinja2 import Environment, nodes

from tests.rules.words import Visible, tool
from webapp.core.web import Portal
from webapp.settings import LANGUAGES

pytestmark = pytest.mark.feature("P-31")

ROOT = Path(__file__).parents[2]
FOREIGN = [language for language in LANGUAGES if language != "en"]
# Mails, panic pages and help have texts of their own in each language; the design page is for development.
TEMPLATES = sorted(
    path
    for path in (ROOT / "templates").rglob("*.html")
    if path.relative_to(ROOT).parts[1] not in {"emails", "panic", "design"}
    and not (path.relative_to(ROOT).parts[1] == "help" and len(path.relative_to(ROOT).parts) > 3)
)
# Names, and what is the same in all languages.
NOT_WORDS = {"Outpost", "CSV", "JSON", "ms", "API", "RSS", "OpenAPI", "Ctrl"}
# Macros and blocks that make attributes, not text.
CLASSES = re.compile(
    r"\{%-? (macro _?\w*(?:class|attrs)\w*|block \w*(?:class|width)\w*).*?"
    r"\{%-? end(?:macro|block)",
    re.DOTALL,
)
GETTEXT = {"_", "gettext", "ngettext"}


def test_every_text_of_code_and_templates_is_translated_into_six_languages() -> None:
    assert sorted(tool.LANGUAGES) == sorted(FOREIGN)
    assert tool.faults() == []


def _one(string: object, text: object = "%(num)s of %(all)s", **more: object) -> Catalog:
    catalogue = Catalog(locale="pl")
    catalogue.add(text, string, **more)
    return catalogue


PLURAL = ("%(num)s key", "%(num)s keys")


@pytest.mark.parametrize(
    ("catalogue", "fault"),
    [
        (_one("%(num)s z %(all)s"), None),
        (_one(""), "not translated"),
        (_one(" "), "not translated"),
        (_one("%(num)s z %(wszystkie)s"), "other placeholders than in English"),
        (_one("%(num)s z"), "other placeholders than in English"),
        (_one("%(num)s z %(all)s", flags=["fuzzy"]), "fuzzy"),
        (_one("%(num)s of %(all)s"), "the same as in English"),
        (_one("%(num)s of %(all)s", user_comments=["same"]), None),
        (_one(("%(num)s klucz", "%(num)s klucze", "%(num)s kluczy"), PLURAL), None),
        (_one(("jeden klucz", "%(num)s klucze", "%(num)s kluczy"), PLURAL), "other placeholders"),
        (_one(("%(num)s klucz", "%(num)s klucze"), PLURAL), "not translated"),
        (_one(("%(num)s klucz", "klucze", "%(num)s kluczy"), PLURAL), "other placeholders"),
    ],
)
def test_the_check_names_each_kind_of_fault(catalogue: Catalog, fault: str | None) -> None:
    found = [said for _, said in tool.catalogue_faults(catalogue, catalogue)]
    assert len(found) == (0 if fault is None else 1)
    assert fault is None or found[0].startswith(fault)


def test_the_check_names_texts_that_are_new_and_texts_that_nobody_says_any_more() -> None:
    found = dict(tool.catalogue_faults(_one("", "Save"), _one("Stary", "Old")))
    assert found["Save"].startswith("not in the catalogue")
    assert found["Old"].startswith("no screen says it any more")


@pytest.mark.parametrize("language", FOREIGN)
def test_what_is_compiled_is_what_the_catalogue_says(language: str) -> None:
    """`bin/setup` compiles; the portal reads nothing but the compiled ones."""
    with tool.path_of(language).with_suffix(".mo").open("rb") as file:
        compiled = {tool.forms(m.id): tool.forms(m.string) for m in read_mo(file) if m.id}
    catalogue = tool.catalogue_of(language)
    source = {
        tool.forms(m.id): tool.forms(m.string)
        for m in tool.texts(catalogue)
        if tool.complete(m, catalogue)
    }
    assert {i for i in source if compiled.get(i) != source[i]} == set(), "run bin/setup"


@pytest.mark.parametrize(
    ("language", "one", "few", "many"),
    [
        ("pl", "1 drukarka", "2 drukarki", "5 drukarek"),
        ("de", "1 Drucker", "2 Drucker", "5 Drucker"),
        ("fr", "1 imprimante", "2 imprimantes", "5 imprimantes"),
    ],
)
def test_the_portal_speaks_with_the_plurals_of_each_language(
    portal: Portal, language: str, one: str, few: str, many: str
) -> None:
    with portal.app_context(), force_locale(language):
        said = [ngettext("%(num)s printer", "%(num)s printers", n) for n in (1, 2, 5)]
    assert said == [one, few, many]


def test_a_lazy_text_waits_for_the_language_of_its_reader(portal: Portal) -> None:
    lazy = lazy_gettext("Save")
    with portal.app_context():
        said = []
        for language in ("de", "pl", "en"):
            with force_locale(language):
                assert gettext("Save") == str(lazy)
                said.append(str(lazy))
    assert said == ["Speichern", "Zapisz", "Save"]


# No bare words


def _has_words(text: str) -> bool:
    """Endpoints and attributes that a macro puts together are none."""
    told = " ".join(part for part in text.split() if "=" not in part and "_" not in part)
    return any(word not in NOT_WORDS for word in re.findall(r"[^\W\d_]{2,}", told))


def _without_jinja(source: str) -> str:
    """The template's own words: comments, statements and expressions go, lines stay."""
    kept = []
    for _, kind, value in Environment().lex(CLASSES.sub("", source)):
        kept.append(value if kind == "data" else "\n" * value.count("\n"))
    return "".join(kept)


def bare_words(source: str) -> list[tuple[int, str]]:
    return [
        (line, text) for line, text in Visible(_without_jinja(source)).found if _has_words(text)
    ]


@pytest.mark.parametrize(
    ("source", "bare"),
    [
        ('<p>{{ _("Save") }}</p>', []),
        ("<p>Save</p>", ["Save"]),
        ('<p>{{ _("Save") }} or {{ _("Cancel") }}</p>', ["or"]),
        ('<a title="More">{{ name }}</a>', ["More"]),
        ('<a title="{{ _("More") }}" class="button wide">{{ name }}</a>', []),
        ("{# a word to the reader #}<code>POST /things</code> · CSV", []),
        ('{% if any("thing", x) %}&nbsp;– {{ x }}{% endif %}', []),
    ],
)
def test_the_search_for_bare_words_finds_them(source: str, bare: list[str]) -> None:
    assert [text for _, text in bare_words(source)] == bare


def test_templates_say_nothing_outside_gettext() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}: {text}"
        for path in TEMPLATES
        for line, text in bare_words(path.read_text())
    ]
    assert found == []


def test_templates_hand_no_bare_sentence_to_a_macro(portal: Portal) -> None:
    """A constant that reads like a text ("Add printer") stands in an expression outside gettext."""
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}: {node.value}"
        for path in TEMPLATES
        for node in _constants(portal.jinja_env.parse(path.read_text()))
        if re.match(r"[A-Z][a-z]+(?: |\W?$)", str(node.value)) and _has_words(str(node.value))
    ]
    assert found == []


def _constants(node: nodes.Node) -> Iterator[nodes.Const]:
    """Strings that are neither said through gettext nor compared."""
    for child in node.iter_child_nodes():
        said = isinstance(child, nodes.Call) and getattr(child.node, "name", "") in GETTEXT
        if isinstance(child, nodes.Const) and isinstance(child.value, str):
            yield child
        elif not said and not isinstance(child, nodes.Compare | nodes.Import | nodes.FromImport):
            yield from _constants(child)


def test_code_tells_nobody_anything_outside_gettext() -> None:
    """Refusals, flashed notices, labels of fields and columns."""
    telling = re.compile(r"Refusal|flash|\w+Field|Column|Choice|Flag|Action|Bulk|Option|Tile")
    found = []
    for path in sorted((ROOT / "webapp").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and telling.fullmatch(_name(node.func)):
                for text in _strings(node):
                    found.append(f"{path.relative_to(ROOT)}:{node.lineno}: {text}")
    assert [line for line in found if not line.startswith("webapp/design")] == []


def _name(function: ast.expr) -> str:
    return getattr(function, "id", getattr(function, "attr", ""))


def _strings(call: ast.Call) -> Iterator[str]:
    for argument in call.args:
        text = argument.value if isinstance(argument, ast.Constant) else None
        if isinstance(text, str) and re.match(r"[A-Z][a-z]+", text):
            yield text
