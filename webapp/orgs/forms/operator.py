"""The operator's form of a new company."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from wtforms import EmailField, StringField
from wtforms.validators import DataRequired, Length, Regexp

from webapp.core.forms import one_line, stripped
from webapp.orgs.forms.organisations import OrganisationForm
from webapp.orgs.forms.people import USERNAME, USERNAME_RULE
from webapp.orgs.services.accounts import Account


class NewCompanyForm(OrganisationForm):
    """A company at the root of its tree, with the person who administrates it."""

    person = StringField(
        _("Administrator's name"),
        [DataRequired(_("Enter a name.")), Length(max=120)],
        filters=[one_line],
    )
    username = StringField(
        _("Administrator's user name"),
        [DataRequired(_("Enter a user name.")), Regexp(USERNAME, message=USERNAME_RULE)],
        filters=[stripped],
    )
    email = EmailField(
        _("Administrator's e-mail address"),
        [DataRequired(_("Enter an e-mail address.")), Length(max=254)],
        filters=[stripped],
        description=_(
            "Somebody with an account is added with it; anybody else gets a first password by mail."
        ),
    )

    def administrator(self) -> Account:
        return Account(self.person.data, self.username.data, language=self.language.data)
