"""Forms about how long data are kept, and about being forgotten."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from wtforms import HiddenField, IntegerField, StringField
from wtforms.validators import InputRequired, NumberRange, Optional

from webapp.core.forms import PortalForm, stripped
from webapp.orgs.models import Organisation

LEAST_REQUEST_DAYS, MOST_DAYS = 30, 3650
LEAST_AUDIT_DAYS = 365


class RetentionForm(PortalForm):
    request_retention_days = IntegerField(
        _("Keep finished requests for (days)"),
        [
            InputRequired(_("Enter a number of days.")),
            NumberRange(
                LEAST_REQUEST_DAYS, MOST_DAYS, _("Enter a whole number of days from 30 to 3650.")
            ),
        ],
        description=_(
            "30 to 3650. Counted from the day on which a request was finished; open ones stay."
        ),
    )
    audit_retention_days = IntegerField(
        _("Keep the audit log for (days)"),
        [
            Optional(),
            NumberRange(
                LEAST_AUDIT_DAYS,
                MOST_DAYS,
                _("Enter a whole number of days from 365 to 3650, or nothing for ever."),
            ),
        ],
        description=_(
            "365 to 3650; empty: for ever. The head lines of sent mails go with it. Sealed checkpoints stay, "
            "so that the rest of the log can still be verified."
        ),
    )
    version = HiddenField()

    @classmethod
    def of(cls, organisation: Organisation) -> RetentionForm:
        return cls(
            formdata=None,
            data={
                "request_retention_days": organisation.request_retention_days,
                "audit_retention_days": organisation.audit_retention_days,
                "version": str(organisation.version),
            },
        )


class ErasureForm(PortalForm):
    username = StringField(
        _("Your user name"),
        filters=[stripped],
        description=_("Type it to show that you mean it."),
    )
