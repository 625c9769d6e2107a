"""Which column is which: by the words people put above them, and as somebody then decided."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from flask_babel import gettext as _

from webapp.core.errors import Refusal
from webapp.core.names import sort_name
from webapp.imports.subjects import Concealed, Fault, Field, Subject

Mapping_ = dict[str, dict[str, Any]]
"""Field → {"column": place, "default": text}."""


def plain(heading: str) -> str:
    """Case, accents, points and blanks don't matter."""
    return re.sub(r"[\W_]+", "", sort_name(heading))


def recognised(header: Sequence[str], subject: Subject) -> Mapping_:
    """The first column whose heading is a word of the field; each column serves one field."""
    places: dict[str, int] = {}
    for place, heading in enumerate(header):
        places.setdefault(plain(heading), place)
    found: Mapping_ = {}
    for field in subject.fields:
        hits = [places[word] for word in _words(field) if word in places]
        if hits and all(other["column"] != hits[0] for other in found.values()):
            found[field.name] = {"column": hits[0]}
    return found


def _words(field: Field) -> Iterator[str]:
    for word in (field.name, str(field.label), *field.words.split(",")):
        bare = plain(word)
        if bare:
            yield bare


@dataclass(frozen=True)
class Source:
    """Where a field's values come from."""

    field: Field
    place: int | None
    default: str

    @cached_property
    def value(self) -> Any:
        """Of the lines whose cell is empty."""
        return _value(self.field, self.default)

    @property
    def is_idle(self) -> bool:
        """Neither column nor default: the field is empty in every line (`check_mapping` asks for needed ones)."""
        return self.place is None and not self.default


def sources(subject: Subject, mapping: Mapping[str, Mapping[str, Any]]) -> list[Source]:
    return [
        Source(field, found.get("column"), str(found.get("default", "")))
        for field in subject.fields
        for found in (mapping.get(field.name, {}),)
    ]


def check_mapping(subject: Subject, mapping: Mapping_, *, columns: int) -> None:
    """`Refusal` at the first field that would have no value in any line, or a default that is none."""
    for source in sources(subject, mapping):
        field = source.field
        if source.place is not None and not 0 <= source.place < columns:
            raise Refusal(_("The file has no such column."), field=f"column_{field.name}")
        if field.required and source.place is None and not source.default:
            words = _("%(field)s is needed: choose its column, or a value for all lines.")
            raise Refusal(words % {"field": field.label}, field=f"column_{field.name}")
        if source.default:
            _check_default(source)


def _check_default(source: Source) -> None:
    try:
        parsed(source.field, source.default)
    except Refusal as refusal:
        raise Refusal(refusal.message, field=f"default_{source.field.name}") from refusal


def parsed(field: Field, text: str) -> Any:
    """A value of this field; `Refusal` says what is wrong with the text."""
    if len(text) > field.longest:
        raise Refusal(_("More than %(most)s characters.", most=field.longest))
    return field.parse(text)


@dataclass(slots=True)
class Reading:
    """A line as it was read: values, or what stands in the cells where they are none."""

    line: int
    values: dict[str, Any]
    faults: list[Fault]


def reader(sources: Sequence[Source]) -> Callable[[int, Sequence[str]], Reading]:
    """What reads a line's cells."""
    names = [source.field.name for source in sources]
    busy = [source for source in sources if not source.is_idle]
    return lambda line, cells: _read_cells(line, cells, names, busy)


def _read_cells(
    line: int, cells: Sequence[str], names: Sequence[str], sources: Sequence[Source]
) -> Reading:
    reading = Reading(line, dict.fromkeys(names), [])
    for source in sources:
        field, text = source.field, ""
        if source.place is not None and source.place < len(cells):
            text = _one_line(cells[source.place])
        try:
            reading.values[field.name] = _value(field, text) if text else source.value
        except Refusal as refusal:
            hidden = isinstance(refusal, Concealed)
            reading.values[field.name] = None if hidden else text[:200]
            reading.faults.append(Fault(line, refusal.message, field.name))
    return reading


def _value(field: Field, text: str) -> Any:
    if text:
        return parsed(field, text)
    if field.required:
        raise Refusal(_("The value is missing."))
    return None


def _one_line(cell: str) -> str:
    """A CSV of ours guards cells that look like formulas with an apostrophe."""
    if not cell.isprintable():
        cell = "".join(c if c.isprintable() else " " for c in cell)
    text = " ".join(cell.split())
    return text[1:] if text[:1] == "'" and text[1:2] in tuple("=+-@") else text
