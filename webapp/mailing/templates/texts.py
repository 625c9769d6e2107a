"""What a mail of a kind and language can be written with: rows and files in one shape."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import defer

from webapp.core.db import db
from webapp.core.preferences import LANGUAGE_NAMES
from webapp.core.tenancy import unscoped
from webapp.mail.compose import Draft
from webapp.mail.models import EmailTemplate
from webapp.mail.types import MailType, all_types, system_draft
from webapp.orgs.models import Organisation
from webapp.orgs.trades import hidden_trades
from webapp.settings import LANGUAGES


class Origin(StrEnum):
    """Whose a template is."""

    OWN = "own"
    ABOVE = "above"
    SYSTEM = "system"


@dataclass(frozen=True)
class Text:
    """One template. `active`: this organisation's mails are written with it. `row` None: a file."""

    ref: str
    name: str
    kind: MailType
    language: str
    origin: Origin
    active: bool
    row: EmailTemplate | None = None

    @property
    def draft(self) -> Draft:
        if self.row is not None:
            return Draft(self.row.subject, self.row.html)
        return system_draft(self.kind.name, self.language)

    @property
    def language_name(self) -> str:
        return LANGUAGE_NAMES[self.language]

    @property
    def is_own(self) -> bool:
        return self.origin is Origin.OWN


def all_texts(organisation: Organisation, *, kinds: Iterable[MailType] | None = None) -> list[Text]:
    """By kind and language: the system's, the parents' active one, then the own ones as they were made."""
    chosen = list(kinds) if kinds is not None else all_types()
    rows = _rows_of(organisation)
    return [
        text
        for kind in sorted(chosen, key=lambda k: str(k.label).casefold())
        for language in LANGUAGES
        for text in _texts_of(kind, language, rows.get((kind.name, language), []), organisation.id)
    ]


def listed_texts(organisation: Organisation) -> list[Text]:
    """Those of trades that are switched off stay out of the list, as the trades stay out of the rail."""
    hidden = hidden_trades(organisation)
    return all_texts(organisation, kinds=[k for k in all_types() if k.trade not in hidden])


def texts_beside(text: Text, organisation: Organisation) -> list[Text]:
    """All of its kind and language, itself included."""
    return [t for t in all_texts(organisation, kinds=[text.kind]) if t.language == text.language]


def find_text(organisation: Organisation, ref: str) -> Text | None:
    return next((text for text in all_texts(organisation) if text.ref == ref), None)


def fallback_of(text: Text, organisation: Organisation) -> Text:
    """What is used when none of the organisation's own is active: the parents' before the system's."""
    return [t for t in texts_beside(text, organisation) if not t.is_own][-1]


def can_activate(text: Text, beside: list[Text]) -> bool:
    """Own ones always; the fallback by leaving the own ones; the system's not past the parents'."""
    if text.active or text.is_own:
        return not text.active
    has_parents = any(t.origin is Origin.ABOVE for t in beside)
    return text.origin is Origin.ABOVE or not has_parents


Rows = dict[tuple[str, str], list[EmailTemplate]]


def _rows_of(organisation: Organisation) -> Rows:
    """The own ones and the active ones above; the nearest last, own ones in order of making."""
    chain = [int(part) for part in organisation.path.strip("/").split("/") if part]
    with unscoped("an organisation's mails may use its parents' templates"):
        found = db.session.scalars(
            select(EmailTemplate)
            .where(
                EmailTemplate.organisation_id.in_([*chain, organisation.id]),
                (EmailTemplate.organisation_id == organisation.id) | EmailTemplate.active,
            )
            .options(defer(EmailTemplate.html))
            .order_by(EmailTemplate.id)
        ).all()
    rows: Rows = {}
    for row in sorted(found, key=lambda r: chain.index(r.organisation_id)):
        rows.setdefault((row.type, row.language), []).append(row)
    return rows


def _texts_of(
    kind: MailType, language: str, rows: list[EmailTemplate], organisation_id: int
) -> list[Text]:
    own = [row for row in rows if row.organisation_id == organisation_id]
    above = [row for row in rows if row.organisation_id != organisation_id][-1:]
    has_own = any(row.active for row in own)
    name = _("System default: %(kind)s (%(language)s)", kind=str(kind.label), language=language)
    ref = f"{kind.name}.{language}"
    return [
        Text(ref, str(name), kind, language, Origin.SYSTEM, not above and not has_own),
        *(_of_row(row, kind, Origin.ABOVE, active=not has_own) for row in above),
        *(_of_row(row, kind, Origin.OWN, active=row.active) for row in own),
    ]


def _of_row(row: EmailTemplate, kind: MailType, origin: Origin, *, active: bool) -> Text:
    return Text(row.public_id, row.name, kind, row.language, origin, active, row)
