"""Sender domains: list with the records to set, add, check, remove."""

from __future__ import annotations

from typing import Any

from flask import flash
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from webapp.core import throttle
from webapp.core.access import allow
from webapp.core.clock import utcnow
from webapp.core.web import render, see_other
from webapp.orgs.access import current_organisation
from webapp.orgs.permissions import Permission
from webapp.printers import queries
from webapp.printers.button_models import DomainState
from webapp.printers.domains import services
from webapp.printers.domains.services import Question
from webapp.printers.letters.forms import DomainForm
from webapp.printers.routes.blueprint import answer_form, bp, url_for

CHECKS = throttle.Limit("checks of sender domains", 30, 600)
STATES = {
    DomainState.WAITING: (_l("Waiting"), "info", "clock"),
    DomainState.VERIFIED: (_l("Verified"), "ok", "check"),
    DomainState.FAILED: (_l("Failed"), "alarm", "alarm"),
}
PROBLEMS = {
    "missing": _l("The record was not found. A new one can take some hours to be seen everywhere."),
    "wrong": _l("There is a record, with another value. Copy the value anew."),
    "no_answer": _l("The name servers did not answer. It is tried again by itself."),
}


@bp.get("/sender-domains", endpoint="sender_domains")
@allow(Permission.PRINTERS_READ)
def sender_domains(org: str) -> ResponseReturnValue:
    return render("printers/domains.html", form=DomainForm(formdata=None), **_context())


@bp.post("/sender-domains", endpoint="sender_domain_add")
@allow(Permission.PRINTERS_EDIT)
def add(org: str) -> ResponseReturnValue:
    form = DomainForm()

    def act() -> str:
        services.add_domain(
            form.domain.data, organisation_id=current_organisation().id, now=utcnow()
        )
        return url_for("sender_domains")

    return answer_form(form, "printers/domains.html", act, **_context())


@bp.post("/sender-domains/<public_id>/checks", endpoint="sender_domain_check")
@allow(Permission.PRINTERS_EDIT)
def check(org: str, public_id: str) -> ResponseReturnValue:
    """The name servers are asked now; they may take some seconds."""
    domain = queries.get_domain(public_id)
    throttle.take(CHECKS, current_organisation().id)
    back = url_for("sender_domains", _anchor=f"domain-{public_id}")
    services.check_domain(Question.about(domain), now=utcnow())
    return see_other(back)


@bp.get("/sender-domains/<public_id>/removals/confirm", endpoint="sender_domain_confirm")
@allow(Permission.PRINTERS_EDIT)
def confirm(org: str, public_id: str) -> ResponseReturnValue:
    return render("printers/domain_confirm.html", domain=queries.get_domain(public_id))


@bp.post("/sender-domains/<public_id>/removals", endpoint="sender_domain_remove")
@allow(Permission.PRINTERS_EDIT)
def remove(org: str, public_id: str) -> ResponseReturnValue:
    domain = queries.get_domain(public_id)
    services.remove_domain(domain)
    flash(_("%(name)s is removed.", name=domain.domain), "ok")
    return see_other(url_for("sender_domains"))


def _context() -> dict[str, Any]:
    return {
        "domains": queries.sender_domains(),
        "states": STATES,
        "problems": PROBLEMS,
        "record_name": services.record_name,
        "record_value": services.record_value,
    }
