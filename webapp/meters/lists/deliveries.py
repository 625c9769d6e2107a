"""The operator's list of factory deliveries, on their way and there (K-4)."""

from __future__ import annotations

from typing import Any

from flask import url_for
from flask_babel import lazy_gettext as _
from flask_babel import ngettext
from sqlalchemy import BigInteger, select
from sqlalchemy.orm import aliased

from webapp.core.listing import Choice, Column, Listing, Option
from webapp.imports.lists import STATES
from webapp.imports.models import Import, ImportState
from webapp.meters.imports.subjects import Deliveries
from webapp.meters.reading.deliveries import LABELS, DeliveryFormat
from webapp.orgs.models import Organisation

_format = Import.parameters["format"].astext
_receiver = aliased(Organisation)


def deliveries_here() -> Any:
    """With the receivers' names. Only in the operator's scope."""
    whose = Import.parameters["receiver"].astext.cast(BigInteger)
    return (
        select(Import, _receiver.name.label("receiver"))
        .join(_receiver, _receiver.id == whose)
        .where(Import.subject == Deliveries.name)
    )


def _url(row: Any) -> str:
    return url_for("deliveries.delivery", public_id=row.Import.public_id)


def format_words(row: Import) -> str:
    return str(LABELS[DeliveryFormat(row.parameters["format"])])


DELIVERIES = Listing(
    name="deliveries",
    model=Import,
    columns=[
        Column("file_name", _("File"), value=lambda row: row.Import.file_name, link=_url),
        Column("receiver", _("Receiver"), value=lambda row: row.receiver),
        Column(
            "state",
            _("State"),
            value=lambda row: str(STATES[ImportState(row.Import.state)]),
            cell="meters/deliveries/cells.html#state",
            main=True,
        ),
        Column("format", _("Format"), value=lambda row: format_words(row.Import)),
        Column("rows", _("Devices"), "number", value=lambda row: row.Import.rows),
        Column("faulty", _("Faulty"), "number", value=lambda row: row.Import.faulty),
        Column(
            "created_at",
            _("Uploaded"),
            "time",
            value=lambda row: row.Import.created_at,
            sort=Import.created_at,
            first_descending=True,
        ),
        Column("created_by", _("By"), value=lambda row: row.Import.created_by),
    ],
    default_sort="-created_at",
    total=lambda n, shown: ngettext("%(shown)s delivery", "%(shown)s deliveries", n, shown=shown),
    filters=[
        Choice(
            "state",
            _("State"),
            Import.state,
            [Option(state.value, words, state.value) for state, words in STATES.items()],
        ),
        Choice(
            "form",
            _("Format"),
            _format,
            [Option(form.value, words, form.value) for form, words in LABELS.items()],
        ),
    ],
    row_name=lambda row: row.Import.file_name,
)
