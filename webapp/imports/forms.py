"""Forms: the file, and which column is what."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_babel import lazy_gettext as _
from flask_wtf.file import FileField, FileRequired
from wtforms import HiddenField, SelectField, StringField
from wtforms.fields import SelectChoice
from wtforms.validators import Length

from webapp.core.forms import CreatingForm, PortalForm, stripped
from webapp.imports.models import Import
from webapp.imports.subjects import Field, Subject

_ENCODINGS = [
    ("", _("Recognise it")),
    ("utf-8", "UTF-8"),
    ("cp1252", _("Windows, Western Europe (1252)")),
    ("cp1250", _("Windows, Central Europe (1250)")),
    ("iso8859-2", "ISO 8859-2"),
    ("iso8859-15", "ISO 8859-15"),
    ("mac-roman", "Mac Roman"),
    ("utf-16", "UTF-16"),
]


ENCODINGS = [SelectChoice(value, label) for value, label in _ENCODINGS]


class UploadForm(CreatingForm):
    file = FileField(
        _("CSV file"),
        [FileRequired(_("Choose a file."))],
        description=_("At most 64 MB and 1,000,000 lines; the first line names the columns."),
    )
    encoding = SelectField(_("Encoding"), choices=ENCODINGS, default="")


class MappingForm(PortalForm):
    """Base of the forms that `mapping_form` makes: two fields for each field of the subject."""

    version = HiddenField()


def mapping_form(row: Import, subject: Subject, *, filled: bool) -> MappingForm:
    """For each field where its values stand, and what stands for all lines without one."""
    members: dict[str, Any] = {}
    for field in subject.fields:
        members[f"column_{field.name}"] = _column(field, row.header)
        if field.may_default and not field.secret:
            members[f"default_{field.name}"] = StringField(
                field.label, [Length(max=field.longest)], filters=[stripped]
            )
    made = type("SubjectMappingForm", (MappingForm,), members)
    form: MappingForm = made(formdata=None, data=_data(row)) if filled else made()
    return form


def _column(field: Field, header: Sequence[str]) -> SelectField:
    choices = [SelectChoice("", _("— not in the file —"))]
    choices += [
        SelectChoice(str(place), heading or f"#{place + 1}") for place, heading in enumerate(header)
    ]
    return SelectField(field.label, choices=choices, default="")


def _data(row: Import) -> dict[str, str]:
    data = {"version": str(row.version)}
    for name, source in row.mapping.items():
        if "column" in source:
            data[f"column_{name}"] = str(source["column"])
        data[f"default_{name}"] = source.get("default", "")
    return data


def mapping_of(form: MappingForm, subject: Subject) -> dict[str, dict[str, Any]]:
    mapping: dict[str, dict[str, Any]] = {}
    for field in subject.fields:
        source: dict[str, Any] = {}
        column, default = _of(form, f"column_{field.name}"), _of(form, f"default_{field.name}")
        if column:
            source["column"] = int(column)
        if default:
            source["default"] = default
        if source:
            mapping[field.name] = source
    return mapping


def _of(form: MappingForm, name: str) -> str:
    field = form._fields.get(name)
    return str(field.data or "") if field is not None else ""
