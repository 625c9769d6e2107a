"""What administrators enter about credentials."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from wtforms import StringField
from wtforms.validators import DataRequired, Length

from webapp.core.forms import CreatingForm, one_line


class EnrolmentTokenForm(CreatingForm):
    name = StringField(
        _("Name"),
        [
            DataRequired(_("Enter a name by which you will know it again.")),
            Length(max=60, message=_("At most %(max)d characters, please.")),
        ],
        filters=[one_line],
        description=_("Who gets it, such as the app's roll-out or a collector."),
    )
