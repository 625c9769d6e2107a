"""Rate budgets: who was refused, one organisation's levels, a budget of its own, and back."""

from __future__ import annotations

from datetime import timedelta

from flask import abort, flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select

from webapp.accounts.access import OPERATOR
from webapp.core.access import allow
from webapp.core.budgets import DEFAULTS, BudgetKind
from webapp.core.clock import utcnow
from webapp.core.db import rollback
from webapp.core.errors import Refusal
from webapp.core.web import render, see_other
from webapp.operator import budgets as services
from webapp.operator.budgets import BUDGET_KINDS, REFUSED
from webapp.operator.forms import BudgetForm
from webapp.operator.lists import REFUSALS
from webapp.operator.routes.blueprint import bp, organisation_or_404
from webapp.orgs.models import Organisation


@bp.get("/budgets", endpoint="budgets")
@allow(OPERATOR)
def budgets() -> ResponseReturnValue:
    page = REFUSALS.page(select(*REFUSED.c))
    defaults = [(BUDGET_KINDS[kind], budget) for kind, budget in DEFAULTS.items()]
    return page.respond("operator/budgets.html", defaults=defaults)


@bp.get("/budgets/<public_id>", endpoint="budget")
@allow(OPERATOR)
def budget(public_id: str) -> ResponseReturnValue:
    row, now = organisation_or_404(public_id), utcnow()
    return render(
        "operator/budget.html",
        row=row,
        budgets=services.budgets_of(row),
        levels=services.levels_of(row, now=now),
        refused_day=services.refused_since(row, timedelta(days=1), now=now),
        refused_month=services.refused_since(row, timedelta(days=30), now=now),
    )


@bp.get("/budgets/<public_id>/<kind>")
@allow(OPERATOR)
def budget_edit(public_id: str, kind: str) -> ResponseReturnValue:
    row, chosen = organisation_or_404(public_id), _kind(kind)
    now = services.budget_of(row, chosen)
    values = {"per_minute": now.budget.per_minute, "burst": now.budget.burst}
    form = BudgetForm(formdata=None, data={**values, "version": now.version or ""})
    return _form(row, chosen, form)


@bp.post("/budgets/<public_id>/<kind>")
@allow(OPERATOR)
def budget_save(public_id: str, kind: str) -> ResponseReturnValue:
    row, chosen, form = organisation_or_404(public_id), _kind(kind), BudgetForm()
    if not form.validate():
        return _form(row, chosen, form, status=422)
    try:
        services.set_budget(row, chosen, form.budget(), seen=form.version.data or "")
    except Refusal as refusal:
        rollback()
        form.refuse(refusal)
        return _form(row, chosen, form, status=refusal.status)
    flash(_("The budget is saved; it counts from the next request on."), "ok")
    return see_other(url_for("operator.budget", public_id=public_id))


@bp.post("/budgets/<public_id>/<kind>/reset")
@allow(OPERATOR)
def budget_reset(public_id: str, kind: str) -> ResponseReturnValue:
    seen = request.form.get("version", "")
    services.reset_budget(organisation_or_404(public_id), _kind(kind), seen=seen)
    flash(_("The default counts again."), "ok")
    return see_other(url_for("operator.budget", public_id=public_id))


def _kind(name: str) -> BudgetKind:
    return BudgetKind(name) if name in set(BudgetKind) else abort(404)


def _form(
    row: Organisation, kind: BudgetKind, form: BudgetForm, *, status: int = 200
) -> ResponseReturnValue:
    facts = services.budget_of(row, kind)
    return render("operator/budget_form.html", row=row, facts=facts, form=form, status=status)
