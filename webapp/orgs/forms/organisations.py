"""An organisation's form."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _
from wtforms import BooleanField, HiddenField, SelectField, StringField
from wtforms.validators import DataRequired, Length, Regexp
from wtforms.validators import Optional as MayBeEmpty

from webapp.core.forms import CreatingForm, one_line
from webapp.orgs.forms.choices import LANGUAGE_CHOICES, countries, selectable, time_zones
from webapp.orgs.models import Organisation
from webapp.orgs.services.tree import Particulars


def _upper(value: Any) -> Any:
    return value.strip().upper() if isinstance(value, str) else value


class OrganisationForm(CreatingForm):
    """Create and edit. `parent` and `may_create` are taken away where one may not set them."""

    name = StringField(
        _("Name"), [DataRequired(_("Enter a name.")), Length(max=120)], filters=[one_line]
    )
    reference = StringField(
        _("Your reference"),
        [MayBeEmpty(), Length(max=60)],
        filters=[one_line],
        description=_("What you call it in your own books, such as a customer number."),
    )
    prefix = StringField(
        _("Short prefix"),
        [MayBeEmpty(), Regexp(r"^[A-Z0-9]{2,8}$", message=_("2 to 8 letters A–Z or digits."))],
        filters=[_upper],
        description=_("2 to 8 letters or digits; every batch reference begins with it."),
    )
    parent = SelectField(_("Parent organisation"))
    country = SelectField(_("Country"), default="IT")
    time_zone = SelectField(_("Time zone"), default="Europe/Rome")
    language = SelectField(_("Language"), choices=LANGUAGE_CHOICES, default="en")
    may_create = BooleanField(
        _("May create organisations"),
        description=_("Its administrators may add organisations below it."),
    )
    require_two_factor = BooleanField(
        _("Require two-factor sign-in"),
        description=_("Members open it only after setting up a code from their phone."),
    )
    version = HiddenField()

    def __init__(
        self,
        *args: Any,
        parents: list[tuple[str, str]] | None = None,
        may_set_create: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.country.choices = selectable(countries())
        self.time_zone.choices = selectable(time_zones())
        if parents:
            self.parent.choices = selectable(parents)
        else:
            del self.parent
        if not may_set_create:
            del self.may_create

    def particulars(self, before: Organisation | None = None) -> Particulars:
        """What was entered; what can't be set here stays as `before`."""
        may_create = before.may_create if before is not None else False
        return Particulars(
            name=self.name.data,
            reference=self.reference.data or "",
            prefix=self.prefix.data or None,
            may_create=self.may_create.data if "may_create" in self else may_create,
            country=self.country.data,
            time_zone=self.time_zone.data,
            language=self.language.data,
            require_two_factor=self.require_two_factor.data
            if "require_two_factor" in self
            else False,
        )
