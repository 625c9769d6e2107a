"""What administrators enter about site agents."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask_babel import lazy_gettext as _
from wtforms import HiddenField, IntegerField, SelectField, StringField
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired, NumberRange

from webapp.core.forms import CreatingForm, PortalForm, one_line
from webapp.printers.agents.models import PrinterAgent
from webapp.printers.agents.services import AgentFacts
from webapp.printers.forms import NO_BUTTON, at_most
from webapp.printers.models import PanicButton


def between(low: int, high: int) -> list[Any]:
    words = _("A whole number from %(min)d to %(max)d, please.")
    return [DataRequired(words % {"min": low, "max": high}), NumberRange(low, high, words)]


class AgentForm(CreatingForm):
    """A site agent, new or changed."""

    name = StringField(
        _("Name"),
        [DataRequired(_("Enter a name, such as the customer's and the building's.")), at_most(60)],
        filters=[one_line],
    )
    quick_minutes = IntegerField(
        _("Look every … minutes"),
        between(1, 1440),
        default=5,
        description=_("One small question to each printer: is it as it was?"),
    )
    full_hours = IntegerField(
        _("Read everything every … hours"),
        between(1, 168),
        default=6,
        description=_("Also at once, when a look finds something changed."),
    )
    search_hours = IntegerField(
        _("Search its networks every … hours"),
        between(1, 720),
        default=24,
        description=_("Which networks stands in the agent's own configuration."),
    )
    version = HiddenField()

    @classmethod
    def of(cls, agent: PrinterAgent) -> AgentForm:
        filled: AgentForm = cls(
            name=agent.name,
            quick_minutes=agent.quick_minutes,
            full_hours=agent.full_hours,
            search_hours=agent.search_hours,
            version=str(agent.version),
        )
        return filled

    def facts(self) -> AgentFacts:
        return AgentFacts(
            name=self.name.data,
            quick_minutes=self.quick_minutes.data,
            full_hours=self.full_hours.data,
            search_hours=self.search_hours.data,
        )


class AdoptForm(PortalForm):
    """Printers that an agent sees, ticked to be added."""

    button = SelectField(_("Panic button"))

    def __init__(self, *args: Any, buttons: Iterable[PanicButton], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._buttons = {button.public_id: button for button in buttons}
        named = [SelectChoice(b.public_id, b.name) for b in self._buttons.values()]
        self.button.choices = [*named, SelectChoice(NO_BUTTON, _("None"))]

    def chosen(self) -> PanicButton | None:
        return self._buttons.get(self.button.data)
