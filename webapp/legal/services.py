"""Drafts become editions; people accept them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from webapp.accounts.models import User
from webapp.accounts.queries import home_organisation_id
from webapp.accounts.sessions import address_here
from webapp.audit.log import record
from webapp.core.db import db
from webapp.core.errors import Refusal
from webapp.legal.events import LegalEvent
from webapp.legal.markup import clean
from webapp.legal.models import Acceptance, LegalIdentity, LegalKind, LegalText
from webapp.legal.queries import current_texts, editions, identity_row, missing_acceptances


class Overtaken(Refusal):
    def __init__(self) -> None:
        words = _("Somebody saved this meanwhile. Open it again; what you wrote stands here.")
        super().__init__(words, status=409)


class AcceptanceMissing(Refusal):
    """A purchase can't go on: these texts are to be accepted first."""

    def __init__(self, texts: list[LegalText]) -> None:
        names = ", ".join(text.label for text in texts)
        super().__init__(_("Please accept first: %(names)s.", names=names), field="accept")
        self.texts = texts


def save_identity(values: dict[str, str], *, version: int, by: str, now: datetime) -> None:
    """Raises `Overtaken` when another version stands there."""
    row = identity_row()
    if (row.version if row else 0) != version:
        raise Overtaken
    before = {} if row is None else {name: getattr(row, name) for name in values}
    if row is None:
        row = LegalIdentity(id=1)
        db.session.add(row)
    for name, value in values.items():
        setattr(row, name, value)
    row.updated_at, row.updated_by = now, by
    changed = {name: value for name, value in values.items() if before.get(name) != value}
    _note(LegalEvent.IDENTITY_CHANGED, "legal_identity", "1", values["name"], changed)


def begin_draft(kind: LegalKind, language: str, *, now: datetime) -> LegalText:
    """The open draft, else a new one: a copy of the newest edition."""
    found = editions(kind, language)
    if found and found[0].published_at is None:
        return found[0]
    db.session.execute(
        insert(LegalText)
        .values(
            kind=kind,
            language=language,
            edition=(found[0].edition if found else 0) + 1,
            body=found[0].body if found else "",
            created_at=now,
        )
        .on_conflict_do_nothing()
    )
    return editions(kind, language)[0]


def save_draft(text: LegalText, *, body: str, valid_from: datetime | None, version: int) -> None:
    _refuse_published(text)
    if text.version != version:
        raise Overtaken
    text.body, text.valid_from = clean(body), valid_from


def publish(text: LegalText, *, by: str, now: datetime) -> None:
    """From here on it never changes. Valid from now, unless a later day was chosen."""
    db.session.refresh(text, with_for_update=True)
    _refuse_published(text)
    if not text.body.strip():
        raise Refusal(_("There is nothing to publish: the text is empty."), field="body")
    valid_from = max(now, text.valid_from or now)
    latest = db.session.scalar(
        select(func.max(LegalText.valid_from)).where(
            LegalText.kind == text.kind,
            LegalText.language == text.language,
            LegalText.published_at.is_not(None),
        )
    )
    if latest is not None and valid_from < latest:
        raise Refusal(
            _("An earlier edition holds only from a later day on. Choose that day or a later one."),
            field="valid_from",
        )
    text.valid_from, text.published_at, text.published_by = valid_from, now, by
    facts = {"language": text.language, "edition": text.edition}
    _note(LegalEvent.TEXT_PUBLISHED, "legal_text", text.public_id, text.kind, facts)


def drop_draft(text: LegalText) -> None:
    _refuse_published(text)
    db.session.delete(text)


def _refuse_published(text: LegalText) -> None:
    if text.published_at is not None:
        raise Refusal(
            _("This edition is published and can't change any more. Begin the next one."),
            status=409,
        )


def _note(event: LegalEvent, kind: str, id_: str, label: str, detail: Mapping[str, object]) -> None:
    organisation = home_organisation_id(None)
    if organisation is not None:
        record(
            event, organisation_id=organisation, kind=kind, id=id_, label=label, detail=dict(detail)
        )


def accept(
    user: User,
    text_ids: Iterable[int],
    *,
    via: str,
    now: datetime,
    address: str | None = None,
    organisation_id: int | None = None,
) -> None:
    """Keep that this person accepted these editions; a second time changes nothing."""
    for text_id in text_ids:
        db.session.execute(
            insert(Acceptance)
            .values(
                user_id=user.id,
                text_id=text_id,
                organisation_id=organisation_id,
                accepted_at=now,
                address=address or address_here() or None,
                via=via,
            )
            .on_conflict_do_nothing()
        )


def require_acceptance(
    user: User, kinds: Iterable[LegalKind], *, language: str, now: datetime
) -> None:
    """For purchases: raises `AcceptanceMissing` until the person has accepted the current editions."""
    missing = missing_acceptances(user, kinds, language=language, now=now)
    if missing:
        raise AcceptanceMissing(missing)


def ids_in_force(kinds: Iterable[LegalKind], language: str, now: datetime) -> list[int]:
    return [text.id for text in current_texts(kinds, language, now)]
