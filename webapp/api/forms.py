"""What an administrator enters for a new API token."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from flask_babel import lazy_gettext as _
from wtforms import DateField, SelectMultipleField, StringField
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired, InputRequired, Length
from wtforms.widgets import CheckboxInput, ListWidget

from webapp.accounts.proofs import AsksProof
from webapp.core.forms import CreatingForm, one_line
from webapp.orgs.permissions import Permission

USUAL = timedelta(days=365)


class TokenForm(AsksProof, CreatingForm):
    name = StringField(
        _("Name"),
        [
            DataRequired(_("Enter a name by which you will know it again.")),
            Length(max=60, message=_("At most %(max)d characters, please.")),
        ],
        filters=[one_line],
        description=_("The program that will use it, such as “Ticket system”."),
    )
    permissions = SelectMultipleField(
        _("Permissions"),
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
        description=_("Give only what the program needs. You can give what you may do yourself."),
    )
    expires_on = DateField(
        _("Valid until"),
        [InputRequired(_("Choose a day."))],
        description=_("At most two years from today."),
    )

    def __init__(self, *args: Any, permissions: Iterable[Permission], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self["permissions"].choices = [SelectChoice(p.value, p.label) for p in permissions]

    @classmethod
    def fresh(cls, permissions: Iterable[Permission], *, today: date) -> TokenForm:
        return cls(formdata=None, permissions=permissions, expires_on=today + USUAL)

    def chosen(self) -> list[Permission]:
        return [Permission(value) for value in self["permissions"].data or ()]
