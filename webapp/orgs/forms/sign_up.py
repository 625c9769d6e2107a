"""Forms of who makes an account of their own."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from wtforms import EmailField, Field, PasswordField, SelectField, StringField, ValidationError
from wtforms.validators import DataRequired, InputRequired, Length

from webapp.core.forms import PortalForm, one_line, stripped
from webapp.legal.forms import AcceptingForm
from webapp.orgs.forms.choices import LANGUAGE_CHOICES
from webapp.orgs.services.sign_ups import NewAccount


class SignUpForm(AcceptingForm):
    name = StringField(
        _("Name"),
        [
            DataRequired(_("Enter your name.")),
            Length(max=120, message=_("At most %(max)d characters, please.")),
        ],
        filters=[one_line],
    )
    email = EmailField(
        _("E-mail address"),
        [
            DataRequired(_("Enter your e-mail address.")),
            Length(max=254, message=_("At most %(max)d characters, please.")),
        ],
        filters=[stripped],
    )
    password = PasswordField(_("Password"), [InputRequired(_("Enter a password."))])
    again = PasswordField(_("Password again"), [InputRequired(_("Enter the password again."))])
    language = SelectField(_("Language"), choices=LANGUAGE_CHOICES)

    def validate_again(self, field: Field) -> None:
        if self.password.data and field.data != self.password.data:
            raise ValidationError(_("The two passwords differ."))

    def account(self) -> NewAccount:
        return NewAccount(
            name=self.name.data,
            email=self.email.data,
            password=self.password.data,
            language=self.language.data,
            accepted_texts=tuple(self.accepted_ids),
        )


class ConfirmForm(PortalForm):
    """Behind the mailed link."""

    password = PasswordField(
        _("Password"), [InputRequired(_("Enter the password that you chose."))]
    )
