"""`…/search?q=`: a page, and for the box in the head the same results as a panel while one types."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import structlog
from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from webapp.accounts.access import OPERATOR, SIGNED_IN
from webapp.core.access import allow
from webapp.core.db import db, statement_timeout
from webapp.core.forms import one_line
from webapp.core.web import render
from webapp.orgs.access import MEMBER
from webapp.search.devices import MOST_WORD_MATCHES, SHOWN, find_devices
from webapp.search.hits import Group, Results
from webapp.search.people import find_organisations, find_people
from webapp.search.reach import Reach, own_reaches, reach_here, reach_of_operator

log = structlog.get_logger(__name__)
bp = Blueprint("search", __name__)

LONGEST = 100
SHORTEST = 2
TIMEOUT_MS = 1000
LIMITS = {"gin_fuzzy_search_limit": str(MOST_WORD_MATCHES), "enable_seqscan": "off"}
"""The planner knows nothing of the first, and would read a whole table for a word that all names share."""
FINDERS: dict[str, Callable[[str, Reach], Group]] = {
    "devices": find_devices,
    "people": find_people,
    "organisations": find_organisations,
}


@bp.get("/o/<org>/search")
@allow(MEMBER)
def search(org: str) -> ResponseReturnValue:
    return _answer(reach_here)


@bp.get("/me/search")
@allow(SIGNED_IN)
def own_search() -> ResponseReturnValue:
    """On pages that belong to no organisation: in all of one's own."""
    return _answer(own_reaches)


@bp.get("/operator/search")
@allow(OPERATOR)
def operator_search() -> ResponseReturnValue:
    return _answer(reach_of_operator)


def _answer(reaches: Callable[[], list[Reach]]) -> ResponseReturnValue:
    typed = one_line(request.args.get("q", ""))[:LONGEST].strip()
    results = find(typed, reaches()) if len(typed) >= SHORTEST else None
    return render(
        "search/search.html",
        block="panel",
        typed=typed,
        results=results,
        search_query=typed,
        shortest=SHORTEST,
    )


def find(typed: str, reaches: Sequence[Reach]) -> Results:
    """Every kind of thing; one that takes too long says so and leaves the others whole."""
    if not reaches:
        return Results(typed)
    limits = [func.set_config(setting, value, True) for setting, value in LIMITS.items()]
    with statement_timeout(TIMEOUT_MS):
        db.session.execute(select(*limits))
        return Results(typed, [_together(name, typed, reaches) for name in FINDERS])


def _together(name: str, typed: str, reaches: Sequence[Reach]) -> Group:
    """What is found in several reaches, each thing once; organisations are asked for all of them at once."""
    asked = reaches[:1] if name == "organisations" else reaches
    groups = [_asked(name, typed, reach) for reach in asked]
    if len(groups) == 1:
        return groups[0]
    hits = list({hit.url: hit for group in groups for hit in group.hits}.values())
    hits.sort(key=lambda hit: not hit.is_exact)
    most = max(len(group.hits) for group in groups)
    has_more = any(group.has_more for group in groups) or len(hits) > max(most, SHOWN)
    return replace(
        groups[0],
        hits=hits[: max(most, SHOWN)],
        has_more=has_more,
        has_failed=not hits and any(group.has_failed for group in groups),
    )


def _asked(name: str, typed: str, reach: Reach) -> Group:
    try:
        with db.session.begin_nested():
            return FINDERS[name](typed, reach)
    except OperationalError as error:
        log.warning("search_too_slow", finder=name, error=type(error).__name__)
        label = {"devices": _("Devices"), "people": _("People")}.get(name, _("Organisations"))
        return Group(name, label, has_failed=True)
