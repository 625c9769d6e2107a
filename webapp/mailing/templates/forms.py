"""What is entered about templates."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _
from wtforms import EmailField, HiddenField, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, Length

from webapp.core.forms import CreatingForm, PortalForm, one_line, stripped
from webapp.mail.compose import Draft
from webapp.mail.placeholders import LONGEST_SUBJECT
from webapp.mail.templates import LONGEST_HTML, LONGEST_NAME
from webapp.orgs.forms.choices import LANGUAGE_CHOICES

_TOO_LONG = _("At most %(max)d characters, please.")


class CopyForm(CreatingForm):
    """Nothing but the nonce: a double click makes one copy."""


class TestMailForm(CreatingForm):
    __test__ = False

    to = EmailField(
        _("Send it to"),
        [DataRequired(_("Enter a mail address.")), Length(max=254, message=_TOO_LONG)],
        filters=[stripped],
        description=_("One address. The mail carries sample data and says that it is a test."),
    )


class TemplateForm(PortalForm):
    """The editor. `version` is the one the form was filled from; `sample` only chooses the preview."""

    name = StringField(
        _("Name"),
        [DataRequired(_("Enter a name.")), Length(max=LONGEST_NAME, message=_TOO_LONG)],
        filters=[one_line],
        description=_("For you; recipients don't see it."),
    )
    subject = StringField(
        _("Subject"),
        [DataRequired(_("Enter a subject.")), Length(max=LONGEST_SUBJECT, message=_TOO_LONG)],
        filters=[one_line],
    )
    html = TextAreaField(
        _("Content (HTML)"),
        [
            DataRequired(_("Write something: the mail would be empty.")),
            Length(max=LONGEST_HTML, message=_TOO_LONG),
        ],
    )
    sample = SelectField(
        _("Dates, numbers and frame of the preview in"),
        choices=LANGUAGE_CHOICES,
        validate_choice=False,
    )
    version = HiddenField()

    @property
    def draft(self) -> Draft:
        """What stands in the form, valid or not."""
        return Draft(one_line(self.subject.data or ""), _unix(self.html.data))

    @property
    def version_number(self) -> int:
        text = self.version.data or ""
        return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0


def _unix(text: Any) -> str:
    """Browsers send lines with CR LF."""
    return str(text or "").replace("\r\n", "\n")
