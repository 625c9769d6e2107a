"""Labels to print and stick on printers."""

from __future__ import annotations

from flask import request
from flask.typing import ResponseReturnValue

from webapp.core.access import allow, reveals
from webapp.core.web import render
from webapp.orgs.permissions import Permission
from webapp.printers import queries
from webapp.printers.labels import label_of
from webapp.printers.routes.blueprint import bp
from webapp.printers.routes.printers import MOST_LABELS


@bp.get("/labels")
@allow(Permission.PRINTERS_EDIT)
@reveals
def printer_labels(org: str) -> ResponseReturnValue:
    """A print sheet of the printers that the address names."""
    printers = queries.printers_named(request.args.getlist("printer")[:MOST_LABELS])
    return render("printers/labels.html", labels=[label_of(printer) for printer in printers])
