"""`/status` and `/status.json`: the parts now, what the operator says, the last 90 days (P-35)."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify
from sqlalchemy.exc import SQLAlchemyError

from webapp.core import announcements, status_days
from webapp.core import db as database
from webapp.core.access import PUBLIC, allow
from webapp.core.clock import utcnow
from webapp.core.errors import forget_visitor
from webapp.core.health import Part, bp, parts, worst
from webapp.core.status_days import History
from webapp.core.web import is_fragment, render


@bp.get("/status")
@allow(PUBLIC)
def status() -> Response:
    found = _asked()
    overall, whole = worst(part.state for part in found), not is_fragment()
    return render(
        "core/status.html",
        block="parts",
        parts=found,
        overall=overall,
        worst_state=overall,
        notices=announcements.announcements("status") if whole else [],
        histories=_histories(found) if whole else [],
        now=utcnow(),
    )


@bp.get("/status.json")
@allow(PUBLIC)
def status_json() -> Response:
    found = _asked()
    told = announcements.announcements("status")
    days = {part.name: history for part, history in _histories(found)}
    return jsonify(
        {
            "state": worst(part.state for part in found),
            "parts": [_part(part, days.get(part.name)) for part in found],
            "notices": [
                {
                    "id": notice.id,
                    "state": notice.state,
                    "component": notice.component,
                    "title": notice.title,
                    "body": notice.body,
                    "begins_at": notice.begins_at.isoformat(),
                    "ends_at": notice.ends_at.isoformat() if notice.ends_at else None,
                }
                for notice in told
            ],
        }
    )


def _asked() -> list[Part]:
    """Without a database nobody can be asked who is signed in, nor in which language they read."""
    found = parts()
    if any(part.name == "database" and part.state != "online" for part in found):
        forget_visitor()
    return found


def _part(part: Part, history: History | None) -> dict[str, Any]:
    days = [day for day in history.days if day.checks] if history else []
    return {
        "name": part.name,
        "label": str(part.label),
        "state": part.state,
        "words": str(part.words),
        "uptime": history.uptime if history else None,
        "days": [
            {
                "day": day.day.isoformat(),
                "checks": day.checks,
                "failed": day.failed,
                "degraded": day.degraded,
            }
            for day in days
        ],
    }


def _histories(found: list[Part]) -> list[tuple[Part, History]]:
    """Each part with its days; none where the database can't be asked."""
    try:
        rows = status_days.histories([part.name for part in found], now=utcnow())
    except SQLAlchemyError:
        database.rollback()
        return []
    return list(zip(found, rows, strict=True))
