"""The kinds of mail that the portal sends by itself (P-23).

A kind is an entry here, registered by the package that owns it, and a folder `templates/emails/<name>/` with one
file a language: a line `Subject: …`, an empty line, HTML with placeholders. The text part is made from the HTML.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from flask import Flask, current_app
from flask_babel import lazy_gettext as _

from webapp.core.errors import Refusal
from webapp.core.navigation import Label
from webapp.mail import placeholders
from webapp.mail.compose import Draft, Value
from webapp.mail.markup import sanitise
from webapp.settings import LANGUAGES

if TYPE_CHECKING:
    from webapp.mail.models import Mail

Renewal = Callable[["Mail"], "Mail"]
"""Makes a fresh secret and sends it to the recipient of a mail whose own is gone; raises Refusal."""


@dataclass(frozen=True)
class Placeholder:
    """`sample` stands in previews and test mails. A `secret` is sealed in the outbox and wiped on sending."""

    name: str
    description: Label
    sample: Value
    secret: bool = False


@dataclass(frozen=True)
class MailType:
    """`trade` as in `Organisation.trades`; None for what all trades share."""

    name: str
    label: Label
    placeholders: tuple[Placeholder, ...]
    is_news: bool = False
    trade: str | None = None

    @property
    def all_placeholders(self) -> tuple[Placeholder, ...]:
        return (*COMMON, *self.placeholders)

    @property
    def known(self) -> frozenset[str]:
        return frozenset(p.name for p in self.all_placeholders)

    @property
    def secrets(self) -> frozenset[str]:
        return frozenset(p.name for p in self.placeholders if p.secret)

    @property
    def samples(self) -> dict[str, Value]:
        return {p.name: p.sample for p in self.all_placeholders}


COMMON = (
    Placeholder("NAME", _("Name of the recipient"), "Anna Rossi"),
    Placeholder("USERNAME", _("User name of the recipient"), "anna.rossi"),
    Placeholder("ORGANISATION", _("Name of the organisation"), "Acme S.p.A."),
    Placeholder("RECIPIENT", _("Mail address of the recipient"), "anna.rossi@example.com"),
    Placeholder("PORTAL", _("Address of this portal"), "https://outpost.example"),
    Placeholder("SUPPORTEMAIL", _("Mail address of the support"), "support@outpost.example"),
    Placeholder("SUPPORTPHONE", _("Phone number of the support"), "+39 0444 000000"),
)


class BadDefault(Exception):
    """A system template is missing or names an unknown placeholder: the application does not start."""


_types: dict[str, MailType] = {}
_composed: dict[str, Label] = {}
_renewals: dict[str, Renewal] = {}


def register(mail_type: MailType) -> MailType:
    """Make a kind known. Two of one name are a defect."""
    known = _types.get(mail_type.name)
    if known is not None and known is not mail_type:
        raise ValueError(f"two mail types are named {mail_type.name!r}")
    _types[mail_type.name] = mail_type
    return mail_type


def name_composed(name: str, label: Label) -> None:
    """Give a kind that others compose (`outbox.send_composed`) its name in lists and filters."""
    _composed[name] = label


def renewed_by(mail_type: MailType, renewal: Renewal) -> None:
    """Say how *send again* makes a fresh secret for this kind."""
    _renewals[mail_type.name] = renewal


def renewal_of(name: str) -> Renewal | None:
    return _renewals.get(name)


def all_types() -> list[MailType]:
    return sorted(_types.values(), key=lambda t: t.name)


def mail_type(name: str) -> MailType:
    """Raises KeyError for an unknown kind: a defect of the caller."""
    return _types[name]


def all_names() -> list[str]:
    """Every kind that can stand in the outbox, composed ones included."""
    return sorted({*_types, *_composed})


def label_of(name: str) -> str:
    """For lists: also kinds of packages that are gone."""
    found = _types.get(name)
    label = found.label if found else _composed.get(name, name.replace("_", " ").capitalize())
    return str(label)


def system_draft(name: str, language: str) -> Draft:
    """The system's template, read once a process."""
    drafts: dict[tuple[str, str], Draft] = current_app.extensions.setdefault("mail_drafts", {})
    key = (name, language if language in LANGUAGES else "en")
    if key not in drafts:
        drafts[key] = read_draft(_folder() / key[0] / f"{key[1]}.html")
    return drafts[key]


def read_draft(path: Path) -> Draft:
    """`Subject: …`, an empty line, HTML."""
    head, _empty, body = path.read_text(encoding="utf-8").partition("\n\n")
    subject = head.removeprefix("Subject:").strip()
    if not head.startswith("Subject:") or not subject or "\n" in head or not body.strip():
        raise BadDefault(f"{path} must be: Subject: …, an empty line, HTML")
    return Draft(subject, body)


def check_draft(draft: Draft, known: frozenset[str]) -> Draft:
    """What may be saved: known placeholders alone, sanitised HTML. Raises `Refusal` at its field."""
    placeholders.check(draft.subject, known, field="subject")
    placeholders.check(draft.html, known, field="html")
    return Draft(" ".join(draft.subject.split()), sanitise(draft.html))


def check_defaults(app: Flask) -> None:
    """Every kind has its seven files, and they name only placeholders that it has."""
    with app.app_context():
        for kind in all_types():
            for language in LANGUAGES:
                _check_default(kind, language)


def _check_default(kind: MailType, language: str) -> None:
    try:
        check_draft(system_draft(kind.name, language), kind.known)
    except FileNotFoundError as error:
        raise BadDefault(f"mail type {kind.name}: {error.filename} is missing") from error
    except Refusal as error:
        raise BadDefault(f"mail type {kind.name}, {language}: {error.message}") from error


def with_common(
    values: Mapping[str, Value], *, recipient: str, organisation: str
) -> dict[str, Value]:
    """The values every mail has, under those of its cause."""
    settings = current_app.extensions["settings"]
    return {
        "RECIPIENT": recipient,
        "ORGANISATION": organisation,
        "PORTAL": settings.base_url,
        "SUPPORTEMAIL": settings.support_email,
        "SUPPORTPHONE": settings.support_phone,
        **values,
    }


def samples_of(kind: MailType, *, recipient: str | None, organisation: str) -> dict[str, Value]:
    """Sample values, with the true ones of the portal and the organisation."""
    address = recipient or str(kind.samples["RECIPIENT"])
    return {**kind.samples, **with_common({}, recipient=address, organisation=organisation)}


def _folder() -> Path:
    return Path(current_app.root_path).parent / "templates" / "emails"
