"""Forms: CSRF, an invisible nonce for those that create, and one way of refusing bad input."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from flask_wtf import FlaskForm
from markupsafe import Markup, escape
from sqlalchemy import Index, delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column
from wtforms import HiddenField, SelectField
from wtforms.fields.core import Field
from wtforms.widgets import Select, html_params

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


def _select(field: SelectField, render_kw: dict[str, Any]) -> Markup:
    """As the widget of WTForms writes a select of plain options."""
    attributes = {"id": field.id, "name": field.name, **(field.render_kw or {}), **render_kw}
    if "required" not in attributes and getattr(field.flags, "required", False):
        attributes["required"] = True
    options = "".join(
        f'<option {"selected " if selected else ""}value="{escape(value)}">{escape(label)}</option>'
        for value, label, selected, *_more in field.iter_choices()
    )
    opening = f"<select {html_params(**attributes)}>"
    return Markup(f"{opening}{options}</select>")  # noqa: S704 - each part is escaped


class PortalForm(FlaskForm):  # type: ignore[misc]
    """Base of all forms of the portal."""

    class Meta(FlaskForm.Meta):  # type: ignore[misc]
        def render_field(self, field: Field, render_kw: dict[str, Any]) -> Markup:
            """WTForms takes 40 µs for each option of a select: with all countries and zones, most of a page."""
            if (
                type(field) is SelectField
                and type(field.widget) is Select
                and not field.has_groups()
            ):
                return _select(field, render_kw)
            markup: Markup = super().render_field(field, render_kw)
            return markup

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
