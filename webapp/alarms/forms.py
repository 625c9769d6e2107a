"""What people enter about alarms: a note, quiet hours and receivers, maintenance."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from flask_babel import lazy_gettext as _
from wtforms import (
    DateTimeLocalField,
    HiddenField,
    IntegerField,
    StringField,
    TextAreaField,
    TimeField,
)
from wtforms.fields.core import Field
from wtforms.validators import InputRequired, Length, NumberRange
from wtforms.validators import Optional as MayBeEmpty

from webapp.alarms.models import AlarmRule
from webapp.alarms.settings import RuleValues
from webapp.core.errors import Refusal
from webapp.core.forms import CreatingForm, PortalForm, one_line, stripped
from webapp.mail.addresses import checked_address

MOST_ADDRESSES = 20
FIRST_YEAR, LAST_YEAR = 2000, 2200


class AcknowledgeForm(PortalForm):
    note = TextAreaField(
        _("What is being done about it"),
        [Length(max=500, message=_("At most %(max)d characters, please."))],
        filters=[stripped],
    )


class RuleForm(PortalForm):
    """Quiet hours, receivers, escalation: of all the organisation's alarms."""

    quiet_from = TimeField(_("Quiet from"), [MayBeEmpty()])
    quiet_to = TimeField(
        _("Quiet until"),
        [MayBeEmpty()],
        description=_("In these hours nobody is told; what is still open is told when they end."),
    )
    first_emails = TextAreaField(
        _("Mail addresses told at once"),
        [Length(max=2000)],
        filters=[stripped],
        description=_(
            "One a line. Members hear of alarms by the bell, and by mail if they chose so."
        ),
    )
    escalate_after_minutes = IntegerField(
        _("Call the next ones after (minutes)"),
        [MayBeEmpty(), NumberRange(1, 10080, _("Between 1 minute and 7 days (10080)."))],
        description=_("If nobody has acknowledged the alarm by then."),
    )
    second_emails = TextAreaField(
        _("Mail addresses told next"),
        [Length(max=2000)],
        filters=[stripped],
        description=_("One a line."),
    )
    version = HiddenField()

    @classmethod
    def of(cls, rule: AlarmRule | None) -> RuleForm:
        if rule is None:
            return cls(formdata=None)
        return cls(
            formdata=None,
            quiet_from=rule.quiet_from,
            quiet_to=rule.quiet_to,
            first_emails="\n".join(rule.first_emails),
            second_emails="\n".join(rule.second_emails),
            escalate_after_minutes=rule.escalate_after_minutes,
            version=rule.version,
        )

    def values(self) -> RuleValues:
        """Checked together; raises `Refusal` at the field."""
        start, end = self.quiet_from.data, self.quiet_to.data
        if (start is None) != (end is None):
            raise Refusal(
                _("Enter both times, or neither."),
                field="quiet_from" if start is None else "quiet_to",
            )
        if start is not None and start == end:
            raise Refusal(
                _("From and until are the same time. Leave both empty for none."), field="quiet_to"
            )
        second = self._addresses("second_emails")
        minutes = self.escalate_after_minutes.data
        if bool(second) != (minutes is not None):
            raise Refusal(
                _("Enter both the minutes and the addresses told next, or neither."),
                field="escalate_after_minutes" if minutes is None else "second_emails",
            )
        return RuleValues(start, end, self._addresses("first_emails"), second, minutes)

    def _addresses(self, name: str) -> list[str]:
        typed = (self[name].data or "").replace(",", "\n").replace(";", "\n").split("\n")
        found = [checked_address(one.strip(), field=name) for one in typed if one.strip()]
        if len(found) > MOST_ADDRESSES:
            raise Refusal(_("At most %(n)s addresses.") % {"n": MOST_ADDRESSES}, field=name)
        return list(dict.fromkeys(found))


class WindowForm(CreatingForm):
    """Times are the organisation's own."""

    begins_at = DateTimeLocalField(
        _("Begins"),
        [InputRequired(_("Enter when it begins."))],
        format=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"],
    )
    ends_at = DateTimeLocalField(
        _("Ends"),
        [InputRequired(_("Enter when it ends."))],
        format=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"],
    )
    reason = StringField(
        _("Reason"),
        [InputRequired(_("Enter a reason.")), Length(max=120)],
        filters=[one_line],
        description=_("Such as “Move to the new building”."),
    )

    def moments(self, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """Raises `Refusal` for years that no calendar here knows."""
        return _in_zone(self.begins_at, zone), _in_zone(self.ends_at, zone)


def _in_zone(field: Field, zone: ZoneInfo) -> datetime:
    local: datetime = field.data
    if not FIRST_YEAR <= local.year <= LAST_YEAR:
        raise Refusal(
            _("Enter a year between %(first)s and %(last)s.")
            % {"first": FIRST_YEAR, "last": LAST_YEAR},
            field=field.short_name,
        )
    return local.replace(tzinfo=zone)
