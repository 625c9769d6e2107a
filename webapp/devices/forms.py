"""What administrators enter about credentials."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from wtforms import HiddenField, StringField
from wtforms.validators import DataRequired, Length

from webapp.core.forms import CreatingForm, PortalForm, one_line


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


class CredentialForm(CreatingForm):
    """Nothing to enter: the nonce makes a double click make one."""


class ReplaceForm(PortalForm):
    """Other equipment in a device's place. `seen` is the device as the person looked at it."""

    serial = StringField(
        _("Serial number of the new device"),
        [
            DataRequired(_("Enter the serial number of the new device.")),
            Length(max=64, message=_("At most %(max)d characters, please.")),
        ],
        filters=[one_line],
        description=_("As it is printed on the device."),
    )
    reason = StringField(
        _("Reason"),
        [Length(max=200, message=_("At most %(max)d characters, please."))],
        filters=[one_line],
        description=_("Such as “mainboard broken, swapped on site”. It stands in the audit log."),
    )
    seen = HiddenField()
    sure = HiddenField()
