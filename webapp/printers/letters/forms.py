"""What is entered about a button's mails and sender domains."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _t
from flask_babel import lazy_gettext as _
from wtforms import (
    EmailField,
    Field,
    HiddenField,
    SelectField,
    StringField,
    TextAreaField,
    ValidationError,
)
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired, Length
from wtforms.validators import Optional as MayBeEmpty

from webapp.core.forms import CreatingForm, PortalForm, one_line, stripped
from webapp.mail.compose import Draft
from webapp.mail.placeholders import LONGEST_SUBJECT
from webapp.mail.templates import LONGEST_HTML
from webapp.printers.addresses import is_address
from webapp.printers.forms import MOST_EMAILS, addresses_in, at_most
from webapp.printers.models import PanicRequest

SAMPLE = ""


class SenderForm(PortalForm):
    """To whom the technicians' mail goes, and who both mails come from."""

    emails = TextAreaField(
        _("Technical e-mail addresses"),
        [DataRequired(_("Enter at least one address: somebody must get the requests."))],
        filters=[stripped],
        description=_("One a line. Each gets every request."),
    )
    from_email = EmailField(
        _("From e-mail"),
        [MayBeEmpty(), at_most(254)],
        filters=[stripped],
        description=_(
            "Of a verified domain; else the mails leave from the portal's address, and answers go here."
        ),
    )
    from_name = StringField(
        _("From name"),
        [MayBeEmpty(), at_most(60)],
        filters=[one_line],
        description=_("Such as: Technical support. Empty: the name of the button."),
    )

    def validate_emails(self, field: Field) -> None:
        check_addresses(field)

    def validate_from_email(self, field: Field) -> None:
        if field.data and not is_address(field.data):
            raise ValidationError(_t("This is no e-mail address: %(text)s", text=field.data[:80]))


def check_addresses(field: Field) -> None:
    found = addresses_in(field.data)
    wrong = [address for address in found if not is_address(address)]
    if wrong:
        raise ValidationError(_t("This is no e-mail address: %(text)s", text=wrong[0][:80]))
    if len(found) > MOST_EMAILS:
        raise ValidationError(_t("At most %(most)s addresses, please.", most=MOST_EMAILS))


class LetterForm(CreatingForm):
    """The editor of one mail. `data_of` only chooses the preview, `to` is for the test mail."""

    subject = StringField(
        _("Subject"),
        [DataRequired(_("Enter a subject.")), at_most(LONGEST_SUBJECT)],
        filters=[one_line],
    )
    html = TextAreaField(
        _("Content (HTML)"),
        [
            DataRequired(_("Write something: the mail would be empty.")),
            Length(max=LONGEST_HTML, message=_("At most %(max)d characters, please.")),
        ],
    )
    data_of = SelectField(_("Preview with"), validate_choice=False, default=SAMPLE)
    to = EmailField(
        _("Send a test to"),
        [MayBeEmpty(), at_most(254)],
        filters=[stripped],
        description=_(
            "What stands here now, with the data of the preview. It says that it is a test."
        ),
    )
    version = HiddenField()

    @property
    def draft(self) -> Draft:
        """What stands in the form, valid or not."""
        html = str(self.html.data or "").replace("\r\n", "\n")
        return Draft(one_line(self.subject.data or ""), html)

    @property
    def seen(self) -> int:
        text = self.version.data or ""
        return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else -1

    def offer(self, requests: list[PanicRequest]) -> LetterForm:
        """Sample data, or those of one of these requests."""
        self.data_of.choices = [
            SelectChoice(SAMPLE, _t("sample data")),
            *(SelectChoice(r.public_id, _named(r)) for r in requests),
        ]
        return self


def _named(request: PanicRequest) -> str:
    words: dict[str, Any] = {"number": request.number, "printer": request.printer_name}
    return str(_t("request #%(number)s, %(printer)s") % words)


class DomainForm(CreatingForm):
    domain = StringField(
        _("Domain"),
        [DataRequired(_("Enter a domain.")), at_most(253)],
        filters=[stripped],
        description=_("What stands after the @ of the address you want to send from."),
    )
