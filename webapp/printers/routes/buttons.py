"""Panic buttons: list, page, create, change, switch."""

from __future__ import annotations

from flask import flash
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from webapp.core.access import allow
from webapp.core.clock import utcnow
from webapp.core.listing import Page
from webapp.core.web import render, see_other
from webapp.orgs.access import current_organisation
from webapp.orgs.permissions import Permission
from webapp.printers import queries, services
from webapp.printers.forms import ButtonForm
from webapp.printers.lists.buttons import BUTTONS
from webapp.printers.models import PanicButton
from webapp.printers.routes.blueprint import answer_form, bp, url_for
from webapp.printers.variables import DESCRIPTIONS

PRINTERS_SHOWN = 20


@bp.get("/buttons", endpoint="buttons")
@allow(Permission.PRINTERS_READ)
def buttons(org: str) -> ResponseReturnValue:
    page: Page = BUTTONS.page(queries.buttons())
    return page.respond("printers/buttons.html")


@bp.get("/buttons/new")
@allow(Permission.PRINTERS_EDIT)
def button_new(org: str) -> ResponseReturnValue:
    language = current_organisation().language
    form = ButtonForm(formdata=None, language=language, languages=[language])
    return render("printers/button_form.html", form=form, button=None)


@bp.post("/buttons")
@allow(Permission.PRINTERS_EDIT)
def button_add(org: str) -> ResponseReturnValue:
    form = ButtonForm()
    return answer_form(form, "printers/button_form.html", lambda: _add(form), button=None)


@bp.get("/buttons/<public_id>", endpoint="button")
@allow(Permission.PRINTERS_READ)
def button_page(org: str, public_id: str) -> ResponseReturnValue:
    button = queries.get_button(public_id)
    printers = queries.printers_on(button, PRINTERS_SHOWN + 1)
    return render(
        "printers/button.html",
        button=button,
        printers=printers[:PRINTERS_SHOWN],
        has_more=len(printers) > PRINTERS_SHOWN,
        variables=DESCRIPTIONS,
    )


@bp.get("/buttons/<public_id>/edit")
@allow(Permission.PRINTERS_EDIT)
def button_edit(org: str, public_id: str) -> ResponseReturnValue:
    button = queries.get_button(public_id)
    return render("printers/button_form.html", form=ButtonForm.of(button), button=button)


@bp.post("/buttons/<public_id>/edit")
@allow(Permission.PRINTERS_EDIT)
def button_change(org: str, public_id: str) -> ResponseReturnValue:
    button, form = queries.get_button(public_id), ButtonForm()
    template = "printers/button_form.html"
    return answer_form(form, template, lambda: _change(button, form), button=button)


@bp.get("/buttons/<public_id>/closures/confirm")
@allow(Permission.PRINTERS_EDIT)
def button_confirm_closure(org: str, public_id: str) -> ResponseReturnValue:
    return render("printers/button_confirm.html", button=queries.get_button(public_id))


@bp.post("/buttons/<public_id>/closures")
@allow(Permission.PRINTERS_EDIT)
def button_close(org: str, public_id: str) -> ResponseReturnValue:
    return _switch(public_id, active=False)


@bp.post("/buttons/<public_id>/openings")
@allow(Permission.PRINTERS_EDIT)
def button_open(org: str, public_id: str) -> ResponseReturnValue:
    return _switch(public_id, active=True)


def _add(form: ButtonForm) -> str:
    facts = form.facts()
    button = services.create_button(
        facts.name,
        organisation_id=current_organisation().id,
        technician_emails=list(facts.technician_emails),
        language=facts.language,
        languages=list(facts.languages),
        phone=facts.phone or None,
        now=utcnow(),
    )
    services.change_button(button, facts)
    return url_for("button", public_id=button.public_id)


def _change(button: PanicButton, form: ButtonForm) -> str:
    services.check_version(button, form.version.data)
    services.change_button(button, form.facts())
    return url_for("button", public_id=button.public_id)


def _switch(public_id: str, *, active: bool) -> ResponseReturnValue:
    button = queries.get_button(public_id)
    services.switch_button(button, active=active)
    words = _("%(name)s is on.") if active else _("%(name)s is off.")
    flash(words % {"name": button.name}, "ok")
    return see_other(url_for("button", public_id=public_id))
