"""Which reading each of `[[[OID1]]]` to `[[[OID4]]]` stands for, as an administrator chooses it (B-7)."""

from __future__ import annotations

from flask_babel import gettext as _t
from flask_babel import lazy_gettext as _
from wtforms import Field, HiddenField, SelectField, StringField, ValidationError
from wtforms.fields import SelectChoice
from wtforms.validators import Optional as MayBeEmpty

from webapp.core.forms import PortalForm, stripped
from webapp.printers.facts import FAULT, MESSAGE_NAMES
from webapp.printers.forms import at_most
from webapp.printers.models import PanicButton
from webapp.printers.snmp.raw import BadReading, parse_oid


def _oid(_form: object, field: Field) -> None:
    """An OID as printers' manuals write it, with or without the leading dot."""
    if not field.data:
        return
    try:
        field.data = parse_oid(field.data)
    except BadReading as error:
        words = _t("This is no OID. Write it as 1.3.6.1.2.1.43.16.5.1.2.1.1.")
        raise ValidationError(words) from error


def _source_field(place: int) -> SelectField:
    """A fault message, its own place by default."""
    faults = [
        SelectChoice(f"{FAULT}{n}", _("Fault message %(number)s", number=n)) for n in range(1, 5)
    ]
    return SelectField(
        f"[[[OID{place}]]]",
        choices=faults,
        default=f"{FAULT}{place}",
    )


def _oid_field(place: int) -> StringField:
    return StringField(
        _("or another reading for OID%(number)s", number=place),
        [MayBeEmpty(), at_most(300), _oid],
        filters=[stripped],
    )


class ReadingsForm(PortalForm):
    """What `[[[OID1]]]` to `[[[OID4]]]` stand for."""

    source1, oid1 = _source_field(1), _oid_field(1)
    source2, oid2 = _source_field(2), _oid_field(2)
    source3, oid3 = _source_field(3), _oid_field(3)
    source4, oid4 = _source_field(4), _oid_field(4)
    version = HiddenField()

    @classmethod
    def of(cls, button: PanicButton) -> ReadingsForm:
        values: dict[str, str] = {}
        for place, name in enumerate(MESSAGE_NAMES, 1):
            source = button.fault_sources.get(name, f"{FAULT}{place}")
            is_oid = not source.startswith(FAULT)
            values[f"source{place}"] = f"{FAULT}{place}" if is_oid else source
            values[f"oid{place}"] = source if is_oid else ""
        filled: ReadingsForm = cls(formdata=None, version=str(button.version), **values)
        return filled

    @property
    def pairs(self) -> list[tuple[Field, Field]]:
        return [(self[f"source{n}"], self[f"oid{n}"]) for n in range(1, 5)]

    def sources(self) -> dict[str, str]:
        """Only what differs from the order shown. An OID comes first; one that is none is passed over."""
        found = {}
        for place, (source, oid) in enumerate(self.pairs, 1):
            chosen = oid.data if oid.data and not oid.errors else source.data
            if chosen and not source.errors and chosen != f"{FAULT}{place}":
                found[f"OID{place}"] = chosen
        return found
