"""The lists: imports, and what speaks against the lines of one."""

from __future__ import annotations

from typing import Any

from flask import url_for
from flask_babel import lazy_gettext as _
from flask_babel import ngettext

from webapp.core.listing import Choice, Column, Listing, Option
from webapp.imports.models import Import, ImportFault, ImportState
from webapp.imports.subjects import Subject, find_subject
from webapp.orgs.access import current_organisation

STATES: dict[ImportState, Any] = {
    ImportState.UPLOADED: _("Columns to choose"),
    ImportState.MAPPED: _("Being checked"),
    ImportState.CHECKED: _("Checked"),
    ImportState.COMMITTING: _("Being imported"),
    ImportState.COMMITTED: _("Imported"),
    ImportState.UNDOING: _("Being taken back"),
    ImportState.UNDONE: _("Undone"),
    ImportState.FAILED: _("Failed"),
}


def import_url(row: Import) -> str:
    return url_for("imports.one", org=current_organisation().public_id, public_id=row.public_id)


def subject_label(row: Import) -> str:
    subject = find_subject(row.subject)
    return str(subject.label) if subject else row.subject


IMPORTS = Listing(
    name="imports",
    model=Import,
    columns=[
        Column("file_name", _("File"), link=import_url),
        Column("subject", _("What"), value=subject_label),
        Column(
            "state",
            _("State"),
            value=lambda row: str(STATES[ImportState(row.state)]),
            cell="imports/cells.html#state",
            main=True,
        ),
        Column("rows", _("Lines"), "number"),
        Column("faulty", _("Faulty"), "number"),
        Column("made", _("Made"), "number"),
        Column("created_at", _("Uploaded"), "time", sort=Import.created_at, first_descending=True),
        Column("created_by", _("By")),
    ],
    default_sort="-created_at",
    total=lambda n, shown: ngettext("%(shown)s import", "%(shown)s imports", n, shown=shown),
    filters=[
        Choice(
            "state",
            _("State"),
            Import.state,
            [Option(state.value, words, state.value) for state, words in STATES.items()],
        )
    ],
    row_name=lambda row: row.file_name,
)


def faults_listing(subject: Subject) -> Listing:
    """Line, column, value, words; with a file for mending them."""
    labels = {field.name: field.label for field in subject.fields}
    named = [Column("name", labels[subject.named_by])] if subject.named_by else []
    return Listing(
        name="faults",
        model=ImportFault,
        columns=[
            Column("line", _("Line"), "number", sort=ImportFault.line),
            *named,
            Column(
                "is_warning",
                _("Verdict"),
                value=lambda row: str(_("Warning") if row.is_warning else _("Fault")),
                cell="imports/cells.html#verdict",
                main=True,
            ),
            Column(
                "field", _("Column"), value=lambda row: str(labels.get(row.field, row.field or ""))
            ),
            Column("value", _("Value"), cell="imports/cells.html#value"),
            Column("words", _("What is wrong")),
        ],
        default_sort="line",
        total=lambda n, shown: ngettext("%(shown)s remark", "%(shown)s remarks", n, shown=shown),
        filters=[
            Choice(
                "verdict",
                _("Verdict"),
                ImportFault.is_warning,
                [Option("fault", _("Fault"), False), Option("warning", _("Warning"), True)],
            ),
            Choice(
                "field",
                _("Column"),
                ImportFault.field,
                [Option(f.name, f.label, f.name) for f in subject.fields],
            ),
        ],
        row_name=lambda row: str(row.line),
    )
