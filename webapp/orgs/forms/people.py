"""Forms about people: a new one, one who has an account, their rights, a first password."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask_babel import lazy_gettext as _
from wtforms import (
    BooleanField,
    EmailField,
    HiddenField,
    PasswordField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import DataRequired, Length, Regexp
from wtforms.widgets import CheckboxInput, ListWidget

from webapp.accounts.forms import DELIMITERS, THOUSANDS, CsvHabits
from webapp.core.forms import CreatingForm, PortalForm, one_line, stripped
from webapp.orgs.authority import Rights
from webapp.orgs.forms.choices import LANGUAGE_CHOICES, selectable
from webapp.orgs.permissions import Permission, Role
from webapp.orgs.services.accounts import Account

USERNAME = r"^[^\W_][\w.\-]{1,58}[^\W_]$"
USERNAME_RULE = _(
    "3 to 60 letters, digits, points, hyphens or underscores; no @, which stands for an e-mail "
    "address at sign-in."
)


class TickListField(SelectMultipleField):  # type: ignore[misc]
    """Several of several, as tick boxes."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class RightsForm(CreatingForm):
    """Organisation, roles and single permissions: the membership's part of every form here."""

    organisation = SelectField(_("Organisation"))
    roles = TickListField(_("Roles"))
    grants = TickListField(_("Single permissions"))
    keys_below = BooleanField(_("Download keys in the organisations below as well"))
    version = HiddenField()

    def __init__(
        self,
        *args: Any,
        organisations: list[tuple[str, str]],
        permissions: Iterable[Permission],
        **kwargs: Any,
    ) -> None:
        """`permissions`: what may be given or is held; roles and grants beyond are not offered."""
        super().__init__(*args, **kwargs)
        offered = set(permissions)
        self.organisation.choices = selectable(organisations)
        self.roles.choices = selectable(
            (r.value, r.label) for r in Role if r.permissions <= offered
        )
        self.grants.choices = selectable((p.value, p.label) for p in Permission if p in offered)

    def rights(self) -> Rights:
        return Rights(
            tuple(Role(value) for value in self.roles.data or ()),
            tuple(Permission(value) for value in self.grants.data or ()),
            bool(self.keys_below.data),
        )


class AddPersonForm(RightsForm):
    """Somebody who has an account."""

    email = EmailField(
        _("E-mail address"),
        [DataRequired(_("Enter the address of the person's account.")), Length(max=254)],
        filters=[stripped],
    )


class UserForm(CsvHabits, RightsForm):
    """A person's account and their membership here."""

    name = StringField(
        _("Name"), [DataRequired(_("Enter a name.")), Length(max=120)], filters=[one_line]
    )
    username = StringField(
        _("User name"),
        [
            DataRequired(_("Enter a user name.")),
            Regexp(USERNAME, message=USERNAME_RULE),
        ],
        filters=[stripped],
        description=_("For signing in, besides the e-mail address. No @ in it."),
    )
    email = EmailField(
        _("E-mail address"),
        [DataRequired(_("Enter an e-mail address.")), Length(max=254)],
        filters=[stripped],
    )
    language = SelectField(_("Language"), choices=LANGUAGE_CHOICES, default="en")

    def account(self) -> Account:
        return Account(
            name=self.name.data,
            username=self.username.data,
            language=self.language.data,
            csv_delimiter=DELIMITERS[self.csv_delimiter.data],
            csv_thousands=THOUSANDS[self.csv_thousands.data],
        )


class NewUserForm(UserForm):
    """With a first password."""

    password = PasswordField(
        _("First password"),
        description=_("Leave it empty and one is made. It is mailed and valid for 7 days."),
    )


class FirstPasswordForm(CreatingForm):
    """A new first password for somebody who has an account."""

    password = PasswordField(
        _("First password"),
        description=_("Leave it empty and one is made. It is mailed and valid for 7 days."),
    )


class AskForm(CreatingForm):
    """*Ask for it*: a permission, and a word to the administrators."""

    permission = SelectField(_("Permission"))
    message = TextAreaField(_("Message"), [Length(max=500)], filters=[stripped])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.permission.choices = selectable((p.value, p.label) for p in Permission)


class RefuseRightForm(PortalForm):
    """Why somebody does not get what they asked for."""

    answer = TextAreaField(
        _("Reason"),
        [
            DataRequired(_("Say why; the person reads it.")),
            Length(max=500, message=_("At most %(max)d characters, please.")),
        ],
        filters=[stripped],
        description=_("The person who asked reads it."),
    )
