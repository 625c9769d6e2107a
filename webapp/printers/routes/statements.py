"""Month statements: list, file, and the sheet of one customer's month (B-13)."""

from __future__ import annotations

from datetime import date, datetime

from flask import abort, request
from flask.typing import ResponseReturnValue

from webapp.core.access import allow
from webapp.core.web import render
from webapp.orgs.permissions import Permission
from webapp.printers.lists.statements import (
    STATEMENTS,
    customer_month,
    latest_by_customer,
    month_name,
    sheet_url,
)
from webapp.printers.lists.statements import statements as all_statements
from webapp.printers.routes.blueprint import bp


@bp.get("/statements", endpoint="statements")
@allow(Permission.PRINTERS_READ)
def statements(org: str) -> ResponseReturnValue:
    page = STATEMENTS.page(all_statements())
    return page.respond(
        "printers/statements.html",
        customers=latest_by_customer(),
        month_name=month_name,
        sheet_url=sheet_url,
    )


@bp.get("/statements/<month>", endpoint="statement")
@allow(Permission.PRINTERS_READ)
def statement(org: str, month: str) -> ResponseReturnValue:
    """One customer's sheet (`customer`; empty: printers without), for the screen and for paper."""
    customer = request.args.get("customer", "")
    sheet = customer_month(_month(month), customer) or abort(404)
    return render("printers/statement.html", sheet=sheet, month_name=month_name)


def _month(text: str) -> date:
    try:
        return datetime.strptime(text, "%Y-%m").date()  # noqa: DTZ007 - a month has no zone
    except ValueError:
        abort(404)
