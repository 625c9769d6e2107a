"""What an administrator enters about a webhook."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask_babel import lazy_gettext as _
from wtforms import HiddenField, SelectMultipleField, StringField
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired, Length
from wtforms.widgets import CheckboxInput, ListWidget, URLInput

from webapp.core.forms import CreatingForm, one_line, stripped
from webapp.webhooks.addresses import LONGEST_URL
from webapp.webhooks.kinds import EventKind
from webapp.webhooks.models import Webhook
from webapp.webhooks.services import WebhookFacts


class WebhookForm(CreatingForm):
    name = StringField(
        _("Name"),
        [
            DataRequired(_("Enter a name by which you will know it again.")),
            Length(max=60, message=_("At most %(max)d characters, please.")),
        ],
        filters=[one_line],
        description=_("Who receives it, such as “Ticket system”."),
    )
    url = StringField(
        _("Address"),
        [
            DataRequired(_("Enter the receiver's address.")),
            Length(max=LONGEST_URL, message=_("At most %(max)d characters, please.")),
        ],
        widget=URLInput(),
        filters=[stripped],
        description=_("Each event is sent there by HTTP POST, as JSON."),
    )
    events = SelectMultipleField(
        _("Events"),
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )
    version = HiddenField()

    def __init__(self, *args: Any, kinds: Iterable[EventKind], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.events.choices = [SelectChoice(k.value, f"{k.label} ({k.value})") for k in kinds]
        self._kinds = {kind.value: kind for kind in kinds}

    @classmethod
    def of(cls, row: Webhook, kinds: list[EventKind]) -> WebhookForm:
        return cls(
            formdata=None,
            kinds=kinds,
            name=row.name,
            url=row.url,
            events=row.events,
            version=str(row.version),
        )

    def facts(self) -> WebhookFacts:
        chosen = [self._kinds[value] for value in self.events.data or ()]
        return WebhookFacts(self.name.data, self.url.data, chosen)
