"""`/o/<org>/search?q=`: a page, and for the box in the head the same results as a panel while one types."""

from __future__ import annotations

from collections.abc import Callable

import structlog
from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from webapp.core.access import allow
from webapp.core.db import db, statement_timeout
from webapp.core.forms import one_line
from webapp.core.web import render
from webapp.orgs.access import MEMBER, current_organisation
from webapp.orgs.models import Organisation
from webapp.search.devices import MOST_WORD_MATCHES, find_devices
from webapp.search.hits import Group, Results
from webapp.search.people import find_organisations, find_people

log = structlog.get_logger(__name__)
bp = Blueprint("search", __name__)

LONGEST = 100
SHORTEST = 2
TIMEOUT_MS = 1000
LIMITS = {"gin_fuzzy_search_limit": str(MOST_WORD_MATCHES), "enable_seqscan": "off"}
"""The planner knows nothing of the first, and would read a whole table for a word that all names share."""
FINDERS: tuple[Callable[[str, Organisation], Group], ...] = (
    find_devices,
    find_people,
    find_organisations,
)


@bp.get("/o/<org>/search")
@allow(MEMBER)
def search(org: str) -> ResponseReturnValue:
    typed = one_line(request.args.get("q", ""))[:LONGEST].strip()
    results = find(typed, current_organisation()) if len(typed) >= SHORTEST else None
    return render(
        "search/search.html",
        block="panel",
        typed=typed,
        results=results,
        search_query=typed,
        shortest=SHORTEST,
    )


def find(typed: str, organisation: Organisation) -> Results:
    """Every kind of thing; one that takes too long says so and leaves the others whole."""
    return Results(typed, [_asked(finder, typed, organisation) for finder in FINDERS])


def _asked(
    finder: Callable[[str, Organisation], Group], typed: str, organisation: Organisation
) -> Group:
    limits = [func.set_config(name, value, True) for name, value in LIMITS.items()]
    try:
        with db.session.begin_nested(), statement_timeout(TIMEOUT_MS):
            db.session.execute(select(*limits))
            return finder(typed, organisation)
    except OperationalError as error:
        log.warning("search_too_slow", finder=finder.__name__, error=type(error).__name__)
        name = finder.__name__.removeprefix("find_")
        label = {"devices": _("Devices"), "people": _("People")}.get(name, _("Organisations"))
        return Group(name, label, has_failed=True)
