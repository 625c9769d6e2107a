"""What the operator enters: texts in seven languages with their times, budgets, whom to see as."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import lazy_gettext as _
from wtforms import (
    DateTimeLocalField,
    HiddenField,
    IntegerField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.fields.core import Field
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange
from wtforms.validators import Optional as MayBeEmpty

from webapp.core.budgets import Budget
from webapp.core.errors import Refusal
from webapp.core.forms import CreatingForm, PortalForm, one_line, stripped
from webapp.core.localized import LocalizedText
from webapp.operator.models import News, Notice, NoticeState
from webapp.operator.news import NewsValues
from webapp.operator.notices import NoticeValues
from webapp.orgs.permissions import Role
from webapp.orgs.words import TRADES
from webapp.settings import LANGUAGES

FIRST_YEAR, LAST_YEAR = 2000, 2200
TIME_FORMATS = ["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S"]
NOTICE_STATES = {
    NoticeState.PLANNED: _("Planned"),
    NoticeState.OPEN: _("Open"),
    NoticeState.RESOLVED: _("Resolved"),
}


class WordedForm(CreatingForm):
    """Title and text in each language; English must be there, since all others fall back to it."""

    version = HiddenField()

    languages = LANGUAGES

    def worded(self, name: str) -> LocalizedText:
        typed = {code: self[f"{name}_{code}"].data or "" for code in LANGUAGES}
        return LocalizedText({code: words for code, words in typed.items() if words})

    def is_filled(self, code: str) -> bool:
        """Whether the language's fields stand open in the page."""
        fields = (self[f"title_{code}"], self[f"body_{code}"])
        return any(field.data or field.errors for field in fields)

    def moment(self, name: str, zone: ZoneInfo) -> datetime | None:
        return _in_zone(self[name], zone) if self[name].data else None

    def needed_moment(self, name: str, zone: ZoneInfo) -> datetime:
        return _in_zone(self[name], zone)


def _in_zone(field: Field, zone: ZoneInfo) -> datetime:
    """The operator's civil time; raises `Refusal` for years that no calendar here knows."""
    local: datetime = field.data
    if not FIRST_YEAR <= local.year <= LAST_YEAR:
        words = _("Enter a year between %(first)s and %(last)s.")
        raise Refusal(words % {"first": FIRST_YEAR, "last": LAST_YEAR}, field=field.short_name)
    return local.replace(tzinfo=zone)


def _add_languages(form: type[WordedForm]) -> type[WordedForm]:
    for code in LANGUAGES:
        needed = [DataRequired(_("Write it in English: other languages fall back to it."))]
        first: list[Any] = needed if code == "en" else [MayBeEmpty()]
        title = StringField(_("Title"), [*first, Length(max=120)], filters=[one_line])
        body = TextAreaField(_("Text"), [*first, Length(max=4000)], filters=[stripped])
        setattr(form, f"title_{code}", title)
        setattr(form, f"body_{code}", body)
    return form


_add_languages(WordedForm)


def _begins(label: object) -> DateTimeLocalField:
    return DateTimeLocalField(
        label, [InputRequired(_("Enter when it begins."))], format=TIME_FORMATS
    )


def _worded_data(row: News | Notice) -> dict[str, Any]:
    texts = {"title": row.title, "body": row.body}
    found = {
        f"{name}_{code}": text.get(code, "") for name, text in texts.items() for code in LANGUAGES
    }
    return {**found, "version": str(row.version)}


class NewsForm(WordedForm):
    trade = SelectField(_("Trade"), description=_("Who sees it: organisations with this trade."))
    from_at = _begins(_("Shown from"))
    to_at = DateTimeLocalField(_("Shown until"), [MayBeEmpty()], format=TIME_FORMATS)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.trade.choices = [("", str(_("All"))), *((t, str(label)) for t, label, _icon in TRADES)]

    @classmethod
    def of(cls, row: News, zone: ZoneInfo) -> NewsForm:
        times = {
            "from_at": row.from_at.astimezone(zone),
            "to_at": row.to_at and row.to_at.astimezone(zone),
        }
        return cls(formdata=None, data={**_worded_data(row), **times, "trade": row.trade or ""})

    def values(self, zone: ZoneInfo) -> NewsValues:
        return NewsValues(
            self.trade.data or None,
            self.worded("title"),
            self.worded("body"),
            self.needed_moment("from_at", zone),
            self.moment("to_at", zone),
        )


class NoticeForm(WordedForm):
    component = SelectField(_("Part"))
    state = SelectField(_("State"))
    begins_at = _begins(_("Begins"))
    ends_at = DateTimeLocalField(_("Ends"), [MayBeEmpty()], format=TIME_FORMATS)

    def __init__(self, *args: Any, components: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.component.choices = [("", str(_("The whole portal"))), *components]
        self.state.choices = [(state.value, str(label)) for state, label in NOTICE_STATES.items()]

    @classmethod
    def of(cls, row: Notice, zone: ZoneInfo, components: list[tuple[str, str]]) -> NoticeForm:
        times = {
            "begins_at": row.begins_at.astimezone(zone),
            "ends_at": row.ends_at and row.ends_at.astimezone(zone),
        }
        own = {"component": row.component or "", "state": row.state}
        data = {**_worded_data(row), **times, **own}
        if row.component and row.component not in dict(components):
            components = [*components, (row.component, row.component)]
        return cls(formdata=None, components=components, data=data)

    def values(self, zone: ZoneInfo) -> NoticeValues:
        return NoticeValues(
            self.component.data or None,
            self.worded("title"),
            self.worded("body"),
            NoticeState(self.state.data),
            self.needed_moment("begins_at", zone),
            self.moment("ends_at", zone),
        )


class BudgetForm(PortalForm):
    per_minute = IntegerField(
        _("Requests a minute"),
        [
            InputRequired(_("Enter a number.")),
            NumberRange(1, 1_000_000, _("Between 1 and 1,000,000.")),
        ],
        description=_("In the long run."),
    )
    burst = IntegerField(
        _("Requests at once"),
        [
            InputRequired(_("Enter a number.")),
            NumberRange(1, 1_000_000, _("Between 1 and 1,000,000.")),
        ],
    )
    version = HiddenField()

    def budget(self) -> Budget:
        return Budget(per_minute=self.per_minute.data or 1, burst=self.burst.data or 1)


class SeeingForm(PortalForm):
    role = SelectField(_("As"))
    reason = StringField(
        _("Reason"),
        [InputRequired(_("Enter a reason; the organisation can read it.")), Length(max=200)],
        filters=[one_line],
        description=_(
            "Stands in the organisation's audit log, such as “Call of Ms Rossi, labels”."
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.role.choices = [(role.value, role.label) for role in Role]
