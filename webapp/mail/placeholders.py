"""Placeholders `[[[NAME]]]` in subjects and contents of mails (P-22, B-7).

A template is data: it is parsed once and filled in one pass, so a value that itself reads `[[[X]]]` is printed as
it is, and nothing in a template is ever run. Contents are sanitised before and after filling (`markup`).
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Collection, Mapping
from urllib.parse import quote

from flask_babel import gettext as _

from webapp.core.errors import Refusal
from webapp.mail.markup import TAG, sanitise

MISSING = "—"
OPENING = "[[["
LONGEST_SUBJECT = 200

Values = Mapping[str, str]

_PLACEHOLDER = re.compile(r"\[\[\[([^\[\]\r\n]{0,80})\]\]\]")
_LINE_BREAK = re.compile(r"\r\n|\r|\n|\x0b|\x0c|\x1c|\x1d|\x1e|\x85|\u2028|\u2029")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f]")
_NOT_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_URL_ATTRIBUTE = re.compile(r"\s(?:href|src)=$")


def names(template: str) -> list[str]:
    """The names a template uses, each once, in order."""
    return list(dict.fromkeys(match[1].strip() for match in _PLACEHOLDER.finditer(template)))


def check(template: str, known: Collection[str], *, field: str) -> None:
    """Refuse a placeholder that the type does not have, or one that is not closed, naming it."""
    unknown = [name for name in names(template) if name not in known]
    if unknown:
        shown = ", ".join(f"[[[{name}]]]" for name in unknown)
        words = _("There is no placeholder %(names)s here. Choose one from the list.", names=shown)
        raise Refusal(words, field=field)
    rest = _PLACEHOLDER.sub("", template)
    if OPENING in rest:
        torn = rest[rest.index(OPENING) :][:30].split("\n")[0]
        words = _(
            "A placeholder is begun but not ended: “%(text)s”. Write it as [[[NAME]]].", text=torn
        )
        raise Refusal(words, field=field)


def fill_subject(template: str, values: Values) -> str:
    """One line, whatever the values hold; at most 200 characters."""
    return one_line(_fill(template, values, lambda value: value))


def one_line(text: str) -> str:
    """Any text as a subject: no line break, no control character, at most 200 characters."""
    line = " ".join(_CONTROL.sub(" ", _LINE_BREAK.sub(" ", text)).split())
    return line if len(line) <= LONGEST_SUBJECT else line[: LONGEST_SUBJECT - 1] + "…"


def fill_text(template: str, values: Values) -> str:
    """Plain text with the values as they are."""
    return _fill(template, values, lambda value: _NOT_XML.sub("", value))


def fill_html(template: str, values: Values) -> str:
    """Sanitised HTML: values are escaped, their lines end in `<br>`; what they make of a link is checked again.

    After sanitising, attributes stand in double quotes and neither `<` nor `>` occurs in text or attributes: the
    tags can be told from the text by a pattern.
    """
    pieces: list[str] = []
    end = 0
    clean = sanitise(template)
    for tag in TAG.finditer(clean):
        pieces.append(_fill(clean[end : tag.start()], values, _in_text))
        pieces.append(_fill_tag(tag[0], values))
        end = tag.end()
    pieces.append(_fill(clean[end:], values, _in_text))
    return sanitise("".join(pieces))


def _fill(template: str, values: Values, show: Callable[[str], str]) -> str:
    def value_of(match: re.Match[str]) -> str:
        value = values.get(match[1].strip(), "")
        return show(value) if value.strip() else MISSING

    return _PLACEHOLDER.sub(value_of, template)


def _in_text(value: str) -> str:
    return "<br>".join(html.escape(line) for line in _LINE_BREAK.split(_NOT_XML.sub("", value)))


def _fill_tag(tag: str, values: Values) -> str:
    """Within an address a value is data: percent-encoded, unless the whole address is the value."""
    parts = tag.split('"')
    for i in range(1, len(parts), 2):
        is_url = bool(_URL_ATTRIBUTE.search(parts[i - 1]))
        whole = is_url and parts[i].startswith(OPENING)
        show = _as_part_of_url if is_url and not whole else _in_attribute
        parts[i] = _fill(parts[i], values, show)
    return '"'.join(parts)


def _in_attribute(value: str) -> str:
    return html.escape(" ".join(_LINE_BREAK.sub(" ", _NOT_XML.sub("", value)).split()))


def _as_part_of_url(value: str) -> str:
    return quote(value, safe="@")
