"""Forms of invitations: made and changed by an administrator, tried out, accepted by the invited person."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _
from wtforms import EmailField, Field, PasswordField, SelectField, StringField, ValidationError
from wtforms.validators import DataRequired, InputRequired, Length, Regexp
from wtforms.validators import Optional as MayBeEmpty

from webapp.core.forms import CreatingForm, one_line, stripped
from webapp.legal.forms import AcceptingForm
from webapp.mail.addresses import checked_address
from webapp.orgs.forms.choices import LANGUAGE_CHOICES
from webapp.orgs.forms.people import USERNAME, USERNAME_RULE, RightsForm
from webapp.orgs.services.accounts import Account
from webapp.orgs.services.invitations import Guest
from webapp.orgs.services.joining import NewPerson


class InvitationForm(RightsForm):
    """Whom one invites, where to, with which rights."""

    name = StringField(
        _("Name"),
        [DataRequired(_("Enter a name.")), Length(max=120)],
        filters=[one_line],
        description=_("Whom you invite. It greets the person in the mail."),
    )
    email = EmailField(
        _("E-mail address"),
        [MayBeEmpty(), Length(max=254)],
        filters=[stripped],
        description=_("Only a person with this address can accept. Empty: whoever has the link."),
    )
    language = SelectField(_("Language of the mail"), choices=LANGUAGE_CHOICES, default="en")

    def guest(self) -> Guest:
        """Raises `Refusal` for an address that can't be written to."""
        email = checked_address(self.email.data, field="email") if self.email.data else None
        return Guest(self.name.data, email, self.language.data, self.rights())


class TrialForm(CreatingForm):
    """Where a test mail goes."""

    to = EmailField(
        _("E-mail address"),
        [DataRequired(_("Enter an e-mail address.")), Length(max=254)],
        filters=[stripped],
    )


class AcceptForm(AcceptingForm):
    """Somebody without an account. `email` is taken away where the invitation names one."""

    name = StringField(
        _("Name"), [DataRequired(_("Enter your name.")), Length(max=120)], filters=[one_line]
    )
    email = EmailField(
        _("E-mail address"),
        [DataRequired(_("Enter your e-mail address.")), Length(max=254)],
        filters=[stripped],
    )
    username = StringField(
        _("User name"),
        [DataRequired(_("Enter a user name.")), Regexp(USERNAME, message=USERNAME_RULE)],
        filters=[stripped],
        description=_("For signing in, besides the e-mail address. No @ in it."),
    )
    password = PasswordField(_("Password"), [InputRequired(_("Enter a password."))])
    again = PasswordField(_("Password again"), [InputRequired(_("Enter the password again."))])
    language = SelectField(_("Language"), choices=LANGUAGE_CHOICES)

    def __init__(self, *args: Any, names_address: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if names_address:
            del self.email

    def validate_again(self, field: Field) -> None:
        if self.password.data and field.data != self.password.data:
            raise ValidationError(_("The two passwords differ."))

    def person(self) -> NewPerson:
        """Raises `Refusal` for an address that can't be written to."""
        email = checked_address(self.email.data, field="email") if "email" in self else ""
        account = Account(self.name.data, self.username.data, language=self.language.data)
        return NewPerson(account, email, self.password.data, tuple(self.accepted_ids))


class JoinForm(AcceptingForm):
    """Somebody who has an account: one button, and the texts not accepted yet."""
