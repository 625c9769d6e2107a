"""Forms: CSRF, an invisible nonce for those that create, and one way of refusing bad input."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from flask_wtf import FlaskForm
from sqlalchemy import Index, delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column
from wtforms import HiddenField
from wtforms.fields.core import Field

from webapp.core.clock import utcnow
from webapp.core.crypto import digest, token
from webapp.core.db import Base, Id, commit, db
from webapp.core.errors import Refusal
from webapp.core.tenancy import Global


class FormNonce(Global, Base):
    """A creating form that was accepted, and where it led: sent twice, it leads there again."""

    __tablename__ = "form_nonces"
    __table_args__ = (Index(None, "at"),)

    id: Mapped[Id]
    nonce_digest: Mapped[bytes] = mapped_column(unique=True)
    at: Mapped[datetime]
    location: Mapped[str | None]


NONCES_KEPT = timedelta(days=2)
"""A page left open longer than that is loaded anew before it is sent: its session is over."""


def prune_nonces(now: datetime) -> None:
    """Forms that nobody will send again; called by a sweep."""
    db.session.execute(delete(FormNonce).where(FormNonce.at < now - NONCES_KEPT))
    commit()


class PortalForm(FlaskForm):  # type: ignore[misc]
    """Base of all forms of the portal."""

    def validate(self, extra_validators: Any = None) -> bool:
        """As WTForms does; lazy messages become texts here, while the reader's language is at hand."""
        valid = super().validate(extra_validators)
        for field in self._fields.values():
            if field.errors and not isinstance(field.errors, dict):
                field.errors = [e if isinstance(e, list | dict) else str(e) for e in field.errors]
        return bool(valid)

    def refuse(self, refusal: Refusal) -> None:
        """Show a service's refusal beside its field, or on top of the form."""
        field = self._fields.get(refusal.field or "")
        if isinstance(field, Field):
            field.errors = [*field.errors, refusal.message]
        else:
            self.form_errors.append(refusal.message)


class CreatingForm(PortalForm):
    """A form that makes something: a double click or a reload makes it once (decision 11)."""

    nonce = HiddenField(default=lambda: token(128))

    def earlier_location(self) -> str | None:
        """Claim the nonce; where the same form led before, or None the first time."""
        key = digest(self.nonce.data or token(128))
        statement = (
            insert(FormNonce)
            .values(nonce_digest=key, at=utcnow())
            .on_conflict_do_nothing()
            .returning(FormNonce.id)
        )
        if db.session.scalar(statement) is not None:
            return None
        return db.session.scalar(select(FormNonce.location).where(FormNonce.nonce_digest == key))

    def leads_to(self, url: str) -> str:
        """Remember where this form led, in the transaction that made the thing."""
        key = digest(self.nonce.data or "")
        row = db.session.scalar(select(FormNonce).where(FormNonce.nonce_digest == key))
        if row is not None:
            row.location = url
        return url


def stripped(value: Any) -> Any:
    """A WTForms filter: no space around, nothing for only spaces."""
    return value.strip() if isinstance(value, str) else value


def one_line(value: Any) -> Any:
    """A WTForms filter for names and subjects: any white space is one space."""
    return " ".join(value.split()) if isinstance(value, str) else value
