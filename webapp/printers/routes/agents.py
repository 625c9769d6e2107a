"""Site agents: list, page, set up, change, switch, revoke, and the printers that they see (B-12)."""

from __future__ import annotations

from typing import Any

from flask import abort, flash, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from webapp.core.access import allow
from webapp.core.clock import utcnow
from webapp.core.db import db
from webapp.core.web import address_of, render, see_other
from webapp.orgs.access import current_organisation, may
from webapp.orgs.permissions import Permission
from webapp.printers import queries
from webapp.printers.agents import services, sightings
from webapp.printers.agents.forms import AdoptForm, AgentForm
from webapp.printers.agents.models import PrinterAgent
from webapp.printers.models import Printer
from webapp.printers.routes.blueprint import answer_form, bp, url_for
from webapp.printers.services import stale

MOST = 500


@bp.get("/agents", endpoint="agents")
@allow(Permission.PRINTERS_READ)
def agents(org: str) -> ResponseReturnValue:
    return render("printers/agents.html", **_overview())


@bp.get("/agents/new")
@allow(Permission.PRINTERS_EDIT)
def agent_new(org: str) -> ResponseReturnValue:
    return render("printers/agent_form.html", form=AgentForm(formdata=None), agent=None)


@bp.post("/agents")
@allow(Permission.PRINTERS_EDIT)
def agent_add(org: str) -> ResponseReturnValue:
    """The token stands on the page that answers, and nowhere else afterwards."""
    form = AgentForm()
    made: list[tuple[PrinterAgent, str]] = []

    def act() -> str:
        made.append(
            services.add_agent(
                form.facts(), organisation_id=current_organisation().id, now=utcnow()
            )
        )
        return url_for("agents")

    answer = answer_form(form, "printers/agent_form.html", act, agent=None)
    return _made(*made[0]) if made else answer


@bp.get("/agents/<public_id>", endpoint="agent")
@allow(Permission.PRINTERS_READ)
def agent_page(org: str, public_id: str) -> ResponseReturnValue:
    agent = _get(public_id)
    read = db.session.scalars(
        select(Printer)
        .where(Printer.agent_id == agent.id)
        .order_by(Printer.sort_name, Printer.id)
        .limit(MOST)
    ).all()
    return render(
        "printers/agent.html", agent=agent, printers=read, **_adopting(sightings.sightings(agent))
    )


@bp.get("/agents/<public_id>/edit")
@allow(Permission.PRINTERS_EDIT)
def agent_edit(org: str, public_id: str) -> ResponseReturnValue:
    agent = _get(public_id)
    return render("printers/agent_form.html", form=AgentForm.of(agent), agent=agent)


@bp.post("/agents/<public_id>/edit")
@allow(Permission.PRINTERS_EDIT)
def agent_change(org: str, public_id: str) -> ResponseReturnValue:
    agent, form = _get(public_id), AgentForm()

    def act() -> str:
        if str(form.version.data or "") != str(agent.version):
            raise stale()
        services.change_agent(agent, form.facts())
        return url_for("agent", public_id=public_id)

    return answer_form(form, "printers/agent_form.html", act, agent=agent)


@bp.get("/agents/<public_id>/confirm/<any(setups, revocations):act>")
@allow(Permission.PRINTERS_EDIT)
def agent_confirm(org: str, public_id: str, act: str) -> ResponseReturnValue:
    """The dialog's words as a page, for browsers without script."""
    return render("printers/agent_confirm.html", agent=_get(public_id), act=act)


@bp.post("/agents/<public_id>/setups")
@allow(Permission.PRINTERS_EDIT)
def agent_set_up(org: str, public_id: str) -> ResponseReturnValue:
    agent = _get(public_id)
    return _made(agent, services.set_up_anew(agent, now=utcnow()))


@bp.post("/agents/<public_id>/revocations")
@allow(Permission.PRINTERS_EDIT)
def agent_revoke(org: str, public_id: str) -> ResponseReturnValue:
    agent = _get(public_id)
    services.revoke_agent(agent, now=utcnow())
    flash(_("%(name)s is shut out and stops by itself.", name=agent.name), "ok")
    return see_other(url_for("agent", public_id=public_id))


@bp.post("/agents/<public_id>/closures")
@allow(Permission.PRINTERS_EDIT)
def agent_close(org: str, public_id: str) -> ResponseReturnValue:
    return _switch(public_id, active=False)


@bp.post("/agents/<public_id>/openings")
@allow(Permission.PRINTERS_EDIT)
def agent_open(org: str, public_id: str) -> ResponseReturnValue:
    return _switch(public_id, active=True)


@bp.post("/agents/sightings")
@allow(Permission.PRINTERS_EDIT)
def sightings_add(org: str) -> ResponseReturnValue:
    """The ticked ones become printers, read by the agent that sees them."""
    form = AdoptForm(buttons=queries.all_buttons())

    def act() -> str:
        chosen = sightings.named(request.form.getlist("sighting"))
        added = sightings.add_all(chosen, form.chosen(), now=utcnow())
        words = ngettext("%(num)s printer added.", "%(num)s printers added.", len(added))
        left = len(chosen) - len(added)
        if left:
            words += " " + ngettext(
                "%(num)s has the serial number of another printer and stays here.",
                "%(num)s have serial numbers of other printers and stay here.",
                left,
            )
        flash(words, "ok" if added else "info")
        return url_for("agents")

    return answer_form(form, "printers/agents.html", act, **_overview(but_form=True))


def _made(agent: PrinterAgent, token: str) -> ResponseReturnValue:
    portal = address_of("printers.agents", org=current_organisation().public_id).split("/o/")[0]
    return render("printers/agent_made.html", agent=agent, token=token, portal=portal)


def _switch(public_id: str, *, active: bool) -> ResponseReturnValue:
    agent = _get(public_id)
    services.switch_agent(agent, active=active)
    words = _("%(name)s reads again.") if active else _("%(name)s reads nothing from now on.")
    flash(words % {"name": agent.name}, "ok")
    return see_other(url_for("agent", public_id=public_id))


def _get(public_id: str) -> PrinterAgent:
    return db.session.scalar(
        select(PrinterAgent)
        .where(PrinterAgent.public_id == public_id)
        .options(joinedload(PrinterAgent.liveness))
    ) or abort(404)


def _overview(*, but_form: bool = False) -> dict[str, Any]:
    found = db.session.scalars(
        select(PrinterAgent)
        .options(joinedload(PrinterAgent.liveness))
        .order_by(PrinterAgent.sort_name, PrinterAgent.id)
        .limit(MOST)
    ).all()
    rows = db.session.execute(
        select(Printer.agent_id, func.count())
        .where(Printer.agent_id.is_not(None))
        .group_by(Printer.agent_id)
    )
    context = _adopting(sightings.sightings())
    if but_form:
        context.pop("form")
    return {"agents": found, "printers_of": {row[0]: row[1] for row in rows}, **context}


def _adopting(seen: Any) -> dict[str, Any]:
    may_add = may(Permission.PRINTERS_EDIT)
    form = AdoptForm(formdata=None, buttons=queries.all_buttons()) if may_add else None
    return {"sightings": seen, "form": form}
