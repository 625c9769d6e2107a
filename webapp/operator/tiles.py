"""The tiles of the operator's overview. Other packages register theirs with `core.tiles.register_operator`."""

from __future__ import annotations

from datetime import timedelta

from flask import url_for
from flask_babel import gettext as _
from sqlalchemy import func, or_, select

from webapp.alarms.models import Condition, ConditionState
from webapp.backups import jobs as backup_jobs
from webapp.core import health
from webapp.core.budgets import RateRefusal
from webapp.core.clock import utcnow
from webapp.core.db import db
from webapp.core.tiles import Number, Tile, register_operator
from webapp.legal.queries import gaps as legal_gaps
from webapp.operator import work
from webapp.operator.models import News, Notice
from webapp.orgs import queries
from webapp.orgs.models import Organisation, OrganisationKind
from webapp.webhooks.models import Webhook

LATE = timedelta(minutes=5)
BACKUP_LATE = 26
"""Hours: daily ones, and time to make one."""
STATES = {"alarm": "alarm", "offline": "alarm", "warning": "warning"}


def _status() -> Tile:
    parts = health.parts()
    bad = [part for part in parts if part.state in STATES]
    note = ", ".join(str(part.label) for part in bad) or _("Everything works.")
    state = STATES.get(health.worst(part.state for part in parts))
    numbers = [Number(_("parts in trouble"), len(bad), state=state)]
    return Tile(_("Status"), "activity", url_for("health.status"), numbers, note)


def _alarms() -> Tile:
    opened = select(func.count()).select_from(Condition).join(Condition.organisation)
    is_open = Condition.state.in_([ConditionState.OPEN, ConditionState.ACKNOWLEDGED])
    portals = Organisation.kind == OrganisationKind.OPERATOR
    number = db.session.scalar(opened.where(is_open, portals)) or 0
    numbers = [Number(_("open"), number, state="alarm" if number else None)]
    return Tile(_("Alarms of the portal"), "alarm", url_for("alarms.operator_alarms"), numbers)


def _organisations() -> Tile:
    figures, every = queries.figures(utcnow()), url_for("orgs.operator_organisations")
    numbers = [
        Number(_("open"), figures["organisations"], f"{every}?kind=company"),
        Number(_("without parent"), figures["roots"], f"{every}?kind=company&roots=1"),
    ]
    return Tile(_("Organisations"), "org", every, numbers)


def _people() -> Tile:
    figures = queries.figures(utcnow())
    numbers = [
        Number(_("active accounts"), figures["users"]),
        Number(_("signed in now"), figures["signed_in"]),
    ]
    return Tile(_("People"), "users", None, numbers)


def _mails() -> Tile:
    figures, url = queries.figures(utcnow()), url_for("operator.mails")
    failed = figures["mails_failed"]
    numbers = [
        Number(_("waiting"), figures["mails_waiting"]),
        Number(_("failed"), failed, f"{url}?state=failed", "alarm" if failed else None),
    ]
    return Tile(_("Mails"), "mail", url, numbers)


def _jobs() -> Tile:
    now = utcnow()
    late = sum(1 for table in work.due_tables(now) if table.late and table.late > LATE)
    failed = sum(1 for drain in work.drain_facts() if drain.failed)
    numbers = [
        Number(_("tables with late work"), late, state="warning" if late else None),
        Number(_("drains that failed"), failed, state="alarm" if failed else None),
    ]
    return Tile(_("Jobs"), "clock", url_for("operator.jobs"), numbers)


def _webhooks() -> Tile:
    failing = func.count().filter(Webhook.failing_since.is_not(None))
    paused = func.count().filter(Webhook.paused_at.is_not(None))
    n_failing, n_paused = db.session.execute(select(failing, paused)).one()
    numbers = [
        Number(_("failing"), n_failing, state="warning" if n_failing else None),
        Number(_("paused"), n_paused),
    ]
    return Tile(_("Webhooks"), "upload", url_for("operator.webhooks"), numbers)


def _budgets() -> Tile:
    since = utcnow() - timedelta(days=1)
    refused = select(
        func.coalesce(func.sum(RateRefusal.count), 0),
        func.count(func.distinct(RateRefusal.organisation_id)),
    ).where(RateRefusal.hour > since)
    requests, organisations = db.session.execute(refused).one()
    numbers = [
        Number(_("refused in 24 h"), requests, state="warning" if requests else None),
        Number(_("organisations concerned"), organisations),
    ]
    return Tile(_("Rate budgets"), "filter", url_for("operator.budgets"), numbers)


def _news() -> Tile:
    now = utcnow()
    shown = News.from_at <= now, or_(News.to_at.is_(None), News.to_at > now)
    told = Notice.begins_at <= now, or_(Notice.ends_at.is_(None), Notice.ends_at > now)
    numbers = [
        Number(_("news shown"), _count(News, *shown), url_for("operator.news_items")),
        Number(_("notices open"), _count(Notice, *told), url_for("operator.notices")),
    ]
    return Tile(_("What everybody is told"), "info", url_for("operator.news_items"), numbers)


def _backups() -> Tile:
    now, last = utcnow(), backup_jobs.last_good()
    url = url_for("backups.backups")
    if last is None:
        return Tile(_("Backups"), "download", url, [], _("There is none yet."))
    hours = int((now - last.began_at).total_seconds() // 3600)
    numbers = [
        Number(_("hours since the last"), hours, state="alarm" if hours >= BACKUP_LATE else None),
        Number(_("megabytes"), round((last.size_bytes or 0) / 1_000_000)),
    ]
    note = "" if backup_jobs.next_moment(now) else _("None are made by themselves.")
    return Tile(_("Backups"), "download", url, numbers, note)


def _legal() -> Tile:
    missing = legal_gaps(utcnow())
    numbers = [
        Number(_("texts missing"), len(missing), state="warning" if missing else None),
    ]
    return Tile(_("Legal texts"), "info", url_for("legal.overview"), numbers, ", ".join(missing))


def _count(model: type[News | Notice], *conditions: object) -> int:
    statement = select(func.count()).select_from(model).where(*conditions)  # type: ignore[arg-type]
    return db.session.scalar(statement) or 0


for _place, (_name, _provider) in enumerate(
    {
        "status": _status,
        "alarms": _alarms,
        "organisations": _organisations,
        "people": _people,
        "mails": _mails,
        "jobs": _jobs,
        "webhooks": _webhooks,
        "budgets": _budgets,
        "news": _news,
        "backups": _backups,
        "legal": _legal,
    }.items()
):
    register_operator(_name, _provider, order=10 * _place)
