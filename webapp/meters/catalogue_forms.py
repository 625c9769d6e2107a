"""What is entered about labels, keys, product types and makers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask_babel import lazy_gettext as _
from wtforms import (
    BooleanField,
    Field,
    FileField,
    HiddenField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
)
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired, Length
from wtforms.widgets import CheckboxInput, ListWidget, TextInput

from webapp.accounts.proofs import AsksProof
from webapp.core.forms import CreatingForm, PortalForm, one_line, stripped
from webapp.devices.labels import COLOURS, LONGEST_NAME, Label
from webapp.meters.kinds import LABELS, KeyKind
from webapp.meters.models import Maker, ProductType
from webapp.meters.types import MODES, TypeFacts
from webapp.meters.words import MEDIA, RADIOS

AUTOMATIC = "0"


class TickListField(SelectMultipleField):  # type: ignore[misc]
    """Several of several, as tick boxes."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class NeverShown(TextInput):  # type: ignore[misc]
    """What was typed is not sent back into the page."""

    def __call__(self, field: Field, **kwargs: Any) -> Any:
        return super().__call__(field, **{**kwargs, "value": "", "autocomplete": "off"})


def _name(words: object, most: int) -> list[Any]:
    return [
        DataRequired(words),
        Length(max=most, message=_("At most %(max)d characters, please.")),
    ]


class LabelForm(CreatingForm):
    name = StringField(
        _("Name"), _name(_("Enter a name for the label."), LONGEST_NAME), filters=[one_line]
    )
    colour = SelectField(_("Colour"), coerce=int)
    version = HiddenField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self["colour"].choices = [
            SelectChoice(n, str(_("Colour %(number)s", number=n))) for n in range(1, COLOURS + 1)
        ]


class SetLabelsForm(PortalForm):
    """Which labels to put on some meters, and which to take off."""

    add = TickListField(_("Put on"), coerce=int)
    remove = TickListField(_("Take off"), coerce=int)
    new = StringField(
        _("A new label"),
        [Length(max=LONGEST_NAME, message=_("At most %(max)d characters, please."))],
        filters=[one_line],
        description=_("It is made and put on."),
    )

    def __init__(self, *args: Any, labels: Iterable[Label], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [SelectChoice(label.number, label.name) for label in labels]
        self["add"].choices = choices
        self["remove"].choices = list(choices)


class ExchangeForm(AsksProof, PortalForm):
    """The key's value goes in and never comes back, not even when it is refused."""

    kind = SelectField(_("Key"))
    value = StringField(
        _("New value"),
        widget=NeverShown(),
        description=_("Hexadecimal digits, with or without dashes and spaces."),
    )
    file = FileField(
        _("Or a file with the value"), description=_("A text file with the digits alone.")
    )

    def __init__(self, *args: Any, kinds: Iterable[KeyKind], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self["kind"].choices = [SelectChoice(k.value, str(LABELS[k])) for k in kinds]


class MakerForm(CreatingForm):
    code = StringField(
        _("Code"),
        _name(_("Enter the maker's code."), 12),
        filters=[stripped],
        description=_("The three letters of the M-Bus register, or a code of your own."),
    )
    name = StringField(_("Name"), _name(_("Enter the maker's name."), 80), filters=[one_line])
    version = HiddenField()


class TypeForm(CreatingForm):
    maker_id = SelectField(_("Maker"), coerce=int)
    name = StringField(_("Name"), _name(_("Enter the product's name."), 80), filters=[one_line])
    medium = SelectField(_("Medium"))
    radio = RadioField(_("Radio"))
    key_kinds = TickListField(_("Keys that every device has"))
    lorawan_version = StringField(
        _("LoRaWAN version"),
        [Length(max=20, message=_("At most %(max)d characters, please."))],
        filters=[stripped],
        description=_("Such as 1.0.3 or 1.1.0."),
    )
    lorawan_phy_version = StringField(
        _("Regional parameters"),
        [Length(max=40, message=_("At most %(max)d characters, please."))],
        filters=[stripped],
        description=_("As The Things Stack names them, such as PHY_V1_0_3_REV_A."),
    )
    frequency_plan_id = StringField(
        _("Frequency plan"),
        [Length(max=40, message=_("At most %(max)d characters, please."))],
        filters=[stripped],
        description=_("As The Things Stack names them, such as EU_863_870_TTN."),
    )
    mode = SelectField(_("Security mode (OMS)"))
    active = BooleanField(
        _("In use"), default=True, description=_("Others are not offered for new deliveries.")
    )
    version = HiddenField()

    def __init__(self, *args: Any, makers: Iterable[Maker], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self["maker_id"].choices = [SelectChoice(m.id, f"{m.name} ({m.code})") for m in makers]
        self["medium"].choices = [SelectChoice(v.value, str(w)) for v, w in MEDIA.items()]
        self["radio"].choices = [SelectChoice(v.value, str(w)) for v, w in RADIOS.items()]
        self["key_kinds"].choices = [SelectChoice(k.value, str(w)) for k, w in LABELS.items()]
        self["mode"].choices = [
            SelectChoice("", str(_("None"))),
            *(SelectChoice(str(mode), str(mode)) for mode in MODES),
        ]

    @classmethod
    def of(cls, row: ProductType, makers: Iterable[Maker]) -> TypeForm:
        form = cls(formdata=None, obj=row, makers=makers)
        form["mode"].data = str(row.mode or "")
        form["version"].data = str(row.version)
        return form

    def facts(self) -> TypeFacts:
        mode = self["mode"].data
        return TypeFacts(
            maker_id=self["maker_id"].data,
            name=self["name"].data,
            medium=self["medium"].data,
            radio=self["radio"].data,
            key_kinds=self["key_kinds"].data or [],
            lorawan_version=self["lorawan_version"].data or None,
            lorawan_phy_version=self["lorawan_phy_version"].data or None,
            frequency_plan_id=self["frequency_plan_id"].data or None,
            mode=int(mode) if mode else None,
            active=self["active"].data,
        )
