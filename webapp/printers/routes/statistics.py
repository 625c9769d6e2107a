"""Counts by reason and by printer over the last weeks, as a page and as a file."""

from __future__ import annotations

import csv
import io

from flask import Response, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user

from webapp.core.access import allow
from webapp.core.clock import utcnow
from webapp.core.listing.csv_export import BOM, Style
from webapp.core.web import render
from webapp.orgs.access import current_organisation
from webapp.orgs.permissions import Permission
from webapp.printers.routes.blueprint import bp
from webapp.printers.statistics import Statistics, statistics


@bp.get("/requests/statistics")
@allow(Permission.PRINTER_REQUESTS_READ)
def request_statistics(org: str) -> ResponseReturnValue:
    found = statistics(current_organisation().time_zone, now=utcnow())
    if request.args.get("format") == "csv":
        return _as_csv(found)
    return render("printers/statistics.html", found=found)


def _as_csv(found: Statistics) -> Response:
    """One line a reason or printer, one column a week."""
    style = Style.of(current_user)
    out = io.StringIO()
    writer = csv.writer(out, delimiter=style.delimiter, lineterminator="\r\n")
    weeks = [week.isoformat() for week in found.weeks]
    writer.writerow([_("Counted by"), _("Name"), _("Button or location"), *weeks, _("Together")])
    for kind, lines in ((_("Reason"), found.reasons), (_("Printer"), found.printers)):
        for line in lines:
            texts = [style.text(text) for text in (kind, line.name, line.detail)]
            numbers = [style.text(number) for number in (*line.weeks, line.total)]
            writer.writerow([*texts, *numbers])
    response = Response(BOM + out.getvalue(), mimetype="text/csv")
    response.headers.set("Content-Disposition", "attachment", filename="request-statistics.csv")
    response.headers["Cache-Control"] = "no-store"
    return response
