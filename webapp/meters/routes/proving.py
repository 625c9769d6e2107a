"""Prove a key (K-25)."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from babel.numbers import format_decimal
from flask.typing import ResponseReturnValue
from flask_babel import format_date, format_datetime, get_locale
from werkzeug.datastructures import FileStorage

from webapp.core.access import allow
from webapp.core.errors import Refusal
from webapp.core.web import render
from webapp.meters import proving
from webapp.meters.downloads.forms import ProofForm
from webapp.meters.kinds import LABELS
from webapp.meters.routes.blueprint import bp
from webapp.meters.telegrams.records import Record, Value
from webapp.orgs.access import current_organisation
from webapp.orgs.permissions import Permission

TEMPLATE = "meters/proof.html"


@bp.get("/proof")
@allow(Permission.KEYS_DOWNLOAD)
def proof(org: str) -> ResponseReturnValue:
    return _page(ProofForm(formdata=None), [])


@bp.post("/proof")
@allow(Permission.KEYS_DOWNLOAD)
def proving_keys(org: str) -> ResponseReturnValue:
    """The answer stands on the page alone: nothing of it is kept but that it was asked."""
    form = ProofForm()
    if not form.validate():
        return _page(form, [], status=422)
    try:
        found = proving.telegrams_in(form.telegrams.data or "", _content(form.file.data))
        return _page(form, proving.try_all(found, organisation_id=current_organisation().id))
    except Refusal as refusal:
        form.refuse(refusal)
        return _page(form, [], status=refusal.status)


def _content(upload: FileStorage | None) -> bytes:
    if not upload or not upload.filename:
        return b""
    return bytes(upload.read(proving.LARGEST_FILE + 1))


def _page(form: ProofForm, tried: list[proving.Tried], *, status: int = 200) -> ResponseReturnValue:
    return render(
        TEMPLATE, status=status, form=form, tried=tried, kinds=LABELS, shown_value=shown_value
    )


def shown_value(record: Record) -> str:
    """As the reader writes numbers and times."""
    shown = _value(record.value)
    return f"{shown} {record.unit}".strip()


def _value(value: Value) -> str:
    match value:
        case None:
            return "—"
        case datetime():
            return str(format_datetime(value, "medium", rebase=False))
        case date():
            return str(format_date(value))
        case Decimal() | int():
            return str(
                format_decimal(value, locale=get_locale() or "en", decimal_quantization=False)
            )
    return value
