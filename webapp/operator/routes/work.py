"""Jobs: work that is due and who does it; webhooks that nobody answers."""

from __future__ import annotations

from flask.typing import ResponseReturnValue

from webapp.accounts.access import OPERATOR
from webapp.core import heartbeats
from webapp.core.access import allow
from webapp.core.clock import utcnow
from webapp.core.web import render
from webapp.operator import work
from webapp.operator.lists import WEBHOOKS, webhooks_in_trouble
from webapp.operator.routes.blueprint import bp


@bp.get("/jobs", endpoint="jobs")
@allow(OPERATOR)
def jobs() -> ResponseReturnValue:
    now = utcnow()
    return render(
        "operator/jobs.html",
        block="work",
        tables=work.due_tables(now),
        drains=work.drain_facts(),
        beats=heartbeats.all_beats(),
        alive_since=now - heartbeats.ALIVE_WITHIN,
        now=now,
    )


@bp.get("/webhooks", endpoint="webhooks")
@allow(OPERATOR)
def webhooks() -> ResponseReturnValue:
    return WEBHOOKS.page(webhooks_in_trouble()).respond("operator/webhooks.html")
