"""What can be imported: a *subject* is registered by the package whose things it makes.

    class Printers(Subject):
        name, label, permission = "printers", _("Printers"), Permission.PRINTERS_EDIT
        fields = (Field("name", _("Name"), required=True, words="name, nom, bezeichnung, …"), …)

        def check(self, rows, context): ...      # what speaks against them
        def make(self, rows, context): ...       # ids, in the order of the rows
        def used(self, ids, context): ...        # what can't be undone any more, and why
        def unmake(self, ids, context): ...

    register(Printers())

Everything is done in batches of at most `BATCH` rows: a method takes a few statements for the batch, never one for
each row. The engine calls them in the organisation's scope, as the person who asked, in that person's language, and
commits; a method neither commits nor keeps anything that it did not write.
"""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from flask_babel import gettext as _

from webapp.core import crypto
from webapp.core.errors import Refusal
from webapp.core.navigation import Label
from webapp.orgs.permissions import Permission

if TYPE_CHECKING:
    from webapp.imports.models import Import

BATCH: Final = 5_000

Parser = Callable[[str], Any]
"""A cell's text, one line and never empty → what goes into `Row.values`: anything JSON can hold.

`Refusal` says what is wrong with it. It sees no database: what needs one belongs to `Subject.check`.
"""


Sealing = Callable[[bytes, str], bytes]


@dataclass(frozen=True)
class Field:
    """A column as the subject knows it.

    `words`: what people write above it, comma separated, in all languages of the portal; case, accents, blanks and
    points don't matter, its name and label are recognised anyway.
    `longest`: in characters, before parsing. `same`: makes of a value the text by which two lines are the same
    (`str.casefold`, `str`); two such lines are a fault. None: values may stand twice.
    `secret`: kept sealed from upload to commit, never shown, then wiped. Neither `same` nor a default goes with it.
    `may_default`: one value for all lines may be given instead of a column.
    """

    name: str
    label: Label
    required: bool = False
    description: Label | str = ""
    example: str = ""
    words: str = ""
    longest: int = 500
    parse: Parser = str
    same: Callable[[Any], str] | None = None
    secret: bool = False
    may_default: bool = True


class Concealed(Refusal):
    """A parser's refusal of a text that must not be kept or shown, not even in the report."""


Values = Mapping[str, Any]


@dataclass(frozen=True)
class Same:
    """By what two lines of a file are the same: `of` makes a text of a line's values, None where there is nothing.

    `field` is where the fault is shown; `words` say which line was first (`%(line)s`).
    """

    field: str | None
    of: Callable[[Values], str | None]
    is_warning: bool = False
    words: Label | str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A line that can be read. `values` has every field; None where the cell is empty and there is no default."""

    line: int
    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class MadeRow:
    """A line and what was made of it."""

    line: int
    values: dict[str, Any]
    made_id: int


@dataclass(frozen=True, slots=True)
class Fault:
    """What speaks against a line, in the language of who asked. A warning doesn't keep it from being imported."""

    line: int
    words: str
    field: str | None = None
    is_warning: bool = False


@dataclass(frozen=True)
class Context:
    """For whom and when. `import_id` names the import (its public id) in audit rows."""

    organisation_id: int
    import_id: str
    file_name: str
    user_id: int | None
    now: datetime
    parameters: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    """What was chosen beside the file (`services.keep_upload`)."""


class Subject(ABC):
    """What a package says about importing its things.

    `permission` is asked at each page and again by every step of the jobs.
    """

    name: str
    label: Label
    permission: Permission
    fields: tuple[Field, ...]
    undo_for: timedelta = timedelta(days=7)
    named_by: str | None = None
    """The field that names a line in reports: a serial number."""
    for_operator: bool = False
    """Of the operator's area: absent from the organisations' pages; who asked must be an operator."""
    finish_batch: int = BATCH
    """Rows handed to `finish` at once: a step must end within a minute, also on a busy machine."""

    @abstractmethod
    def check(self, rows: Sequence[Row], context: Context) -> Iterable[Fault]:
        """Faults and warnings against the stock and between the fields of a line.

        Called when the file is checked, and again, with the rows about to be made, in the transaction that makes
        them: whatever `make` relies upon is asked here, so that what became known meanwhile is found. Required
        fields, parsers, lengths and lines that are the same were seen to by the engine; lines with such a fault
        are not handed in.
        """

    @abstractmethod
    def make(self, rows: Sequence[Row], context: Context) -> Sequence[int]:
        """Make them; their ids in the order of the rows. Nothing leaves the house here: see `finish`.

        A `Refusal` ends the import, and what earlier batches made is taken back.
        """

    def finish(self, rows: Sequence[MadeRow], context: Context) -> None:  # noqa: B027
        """All lines of the file are in and no cancelling takes them back any more: mails, events, wake-ups.

        Called batch by batch, each exactly once. `values` still holds the secrets, for the last time.
        """

    @abstractmethod
    def used(self, ids: Sequence[int], context: Context) -> Mapping[int, str]:
        """Those that somebody or something relied upon since, with why in a few words: they block the undoing.

        Also those that were changed by hand or are gone by another way, where `unmake` could not bear it.
        """

    @abstractmethod
    def unmake(self, ids: Sequence[int], context: Context) -> None:
        """Remove what `make` made, as if it had never been. Ids that are gone already are passed over."""

    def place(self) -> tuple[str, dict[str, Any]]:
        """Endpoint (which also takes `org`) and values of the page to go to afterwards."""
        raise NotImplementedError

    def page(self, row: Import) -> tuple[str, dict[str, Any]]:
        """Endpoint (which also takes `org`) and values of the import's own page."""
        return "imports.one", {"public_id": row.public_id}

    def committed(self, row: Import, context: Context) -> None:  # noqa: B027
        """In the transaction that ends a commit: once for the whole file."""

    def taken_back(self, row: Import, context: Context) -> None:  # noqa: B027
        """In the transaction that ends an undoing, also that of a commit that could not go through."""

    def look_at_heading(self, header: Sequence[str]) -> None:  # noqa: B027
        """Before a file with this heading is kept; `Refusal` says what is wrong with it."""

    def sealer(self, context: Context) -> Sealing:
        """What seals the secret values of a batch's lines, bound to a text; meter keys have their own master key."""
        return lambda plain, bound: crypto.seal(plain, context=bound)

    def unsealer(self, context: Context) -> Sealing:
        return lambda sealed, bound: crypto.unseal(sealed, context=bound)

    @property
    def keeper(self) -> str:
        """Whose key wraps the file's key (`core.large_files.register_keeper`)."""
        return "portal"

    @property
    def has_secrets(self) -> bool:
        return any(field.secret for field in self.fields)

    @property
    def finishes(self) -> bool:
        """Without a `finish` of its own the secrets of a line are wiped as soon as it is made."""
        return type(self).finish is not Subject.finish

    @cached_property
    def sames(self) -> tuple[Same, ...]:
        """By what lines are the same: the fields with `same`; a subject may add what several fields make."""
        return tuple(_same(field) for field in self.fields if field.same is not None)

    def field(self, name: str) -> Field:
        return next(field for field in self.fields if field.name == name)


def _same(field: Field) -> Same:
    def of(values: Values) -> str | None:
        value = values.get(field.name)
        return None if value is None or field.same is None else str(field.same(value))

    return Same(field.name, of)


class BadSubject(Exception):
    """A subject contradicts itself: the application does not start."""


_subjects: dict[str, Subject] = {}


def register(subject: Subject) -> Subject:
    known = _subjects.get(subject.name)
    if known is not None and type(known) is not type(subject):
        raise BadSubject(f"two import subjects are named {subject.name!r}")
    _check(subject)
    _subjects[subject.name] = subject
    return subject


def all_subjects() -> list[Subject]:
    return list(_subjects.values())


def find_subject(name: str) -> Subject | None:
    return _subjects.get(name)


def subject_of(name: str) -> Subject:
    """`Refusal` when the package that registered it is gone."""
    subject = _subjects.get(name)
    if subject is None:
        raise Refusal(_("This version of the portal can't import this any more."), status=409)
    return subject


def _check(subject: Subject) -> None:
    names = [field.name for field in subject.fields]
    if len(set(names)) != len(names):
        raise BadSubject(f"{subject.name}: two fields have the same name")
    for field in subject.fields:
        if field.secret and field.same is not None:
            raise BadSubject(f"{subject.name}.{field.name}: a secret can't be compared")
