"""Which text holds now, in which language, and what somebody still has to accept."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from flask import current_app
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import joinedload

from webapp.accounts.models import User
from webapp.core.db import db
from webapp.legal.models import Acceptance, LegalIdentity, LegalKind, LegalText
from webapp.settings import LANGUAGES, Settings

IDENTITY = (
    "name",
    "address",
    "email",
    "phone",
    "certified_mail",
    "vat",
    "register",
    "capital",
)
AT_SIGN_UP = (LegalKind.TERMS, LegalKind.PRIVACY)
AT_PURCHASE = (LegalKind.CONDITIONS, LegalKind.PRIVACY)


def identity() -> dict[str, str]:
    """What the operator entered, else what the settings say."""
    row = identity_row()
    return from_settings() if row is None else {name: getattr(row, name) for name in IDENTITY}


def identity_row() -> LegalIdentity | None:
    return db.session.scalar(select(LegalIdentity))


def from_settings() -> dict[str, str]:
    s: Settings = current_app.extensions["settings"]
    return {
        "name": s.operator_name,
        "address": s.operator_address,
        "email": s.support_email,
        "phone": s.support_phone,
        "certified_mail": s.operator_certified_mail,
        "vat": s.operator_vat,
        "register": s.operator_register,
        "capital": s.operator_capital,
    }


def in_force(now: datetime) -> dict[tuple[str, str], LegalText]:
    """(kind, language) → the newest edition whose day has come."""
    rows = db.session.scalars(
        select(LegalText)
        .where(LegalText.published_at.is_not(None), LegalText.valid_from <= now)
        .order_by(LegalText.kind, LegalText.language, LegalText.edition.desc())
        .ext(distinct_on(LegalText.kind, LegalText.language))
    )
    return {(row.kind, row.language): row for row in rows}


def current_text(kind: LegalKind, language: str, now: datetime) -> LegalText | None:
    """In this language, else English, else whichever there is; the caller says which it shows."""
    texts = in_force(now)
    for candidate in (language, "en", *LANGUAGES):
        if (kind, candidate) in texts:
            return texts[kind, candidate]
    return None


def current_texts(kinds: Iterable[LegalKind], language: str, now: datetime) -> list[LegalText]:
    """Those of the kinds that are published, in the kinds' order."""
    found = (current_text(kind, language, now) for kind in kinds)
    return [text for text in found if text is not None]


def editions(kind: LegalKind, language: str) -> Sequence[LegalText]:
    """Drafts too, the newest first."""
    return db.session.scalars(
        select(LegalText)
        .where(LegalText.kind == kind, LegalText.language == language)
        .order_by(LegalText.edition.desc())
    ).all()


def published(kind: LegalKind, now: datetime) -> Sequence[LegalText]:
    """What visitors may read: everything that holds or held, and what is announced."""
    return db.session.scalars(
        select(LegalText)
        .where(LegalText.kind == kind, LegalText.published_at.is_not(None))
        .order_by(LegalText.language, LegalText.edition.desc())
    ).all()


def missing_acceptances(
    user: User, kinds: Iterable[LegalKind], *, language: str, now: datetime
) -> list[LegalText]:
    """The current texts that this person has not accepted yet, in any language's edition of the same day or later.

    A text that nobody published is not asked for.
    """
    accepted = {(a.text.kind, a.text.valid_from) for a in acceptances_of(user)}
    return [
        text
        for text in current_texts(kinds, language, now)
        if not any(
            kind == text.kind and since is not None and since >= (text.valid_from or since)
            for kind, since in accepted
        )
    ]


def acceptances_of(user: User) -> Sequence[Acceptance]:
    """The newest first."""
    return db.session.scalars(
        select(Acceptance)
        .where(Acceptance.user_id == user.id)
        .options(joinedload(Acceptance.text))
        .order_by(Acceptance.accepted_at.desc(), Acceptance.id.desc())
    ).all()


def published_kinds(now: datetime) -> set[str]:
    """Kinds with a text in force in any language."""
    statement = select(LegalText.kind).where(
        LegalText.published_at.is_not(None), LegalText.valid_from <= now
    )
    return set(db.session.scalars(statement.distinct()))


def gaps(now: datetime) -> list[str]:
    """What visitors must be able to read and can't yet, in words; for the operator's overview."""
    there = published_kinds(now)
    return [kind.label for kind in LegalKind if kind not in there]
