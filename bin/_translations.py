"""The catalogues of the screens' texts: `extract`, `update` or `check` them.

`update` brings new texts into translations/<language>/LC_MESSAGES/messages.po and drops those that
no screen says any more; `check` names what is not translated, or not well-formed.
"""

from __future__ import annotations

import argparse
import ast
import collections
import copy
import io
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parents[1]
TRANSLATIONS = ROOT / "translations"
LANGUAGES = ("fr", "de", "it", "es", "pl", "sv")
KEYWORDS = ("_l", "_t", "lazy_gettext", "lazy_ngettext:1,2")
DESCRIBING = {"Description": "summary", "Meta": "description"}
SHOWN = {
    "ClaimState",
    "DeviceState",
    "KeyKind",
    "RequestSource",
    "RequestState",
}  # enumerations that bodies of the API are made of
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%%|%")
SAME = "same"  # the comment above an entry that is meant to read as in English


def main() -> int:
    parser = argparse.ArgumentParser(prog="bin/_translations.py", description=__doc__)
    parser.add_argument("action", choices=("extract", "update", "check"))
    action = parser.parse_args().action
    if action == "extract":
        sys.stdout.write(written(extract()))
        return 0
    if action == "update":
        return update()
    found = faults()
    sys.stdout.writelines(f"{fault}\n" for fault in found)
    return 1 if found else 0


def extract() -> Catalog:
    """Every text that code and templates say, in English."""
    keywords = [part for keyword in KEYWORDS for part in ("-k", keyword)]
    with tempfile.TemporaryDirectory() as directory:
        target = Path(directory) / "messages.pot"
        command = [str(Path(sys.executable).parent / "pybabel"), "-q", "extract", "-F", "babel.cfg"]
        command += [*keywords, "--sort-by-file", "-o", str(target), "."]
        subprocess.run(command, cwd=ROOT, check=True)
        with target.open("rb") as file:
            catalogue = read_po(file)
    for text, place in api_texts():
        catalogue.add(text, locations=[place])
    return catalogue


def api_texts() -> Iterator[tuple[str, tuple[str, int]]]:
    """What endpoints, their parameters and the shapes of bodies say of themselves: English in the OpenAPI document,
    shown in the reader's language by the page of the API."""
    for path in sorted((ROOT / "webapp").rglob("*.py")):
        shapes = set(SHOWN)
        for node in ast.walk(ast.parse(path.read_text())):
            for text in _said_by(node, shapes):
                yield text, (path.relative_to(ROOT).as_posix(), node.lineno)


def _said_by(node: ast.AST, shapes: set[str]) -> Iterator[str]:
    """`shapes`: the file's classes of which bodies are made; grows, since one may build on another."""
    if isinstance(node, ast.ClassDef):
        bases = {ast.unparse(base).rpartition(".")[2] for base in node.bases}
        if bases & (shapes | {"Struct"}):
            shapes.add(node.name)
        words = ast.get_docstring(node)
        if words and node.name in shapes:
            yield words
    if isinstance(node, ast.Call):
        wanted = DESCRIBING.get(ast.unparse(node.func).rpartition(".")[2])
        for keyword in node.keywords:
            if keyword.arg == wanted and isinstance(keyword.value, ast.Constant):
                yield keyword.value.value


def update() -> int:
    template = extract()
    for language in LANGUAGES:
        catalogue = catalogue_of(language)
        catalogue.update(
            copy.deepcopy(template), no_fuzzy_matching=True, update_creation_date=False
        )
        store(language, catalogue)
        missing = sum(1 for message in texts(catalogue) if not complete(message, catalogue))
        sys.stdout.write(f"{language}: {len(catalogue)} texts, {missing} to translate\n")
    return 0


def catalogue_of(language: str) -> Catalog:
    path = path_of(language)
    if not path.exists():
        return Catalog(locale=language, project="Outpost", version="0", fuzzy=False)
    with path.open("rb") as file:
        return read_po(file, locale=language)


def store(language: str, catalogue: Catalog) -> None:
    path = path_of(language)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(written(catalogue))


def written(catalogue: Catalog) -> str:
    """Without line numbers, which would change every catalogue with every edit."""
    catalogue.header_comment = f"# The texts of Outpost, {catalogue.locale or 'template'}."
    catalogue.msgid_bugs_address = catalogue.language_team = ""
    catalogue.last_translator = "Outpost"
    catalogue.revision_date = catalogue.creation_date
    target = io.BytesIO()
    write_po(
        target, catalogue, width=0, sort_by_file=True, ignore_obsolete=True, include_lineno=False
    )
    return target.getvalue().decode()


def path_of(language: str) -> Path:
    return TRANSLATIONS / language / "LC_MESSAGES" / "messages.po"


def faults() -> list[str]:
    """A line for each fault of a text, with the languages that have it."""
    template = extract()
    found: dict[tuple[str, str], list[str]] = {}
    for language in LANGUAGES:
        for fault in catalogue_faults(template, catalogue_of(language)):
            found.setdefault(fault, []).append(language)
    return [f"{' '.join(who)}: {fault}: {text}" for (text, fault), who in found.items()]


def catalogue_faults(template: Catalog, catalogue: Catalog) -> Iterator[tuple[str, str]]:
    """(text, what is wrong with it), for each that is wrong."""
    said = {message.id for message in texts(template)}
    known = {message.id: message for message in texts(catalogue)}
    for text in sorted(map(first, said - known.keys())):
        yield text, "not in the catalogue; make translations"
    for text in sorted(map(first, known.keys() - said)):
        yield text, "no screen says it any more; make translations"
    for message in known.values():
        yield from ((first(message.id), fault) for fault in message_faults(message, catalogue))


def message_faults(message: Message, catalogue: Catalog) -> Iterator[str]:
    if message.fuzzy:
        yield "fuzzy"
    if not complete(message, catalogue):
        yield "not translated"
        return
    if not placeholders_agree(message):
        yield "other placeholders than in English"
    same = set(forms(message.string)) & set(forms(message.id))
    if same and SAME not in message.user_comments:
        yield f"the same as in English; if it is meant, put the comment “# {SAME}” above it"


def complete(message: Message, catalogue: Catalog) -> bool:
    """All plural forms of the language are there, and none is empty."""
    wanted = catalogue.num_plurals if message.pluralizable else 1
    found = forms(message.string)
    return len(found) == wanted and all(form.strip() for form in found)


def placeholders_agree(message: Message) -> bool:
    """The form for one may say the number in a word; each other form says what English says."""
    sources, found = forms(message.id), forms(message.string)
    if not message.pluralizable:
        return placeholders(found[0]) == placeholders(sources[0])
    everything = placeholders(sources[1])
    may_be = (placeholders(sources[0]), everything)
    return placeholders(found[0]) in may_be and all(
        placeholders(form) == everything for form in found[1:]
    )


def placeholders(text: str) -> collections.Counter[str]:
    return collections.Counter(PLACEHOLDER.findall(text))


def texts(catalogue: Catalog) -> Iterator[Message]:
    """All but the header."""
    return (message for message in catalogue if message.id)


def forms(text: str | tuple[str, ...] | list[str] | None) -> tuple[str, ...]:
    if text is None:
        return ()
    return (text,) if isinstance(text, str) else tuple(text)


def first(text: str | tuple[str, ...]) -> str:
    return forms(text)[0]


if __name__ == "__main__":
    sys.exit(main())
