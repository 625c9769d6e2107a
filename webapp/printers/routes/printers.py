"""Printers: list, page, add, change, code, unbind, remove (B-8)."""

from __future__ import annotations

from typing import Any

from flask import flash, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from webapp.core.access import allow
from webapp.core.clock import utcnow
from webapp.core.db import db
from webapp.core.errors import Refusal
from webapp.core.web import render, see_other
from webapp.orgs.access import current_organisation, may
from webapp.orgs.permissions import Permission
from webapp.printers import codes, queries, services
from webapp.printers.forms import PrinterForm, PutOnButtonForm
from webapp.printers.history.curves import PERIODS, USUAL, Period, curves_of
from webapp.printers.lists.printers import last_seen, listing_for
from webapp.printers.lists.printers import printers as all_printers
from webapp.printers.models import Printer
from webapp.printers.polling.services import poll_of
from webapp.printers.removing import remove_printer
from webapp.printers.routes.blueprint import answer_form, bp, url_for

MOST_LABELS = 200


@bp.get("", endpoint="printers")
@allow(Permission.PRINTERS_READ)
def printers(org: str) -> ResponseReturnValue:
    edits = may(Permission.PRINTERS_EDIT)
    listing = listing_for(may_edit=edits, as_file=request.args.get("format") == "csv")
    bulk_url = url_for("printers_bulk") if edits else None
    return listing.page(all_printers(), bulk_url=bulk_url).respond("printers/printers.html")


@bp.post("/bulk")
@allow(Permission.PRINTERS_EDIT)
def printers_bulk(org: str) -> ResponseReturnValue:
    """Both actions have a page of their own; the ticked printers stand in its address."""
    selection = listing_for(may_edit=True).selection().check()
    chosen = db.session.scalars(
        selection.of(all_printers()).with_only_columns(Printer.public_id).limit(MOST_LABELS + 1)
    ).all()
    if len(chosen) > MOST_LABELS:
        words = _("At most %(most)s printers at once. Narrow the list first.", most=MOST_LABELS)
        raise Refusal(words)
    page = "printer_labels" if selection.action == "labels" else "put_on_button"
    return see_other(url_for(page, printer=list(chosen)))


@bp.get("/new")
@allow(Permission.PRINTERS_EDIT)
def printer_new(org: str) -> ResponseReturnValue:
    form = PrinterForm(formdata=None, buttons=queries.all_buttons(), **_only_button())
    return render("printers/printer_form.html", form=form, printer=None)


@bp.post("")
@allow(Permission.PRINTERS_EDIT)
def printer_add(org: str) -> ResponseReturnValue:
    form = PrinterForm(buttons=queries.all_buttons())
    return answer_form(form, "printers/printer_form.html", lambda: _add(form), printer=None)


@bp.get("/<public_id>", endpoint="printer")
@allow(Permission.PRINTERS_READ)
def printer_page(org: str, public_id: str) -> ResponseReturnValue:
    printer = queries.get_printer(public_id)
    readings = queries.readings_of(printer)
    return render(
        "printers/printer.html",
        printer=printer,
        code=codes.code_of(printer) if may(Permission.PRINTERS_EDIT) else None,
        seen_at=last_seen(printer),
        readings=readings,
        latest=readings[0] if readings else None,
        launches=queries.launches_of(printer),
        requests=queries.requests_of(printer) if may(Permission.PRINTER_REQUESTS_READ) else [],
        has_requests=queries.has_requests(printer),
        poll=poll_of(printer),
        curves=curves_of(printer, _period(), now=utcnow()),
        periods=PERIODS,
    )


@bp.get("/<public_id>/edit")
@allow(Permission.PRINTERS_EDIT)
def printer_edit(org: str, public_id: str) -> ResponseReturnValue:
    printer = queries.get_printer(public_id)
    form = PrinterForm.of(printer, queries.all_buttons())
    return render("printers/printer_form.html", form=form, printer=printer)


@bp.post("/<public_id>/edit")
@allow(Permission.PRINTERS_EDIT)
def printer_change(org: str, public_id: str) -> ResponseReturnValue:
    printer = queries.get_printer(public_id)
    form = PrinterForm(buttons=queries.all_buttons())
    template = "printers/printer_form.html"
    return answer_form(form, template, lambda: _change(printer, form), printer=printer)


@bp.get("/<public_id>/confirm/<any(codes, unbindings, removals):act>")
@allow(Permission.PRINTERS_EDIT)
def printer_confirm(org: str, public_id: str, act: str) -> ResponseReturnValue:
    """The dialog's words as a page, for browsers without script."""
    return render("printers/confirm.html", printer=queries.get_printer(public_id), act=act)


@bp.post("/<public_id>/codes")
@allow(Permission.PRINTERS_EDIT)
def printer_renew_code(org: str, public_id: str) -> ResponseReturnValue:
    printer = queries.get_printer(public_id)
    services.renew_code(printer)
    flash(_("%(name)s has a new code. Print its label anew.", name=printer.name), "ok")
    return see_other(url_for("printer", public_id=public_id))


@bp.post("/<public_id>/unbindings")
@allow(Permission.PRINTERS_EDIT)
def printer_unbind(org: str, public_id: str) -> ResponseReturnValue:
    printer = queries.get_printer(public_id)
    services.unbind(printer)
    words = _("%(name)s has no serial number now. The next device binds by its code.")
    flash(words % {"name": printer.name}, "ok")
    return see_other(url_for("printer", public_id=public_id))


@bp.post("/<public_id>/removals")
@allow(Permission.PRINTERS_EDIT)
def printer_remove(org: str, public_id: str) -> ResponseReturnValue:
    printer = queries.get_printer(public_id)
    remove_printer(printer)
    flash(_("%(name)s is removed.", name=printer.name), "ok")
    return see_other(url_for("printers"))


@bp.get("/put-on-button")
@allow(Permission.PRINTERS_EDIT)
def put_on_button(org: str) -> ResponseReturnValue:
    form = PutOnButtonForm(formdata=None, buttons=queries.all_buttons())
    return render("printers/put_on_button.html", form=form, printers=_named())


@bp.post("/put-on-button")
@allow(Permission.PRINTERS_EDIT)
def printers_put_on_button(org: str) -> ResponseReturnValue:
    chosen = _named()
    form = PutOnButtonForm(buttons=queries.all_buttons())

    def act() -> str:
        services.put_on_button(chosen, form.chosen())
        words = ngettext("%(num)s printer moved.", "%(num)s printers moved.", len(chosen))
        flash(words, "ok")
        return url_for("printers")

    return answer_form(form, "printers/put_on_button.html", act, printers=chosen)


def _named() -> list[Printer]:
    """The printers that the address or the form names."""
    named = request.values.getlist("printer")[:MOST_LABELS]
    return queries.printers_named(named)


def _period() -> Period:
    return PERIODS.get(request.args.get("period", ""), PERIODS[USUAL])


def _add(form: PrinterForm) -> str:
    facts = form.facts()
    printer = services.add_printer(
        facts.name,
        organisation_id=current_organisation().id,
        button=facts.button,
        serial=facts.serial,
        maker=facts.maker,
        model=facts.model,
        location=facts.location,
        customer=facts.customer,
        large_counts_double=facts.large_counts_double,
        now=utcnow(),
    )
    return url_for("printer", public_id=printer.public_id)


def _change(printer: Printer, form: PrinterForm) -> str:
    services.check_version(printer, form.version.data)
    services.change_printer(printer, form.facts())
    return url_for("printer", public_id=printer.public_id)


def _only_button() -> dict[str, Any]:
    """Where there is one button alone, it is the one."""
    buttons = queries.all_buttons()
    return {"button": buttons[0].public_id} if len(buttons) == 1 else {}
