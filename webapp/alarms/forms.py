"""What people enter about alarms: a note, quiet hours and receivers, maintenance."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import lazy_gettext as _
from wtforms import (
    BooleanField,
    DateTimeLocalField,
    HiddenField,
    IntegerField,
    SelectField,
    StringField,
    TextAreaField,
    TimeField,
)
from wtforms.fields.core import Field
from wtforms.validators import InputRequired, Length, NumberRange
from wtforms.validators import Optional as MayBeEmpty

from webapp.alarms.models import AlarmRule
from webapp.alarms.settings import KindValues, RuleValues, device_named
from webapp.core.errors import Refusal
from webapp.core.forms import CreatingForm, PortalForm, one_line, stripped
from webapp.devices.models import Device
from webapp.mail.addresses import checked_address
from webapp.orgs.forms.choices import selectable
from webapp.orgs.forms.people import TickListField
from webapp.orgs.permissions import Role
from webapp.orgs.queries import Holder

MOST_ADDRESSES = 20
MOST_PEOPLE = 200
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
        second = addresses_in(self, "second_emails")
        minutes = self.escalate_after_minutes.data
        if bool(second) != (minutes is not None):
            raise Refusal(
                _("Enter both the minutes and the addresses told next, or neither."),
                field="escalate_after_minutes" if minutes is None else "second_emails",
            )
        return RuleValues(start, end, addresses_in(self, "first_emails"), second, minutes)


class KindRuleForm(PortalForm):
    """An organisation's own rule for one kind of alarms."""

    is_on = BooleanField(_("Alarms of this kind are wanted"))
    debounce_minutes = IntegerField(
        _("Only when it lasts (minutes)"),
        [MayBeEmpty(), NumberRange(0, 1440, _("Between 0 minutes and one day (1440)."))],
    )
    severity = SelectField(
        _("How bad"),
        choices=selectable(
            [("", _("as it is measured")), ("warning", _("Warning")), ("alarm", _("Alarm"))]
        ),
    )
    heeds_quiet = BooleanField(
        _("Quiet hours hold"),
        description=_("Unticked, people are told of this kind at any hour."),
    )
    first_roles = TickListField(_("Roles told at once"))
    first_users = TickListField(
        _("People told at once"),
        description=_("With no role and nobody ticked, all who may acknowledge alarms are told."),
    )
    first_emails = TextAreaField(
        _("Mail addresses told at once"),
        [Length(max=2000)],
        filters=[stripped],
        description=_("One a line."),
    )
    escalate_after_minutes = IntegerField(
        _("Call the next ones after (minutes)"),
        [MayBeEmpty(), NumberRange(1, 10080, _("Between 1 minute and 7 days (10080)."))],
        description=_("If nobody has acknowledged the alarm by then."),
    )
    second_roles = TickListField(_("Roles told next"))
    second_users = TickListField(_("People told next"))
    second_emails = TextAreaField(
        _("Mail addresses told next"),
        [Length(max=2000)],
        filters=[stripped],
        description=_("One a line."),
    )
    version = HiddenField()

    def __init__(self, *args: Any, people: Sequence[Holder], **kwargs: Any) -> None:
        """`people`: who may see alarms here."""
        super().__init__(*args, **kwargs)
        users = {h.membership.user.public_id: h.membership.user for h in people}
        self.ids = {public_id: user.id for public_id, user in users.items()}
        roles = [(role.value, role.label) for role in Role]
        names = [(user.public_id, user.name) for user in list(users.values())[:MOST_PEOPLE]]
        for field in (self.first_roles, self.second_roles):
            field.choices = selectable(roles)
        for field in (self.first_users, self.second_users):
            field.choices = selectable(names)

    @classmethod
    def of(
        cls, own: AlarmRule | None, general: AlarmRule | None, *, people: Sequence[Holder]
    ) -> KindRuleForm:
        """As it is; without a rule of its own, what holds for the kind now."""
        row = own or general
        if row is None:
            return cls(formdata=None, people=people, is_on=True, heeds_quiet=True, version="")
        public = {h.membership.user_id: h.membership.user.public_id for h in people}
        return cls(
            formdata=None,
            people=people,
            is_on=row.is_on,
            debounce_minutes=row.debounce_minutes,
            severity=row.severity or "",
            heeds_quiet=row.heeds_quiet,
            first_roles=row.first_roles,
            first_users=[public[i] for i in row.first_user_ids if i in public],
            first_emails="\n".join(row.first_emails),
            escalate_after_minutes=row.escalate_after_minutes,
            second_roles=row.second_roles,
            second_users=[public[i] for i in row.second_user_ids if i in public],
            second_emails="\n".join(row.second_emails),
            version=own.version if own is not None else "",
        )

    def values(self) -> KindValues:
        """Checked together; raises `Refusal` at the field."""
        second_emails = addresses_in(self, "second_emails")
        has_second = bool(second_emails or self.second_roles.data or self.second_users.data)
        minutes = self.escalate_after_minutes.data
        if has_second != (minutes is not None):
            raise Refusal(
                _("Enter both the minutes and who is told next, or neither."),
                field="escalate_after_minutes" if minutes is None else "second_roles",
            )
        return KindValues(
            is_on=bool(self.is_on.data),
            debounce_minutes=self.debounce_minutes.data,
            severity=self.severity.data or None,
            heeds_quiet=bool(self.heeds_quiet.data),
            first_roles=self.first_roles.data or [],
            first_user_ids=self._ids_of("first_users"),
            first_emails=addresses_in(self, "first_emails"),
            escalate_after_minutes=minutes,
            second_roles=self.second_roles.data or [],
            second_user_ids=self._ids_of("second_users"),
            second_emails=second_emails,
        )

    def _ids_of(self, name: str) -> list[int]:
        return sorted(self.ids[public_id] for public_id in self[name].data or [])


def addresses_in(form: PortalForm, name: str) -> list[str]:
    """One a line, or divided by comma or semicolon. Raises `Refusal` at the field."""
    typed = (form[name].data or "").replace(",", "\n").replace(";", "\n").split("\n")
    found = [checked_address(one.strip(), field=name) for one in typed if one.strip()]
    if len(found) > MOST_ADDRESSES:
        raise Refusal(_("At most %(n)s addresses.") % {"n": MOST_ADDRESSES}, field=name)
    return list(dict.fromkeys(found))


class DeviceWindowForm(CreatingForm):
    """From the page of a device. Times are the organisation's own."""

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

    def named_device(self) -> Device | None:
        return None


class WindowForm(DeviceWindowForm):
    """Of the whole organisation, or of the device that is typed."""

    device = StringField(
        _("Device"),
        [Length(max=120)],
        filters=[one_line],
        description=_("Serial number, code or name. Empty: all devices of the organisation."),
    )

    def named_device(self) -> Device | None:
        """Raises `Refusal` when none, or several, are called so."""
        return device_named(self.device.data or "")


def _in_zone(field: Field, zone: ZoneInfo) -> datetime:
    local: datetime = field.data
    if not FIRST_YEAR <= local.year <= LAST_YEAR:
        raise Refusal(
            _("Enter a year between %(first)s and %(last)s.")
            % {"first": FIRST_YEAR, "last": LAST_YEAR},
            field=field.short_name,
        )
    return local.replace(tzinfo=zone)
