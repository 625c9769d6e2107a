"""What administrators enter about panic buttons, reasons, printers and requests."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from flask_babel import gettext as _t
from flask_babel import lazy_gettext as _
from wtforms import (
    BooleanField,
    Field,
    HiddenField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
    ValidationError,
)
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired, Length
from wtforms.validators import Optional as MayBeEmpty
from wtforms.widgets import CheckboxInput, ListWidget

from webapp.core.forms import CreatingForm, PortalForm, one_line, stripped
from webapp.core.preferences import LANGUAGE_NAMES
from webapp.printers.addresses import is_address
from webapp.printers.facts import MESSAGE_NAMES, usable_serial
from webapp.printers.models import PanicButton, PanicReason, Printer
from webapp.printers.services import ButtonFacts, PrinterFacts
from webapp.printers.snmp.raw import BadReading, parse_oid

MOST_EMAILS = 20
LANGUAGES = [SelectChoice(code, name) for code, name in LANGUAGE_NAMES.items()]
NO_BUTTON = ""


def at_most(characters: int) -> Length:
    return Length(max=characters, message=_("At most %(max)d characters, please."))


class TickListField(SelectMultipleField):  # type: ignore[misc]
    """Several of several, as tick boxes."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


def _oid(_form: object, field: Field) -> None:
    """An OID as printers' manuals write it, with or without the leading dot."""
    if not field.data:
        return
    try:
        field.data = parse_oid(field.data)
    except BadReading as error:
        words = _t("This is no OID. Write it as 1.3.6.1.2.1.43.16.5.1.2.1.1.")
        raise ValidationError(words) from error


def _reading_field(name: str) -> StringField:
    """The reading that `[[[OID1]]]` and so on stand for instead of a fault message."""
    return StringField(f"[[[{name}]]]", [MayBeEmpty(), at_most(300), _oid], filters=[stripped])


class ButtonForm(CreatingForm):
    """A panic button, new or changed; `version` is that of the row it was filled from."""

    name = StringField(
        _("Name"),
        [DataRequired(_("Enter a name, such as the building's.")), at_most(60)],
        filters=[one_line],
        description=_("For you and as the sender of its mails, such as the building or customer."),
    )
    language = SelectField(
        _("Technicians' language"),
        choices=LANGUAGES,
        description=_("In it the technicians' mail is written; the pages fall back to it."),
    )
    languages = TickListField(
        _("Languages offered on page 1"),
        choices=LANGUAGES,
        description=_("The technicians' language is always offered."),
    )
    emails = TextAreaField(
        _("Technicians' e-mail addresses"),
        [DataRequired(_("Enter at least one address: somebody must get the requests."))],
        filters=[stripped],
        description=_("One a line. Each gets every request."),
    )
    phone = StringField(
        _("Technicians' phone"),
        [MayBeEmpty(), at_most(40)],
        filters=[one_line],
        description=_("Shown on the panel when the portal can't be reached."),
    )
    ask_phone = BooleanField(_("Ask for the person's phone on page 1"))
    message_required = BooleanField(_("A message is required on page 3"))
    oid1 = _reading_field("OID1")
    oid2 = _reading_field("OID2")
    oid3 = _reading_field("OID3")
    oid4 = _reading_field("OID4")
    version = HiddenField()

    @classmethod
    def of(cls, button: PanicButton) -> ButtonForm:
        """Filled with what stands in the row."""
        filled: ButtonForm = cls(
            name=button.name,
            language=button.language,
            languages=button.languages,
            emails="\n".join(button.technician_emails),
            phone=button.phone or "",
            ask_phone=button.ask_phone,
            message_required=button.message_required,
            **{name.lower(): oid for name, oid in button.fault_sources.items()},
            version=str(button.version),
        )
        return filled

    def validate_emails(self, field: Field) -> None:
        found = addresses_in(field.data)
        wrong = [address for address in found if not is_address(address)]
        if wrong:
            words = _t("This is no e-mail address: %(text)s", text=wrong[0][:80])
            raise ValidationError(words)
        if len(found) > MOST_EMAILS:
            raise ValidationError(_t("At most %(most)s addresses, please.", most=MOST_EMAILS))

    def validate_phone(self, field: Field) -> None:
        if field.data and not any(c.isdigit() for c in field.data):
            raise ValidationError(_t("A phone number has digits."))

    def facts(self) -> ButtonFacts:
        return ButtonFacts(
            name=self.name.data,
            language=self.language.data,
            languages=self.languages.data or [],
            technician_emails=addresses_in(self.emails.data),
            phone=self.phone.data or "",
            ask_phone=self.ask_phone.data,
            message_required=self.message_required.data,
            fault_sources={
                name: field.data for name in MESSAGE_NAMES if (field := self[name.lower()]).data
            },
        )


class PrinterForm(CreatingForm):
    """A printer, new or changed."""

    name = StringField(
        _("Name"),
        [DataRequired(_("Enter a name that people know it by.")), at_most(120)],
        filters=[one_line],
    )
    button = SelectField(
        _("Panic button"),
        description=_("Which form opens at this printer. Without one, nobody can call from it."),
    )
    location = StringField(_("Location"), [MayBeEmpty(), at_most(200)], filters=[one_line])
    serial = StringField(
        _("Serial number"),
        [MayBeEmpty(), at_most(64)],
        filters=[one_line],
        description=_("May be left empty: the printer code binds it at the first press."),
    )
    maker = StringField(_("Maker"), [MayBeEmpty(), at_most(60)], filters=[one_line])
    model = StringField(_("Model"), [MayBeEmpty(), at_most(120)], filters=[one_line])
    version = HiddenField()

    def __init__(self, *args: Any, buttons: Iterable[PanicButton], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._buttons = {button.public_id: button for button in buttons}
        self.button.choices = [SelectChoice(NO_BUTTON, _t("None")), *_choices(self._buttons)]

    @classmethod
    def of(cls, printer: Printer, buttons: Iterable[PanicButton]) -> PrinterForm:
        """Filled with what stands in the row."""
        filled: PrinterForm = cls(
            buttons=buttons,
            name=printer.name,
            button=printer.button.public_id if printer.button is not None else NO_BUTTON,
            location=printer.location,
            serial=printer.serial or "",
            maker=printer.maker,
            model=printer.model,
            version=str(printer.version),
        )
        return filled

    def validate_serial(self, field: Field) -> None:
        if field.data and not usable_serial(field.data):
            words = _t("This is no serial number. Leave it empty; the printer code binds it later.")
            raise ValidationError(words)

    def facts(self) -> PrinterFacts:
        return PrinterFacts(
            name=self.name.data,
            serial=self.serial.data or "",
            maker=self.maker.data or "",
            model=self.model.data or "",
            location=self.location.data or "",
            button=self._buttons.get(self.button.data),
        )


class ReasonForm(CreatingForm):
    """A reason in every language that the button offers."""

    version = HiddenField()
    languages: tuple[str, ...] = ()

    @classmethod
    def blank(cls, button: PanicButton) -> ReasonForm:
        return _reason_form(button)(formdata=None)

    @classmethod
    def sent(cls, button: PanicButton) -> ReasonForm:
        return _reason_form(button)()

    @classmethod
    def of(cls, button: PanicButton, reason: PanicReason) -> ReasonForm:
        """Filled with the present words."""
        words = {f"text_{code}": reason.texts.get(code, "") for code in LANGUAGE_NAMES}
        return _reason_form(button)(formdata=None, version=str(reason.version), **words)

    def texts(self) -> dict[str, str]:
        return {code: self[f"text_{code}"].data or "" for code in self.languages}


def _reason_form(button: PanicButton) -> type[ReasonForm]:
    """The technicians' language first, which is the fallback and must not be empty."""
    codes = tuple(dict.fromkeys([button.language, *button.languages]))
    fields: dict[str, Any] = {"languages": codes}
    for code in codes:
        required = DataRequired(_("Say it in the technicians' language; it is the fallback."))
        first = required if code == button.language else MayBeEmpty()
        fields[f"text_{code}"] = StringField(
            LANGUAGE_NAMES[code], [first, at_most(80)], filters=[one_line]
        )
    return type("ReasonFormOfButton", (ReasonForm,), fields)


class PutOnButtonForm(PortalForm):
    """Several printers on one button."""

    button = SelectField(_("Panic button"))

    def __init__(self, *args: Any, buttons: Iterable[PanicButton], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._buttons = {button.public_id: button for button in buttons}
        self.button.choices = [*_choices(self._buttons), SelectChoice(NO_BUTTON, _t("None"))]

    def chosen(self) -> PanicButton | None:
        return self._buttons.get(self.button.data)


class NoteForm(CreatingForm):
    text = TextAreaField(
        _("Note"), [DataRequired(_("Write something first.")), at_most(5000)], filters=[stripped]
    )


class AnswerForm(CreatingForm):
    text = TextAreaField(
        _("Your answer"),
        [DataRequired(_("Write something first.")), at_most(5000)],
        filters=[stripped],
    )


def _choices(buttons: dict[str, PanicButton]) -> list[SelectChoice]:
    return [SelectChoice(public_id, button.name) for public_id, button in buttons.items()]


def addresses_in(text: str | None) -> list[str]:
    """One a line; commas and semicolons part them too."""
    return list(dict.fromkeys(part for part in re.split(r"[\s,;]+", text or "") if part))
