"""What people enter about themselves. The rule of passwords is the service's, beside its field."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _
from wtforms import (
    EmailField,
    Field,
    HiddenField,
    PasswordField,
    SelectField,
    StringField,
    ValidationError,
)
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired, InputRequired, Length

from webapp.accounts.models import User
from webapp.accounts.passwords import LONGEST
from webapp.accounts.services import Profile
from webapp.core.forms import PortalForm, one_line, stripped
from webapp.core.preferences import LANGUAGE_NAMES

# What stands in the URL-encoded form → what stands in the row: no browser alters these names.
DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t"}
THOUSANDS = {"none": "", "space": " ", "point": ".", "comma": ","}


class SignInForm(PortalForm):
    """`next` is where one wanted to go; only a place of this portal counts."""

    name = StringField(
        _("User name or e-mail"),
        filters=[stripped],
        validators=[
            DataRequired(_("Enter your user name or e-mail address.")),
            Length(max=LONGEST, message=_("At most %(max)d characters, please.")),
        ],
    )
    password = PasswordField(_("Password"), validators=[InputRequired(_("Enter your password."))])
    next = HiddenField()


class ForgottenForm(PortalForm):
    name = StringField(
        _("E-mail or user name"),
        filters=[stripped],
        validators=[
            DataRequired(_("Enter your e-mail address or user name.")),
            Length(max=LONGEST, message=_("At most %(max)d characters, please.")),
        ],
    )


class NewPasswordForm(PortalForm):
    """For a first password and for a mailed link."""

    password = PasswordField(
        _("New password"), validators=[InputRequired(_("Enter a new password."))]
    )
    again = PasswordField(
        _("New password again"), validators=[InputRequired(_("Enter the new password again."))]
    )

    def validate_again(self, field: Field) -> None:
        if self.password.data and field.data != self.password.data:
            raise ValidationError(_("The two passwords differ."))


class ChangePasswordForm(NewPasswordForm):
    old_password = PasswordField(
        _("Present password"), validators=[InputRequired(_("Enter your present password."))]
    )


class CsvHabits:
    """Fields of people who open CSV files: also in an administrator's form of a user."""

    csv_delimiter = SelectField(
        _("CSV column delimiter"),
        choices=[
            SelectChoice("comma", _("Comma ,")),
            SelectChoice("semicolon", _("Semicolon ;")),
            SelectChoice("tab", _("Tab")),
        ],
    )
    csv_thousands = SelectField(
        _("CSV thousands separator"),
        choices=[
            SelectChoice("none", _("None")),
            SelectChoice("space", _("Space")),
            SelectChoice("point", _("Point .")),
            SelectChoice("comma", _("Comma ,")),
        ],
    )


class ProfileForm(CsvHabits, PortalForm):
    name = StringField(
        _("Name"),
        filters=[one_line],
        validators=[
            DataRequired(_("Enter your name.")),
            Length(max=120, message=_("At most %(max)d characters, please.")),
        ],
    )
    language = SelectField(
        _("Language"), choices=[SelectChoice(*each) for each in LANGUAGE_NAMES.items()]
    )

    @classmethod
    def of(cls, user: User) -> ProfileForm:
        """Filled with what stands in the row, unless something was posted."""
        filled: ProfileForm = cls(
            name=user.name,
            language=user.language,
            csv_delimiter=_code(DELIMITERS, user.csv_delimiter),
            csv_thousands=_code(THOUSANDS, user.csv_thousands),
        )
        return filled

    def profile(self) -> Profile:
        return Profile(
            name=self.name.data,
            language=self.language.data,
            csv_delimiter=DELIMITERS[self.csv_delimiter.data],
            csv_thousands=THOUSANDS[self.csv_thousands.data],
        )


def _code(codes: dict[str, str], value: str) -> Any:
    return next((code for code, stored in codes.items() if stored == value), None)


class EmailForm(PortalForm):
    email = EmailField(
        _("New e-mail address"),
        filters=[stripped],
        validators=[
            DataRequired(_("Enter the new e-mail address.")),
            Length(max=254, message=_("At most %(max)d characters, please.")),
        ],
    )


class CodeForm(PortalForm):
    """Six digits from the phone. What they must be says the service, in the same words for all that is wrong."""

    code = StringField(
        _("Code from your app"),
        filters=[stripped],
        validators=[
            DataRequired(_("Enter the six digits that your app shows now.")),
            Length(max=40, message=_("At most %(max)d characters, please.")),
        ],
    )


class RecoveryCodeForm(PortalForm):
    code = StringField(
        _("Recovery code"),
        filters=[stripped],
        validators=[
            DataRequired(_("Enter one of your recovery codes.")),
            Length(max=40, message=_("At most %(max)d characters, please.")),
        ],
    )
