"""What the operator enters, and the tick box with which people accept."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from flask import url_for
from flask_babel import lazy_gettext as _
from markupsafe import Markup, escape
from wtforms import (
    BooleanField,
    DateField,
    EmailField,
    Field,
    HiddenField,
    StringField,
    TelField,
    TextAreaField,
    ValidationError,
)
from wtforms.fields.core import Label
from wtforms.validators import DataRequired, Length
from wtforms.validators import Optional as MayBeEmpty

from webapp.core.forms import PortalForm, one_line, stripped
from webapp.legal.models import LegalText
from webapp.legal.queries import IDENTITY
from webapp.mail.addresses import checked_address

LONGEST_BODY = 200_000


def _line(label: Any, *rules: Any, kind: Any = StringField, **more: Any) -> Any:
    length = Length(max=200, message=_("At most %(max)d characters, please."))
    return kind(label, [*rules, length], filters=[one_line], **more)


class IdentityForm(PortalForm):
    name = _line(_("Name of the company"), DataRequired(_("Enter the company's name.")))
    address = _line(_("Address"), DataRequired(_("Enter the address.")))
    email = _line(_("E-mail address"), DataRequired(_("Enter an e-mail address.")), kind=EmailField)
    phone = _line(_("Phone"), MayBeEmpty(), kind=TelField)
    certified_mail = _line(
        _("Certified mail"),
        MayBeEmpty(),
        kind=EmailField,
        description=_("PEC, where there is one."),
    )
    vat = _line(_("VAT number"), MayBeEmpty())
    register = _line(_("Company register"), MayBeEmpty())
    capital = _line(_("Share capital"), MayBeEmpty())
    version = HiddenField(default="0")

    def values(self) -> dict[str, str]:
        """Raises `Refusal` for addresses that can't be written to."""
        found = {name: self[name].data or "" for name in IDENTITY}
        for name in ("email", "certified_mail"):
            if found[name]:
                found[name] = checked_address(found[name], field=name)
        return found


class DraftForm(PortalForm):
    body = TextAreaField(
        _("Text (HTML)"),
        [Length(max=LONGEST_BODY, message=_("At most %(max)d characters, please."))],
        filters=[stripped],
        description=_(
            "Headings h2 and h3, paragraphs, lists, tables, links. Anything else is left out."
        ),
    )
    valid_from = DateField(
        _("Valid from"),
        [MayBeEmpty()],
        description=_("Empty: from the moment it is published."),
    )
    version = HiddenField(default="0")

    def day(self) -> date | None:
        found: date | None = self.valid_from.data
        return found


class AcceptingForm(PortalForm):
    """Mixed into forms that ask for the texts in force; `ask` before validating and before showing."""

    accept = BooleanField("")
    accepted_texts = HiddenField()
    _asked = _shown = ""

    def ask(self, texts: Sequence[LegalText]) -> None:
        """Without texts nothing is asked. What was shown goes along, so that nobody accepts unseen words."""
        if not texts:
            del self.accept, self.accepted_texts
            return
        self._asked = ",".join(str(text.id) for text in texts)
        links = [_link(text) for text in texts]
        words = str(_("I accept: %(texts)s", texts="\0"))
        before, after = words.split("\0")
        label = Markup("{}{}{}").format(before, Markup(", ").join(links), after)
        self.accept.label = Label(self.accept.id, label)
        self._shown = self.accepted_texts.data or ""
        self.accepted_texts.data = self._asked

    def validate_accept(self, field: Field) -> None:
        if not field.data:
            raise ValidationError(_("Without your acceptance there can be no account."))
        if self._shown != self._asked:
            field.data = False
            raise ValidationError(_("A new edition has come meanwhile. Please read and accept it."))

    @property
    def accepted_ids(self) -> list[int]:
        return [int(one) for one in self._asked.split(",")] if "accept" in self else []


def _link(text: LegalText) -> Markup:
    url = url_for(
        "legal_pages.edition", kind=text.kind, language=text.language, edition=text.edition
    )
    return Markup('<a href="{}" target="_blank" rel="noopener">{}</a>').format(
        url, escape(text.label)
    )


def day_as_instant(day: date | None, zone: Any) -> datetime | None:
    return None if day is None else datetime(day.year, day.month, day.day, tzinfo=zone)
