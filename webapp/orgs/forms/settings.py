"""An organisation's settings: look, trades, logo, information document."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _
from flask_wtf.file import FileField, FileRequired
from wtforms import HiddenField, SelectField
from wtforms.validators import DataRequired

from webapp.core.forms import PortalForm
from webapp.orgs.forms.choices import LANGUAGE_CHOICES, Choices, selectable
from webapp.orgs.forms.people import TickListField

COLOURS = (
    _("Red"),
    _("Orange"),
    _("Amber"),
    _("Olive"),
    _("Lime"),
    _("Green"),
    _("Teal"),
    _("Cyan"),
    _("Blue"),
    _("Indigo"),
    _("Violet"),
    _("Pink"),
)
"""The twelve of the palette: each readable in light and in dark."""


class SettingsForm(PortalForm):
    colour = SelectField(_("Colour"), description=_("Marks the organisation in the menu."))
    trades = TickListField(
        _("Trades"),
        [DataRequired(_("Tick at least one trade."))],
        description=_(
            "Pages of the others say that they are switched off, and menu and search leave them out. Their data "
            "are kept, and devices are still answered."
        ),
    )
    version = HiddenField()

    def __init__(self, *args: Any, trades: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        numbered = [(str(i), name) for i, name in enumerate(COLOURS, 1)]
        self.colour.choices = selectable([("", _("The portal's")), *numbered])
        self.trades.choices = selectable(trades)

    @property
    def chosen_colour(self) -> int | None:
        return int(self.colour.data) if self.colour.data else None


class LogoForm(PortalForm):
    logo = FileField(
        _("Logo"),
        [FileRequired(_("Choose a picture."))],
        description=_("PNG, JPEG or WebP, at most 2 MB. It is made smaller if need be."),
    )


class DocumentForm(PortalForm):
    language = SelectField(_("Language"), choices=LANGUAGE_CHOICES)
    file = FileField(
        _("PDF file"),
        [FileRequired(_("Choose a PDF file."))],
        description=_("At most 5 MB. It takes the place of the one in the same language."),
    )
