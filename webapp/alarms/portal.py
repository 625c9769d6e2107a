"""The portal's own conditions: old mail, a full disk, a process that is gone, Redis away.

They belong to the operator and are told straight by SMTP, from the clock's own loop: no Redis, no worker, no
outbox stands between. That the clock itself is gone is seen by the worker, and on `/status`.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import flask_mail
import structlog
from flask import current_app
from flask_babel import force_locale, format_timedelta
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from redis.exceptions import RedisError
from sqlalchemy import func, select

from webapp.alarms import engine
from webapp.alarms.kinds import ConditionKind, all_kinds, register
from webapp.alarms.models import Condition, Severity, Told
from webapp.alarms.services import observe
from webapp.alarms.telling import title_of, words_of
from webapp.core import drains, heartbeats
from webapp.core.db import commit, db, rollback
from webapp.core.jobs import OPEN
from webapp.core.tenancy import unscoped
from webapp.mail.models import Mail
from webapp.mail.smtp import PostOffice, Verdict
from webapp.orgs.models import Organisation, OrganisationKind
from webapp.settings import Settings

log = structlog.get_logger(__name__)

OLD_MAIL = timedelta(minutes=15)
LITTLE_DISK, VERY_LITTLE_DISK = 0.10, 0.05
SOON = timedelta(minutes=1)


def _mail_words(detail: Mapping[str, Any]) -> str:
    age = format_timedelta(timedelta(seconds=detail.get("seconds", 0)))
    return str(
        _("Mails wait; the oldest since %(age)s. Look at the worker and the mail server.", age=age)
    )


def _disk_words(detail: Mapping[str, Any]) -> str:
    values = {"percent": detail.get("percent", 0), "place": detail.get("place", "")}
    return str(_("Only %(percent)s %% of the disk of %(place)s is free. Make room.", **values))


QUEUE_AGE = register(
    ConditionKind("queue_age", _l("Mails wait too long"), _mail_words, SOON, is_portals=True)
)
DISK = register(ConditionKind("disk", _l("Disk nearly full"), _disk_words, SOON, is_portals=True))
WORKER_DEAD = register(
    ConditionKind(
        "worker_dead",
        _l("No worker runs"),
        lambda _detail: _("Mails and jobs wait. Start `python -m webapp.worker` again."),
        SOON,
        is_portals=True,
    )
)
CLOCK_DEAD = register(
    ConditionKind(
        "clock_dead",
        _l("No clock runs"),
        lambda _detail: _("What is due is found late. Start `python -m webapp.clock` again."),
        SOON,
        is_portals=True,
    )
)
REDIS_AWAY = register(
    ConditionKind(
        "redis_away",
        _l("Redis can't be reached"),
        lambda _detail: _("Mails and jobs go out with delay; nothing is lost."),
        SOON,
        is_portals=True,
    )
)


@dataclass(frozen=True)
class Evidence:
    """What one look at one part of the portal has shown."""

    kind: ConditionKind
    is_bad: bool
    severity: Severity = Severity.ALARM
    detail: dict[str, Any] = field(default_factory=dict)


Look = Callable[[datetime], Evidence | None]
"""None: nothing can be said at present, and what is known stays."""


def look_at_mail(now: datetime) -> Evidence:
    oldest = db.session.scalar(
        select(func.min(Mail.created_at)).where(Mail.state.in_(OPEN), Mail.due_at <= now + OLD_MAIL)
    )
    age = now - oldest if oldest is not None else timedelta()
    return Evidence(QUEUE_AGE, age >= OLD_MAIL, detail={"seconds": int(age.total_seconds())})


def look_at_disk(_now: datetime) -> Evidence:
    place = Path(_settings().data_dir)
    existing = next((p for p in (place, *place.absolute().parents) if p.exists()), Path("/"))
    usage = shutil.disk_usage(existing)
    free = usage.free / usage.total if usage.total else 1.0
    return Evidence(
        DISK,
        free < LITTLE_DISK,
        Severity.ALARM if free < VERY_LITTLE_DISK else Severity.WARNING,
        {"percent": round(free * 100), "place": str(place)},
    )


def look_at_worker(now: datetime) -> Evidence:
    return Evidence(WORKER_DEAD, not heartbeats.alive("worker", now=now))


def look_at_clock(now: datetime) -> Evidence:
    return Evidence(CLOCK_DEAD, not heartbeats.alive("clock", now=now))


def look_at_redis(_now: datetime) -> Evidence:
    try:
        drains.redis().ping()
    except RedisError:
        return Evidence(REDIS_AWAY, is_bad=True, severity=Severity.WARNING)
    return Evidence(REDIS_AWAY, is_bad=False)


CLOCKS_LOOKS: tuple[Look, ...] = (look_at_mail, look_at_disk, look_at_worker, look_at_redis)
WORKERS_LOOKS: tuple[Look, ...] = (look_at_clock,)
_more_looks: list[Look] = []


def watch_also(*looks: Look) -> None:
    """Other packages' looks, taken by the clock as well."""
    _more_looks.extend(look for look in looks if look not in _more_looks)


def clocks_looks() -> tuple[Look, ...]:
    return (*CLOCKS_LOOKS, *_more_looks)


def watch(looks: tuple[Look, ...], *, now: datetime) -> None:
    """Look, keep, tell. Whatever fails is logged: who watches must not fall."""
    try:
        with unscoped("the portal's own conditions"):
            operator = _operator()
            if operator is None:
                return
            for evidence in _looked(looks, now):
                _keep(evidence, operator, now)
            commit()
            _tell_all(now)
    except Exception:
        rollback()
        log.exception("portal_watch_failed")
    finally:
        db.session.remove()


def _looked(looks: tuple[Look, ...], now: datetime) -> Iterator[Evidence]:
    for look in looks:
        try:
            with db.session.begin_nested():
                evidence = look(now)
            if evidence is not None:
                yield evidence
        except OSError as error:
            log.warning("portal_look_failed", look=look.__name__, error=str(error))


def _keep(evidence: Evidence, operator: Organisation, now: datetime) -> None:
    observe(
        evidence.kind,
        organisation_id=operator.id,
        is_bad=evidence.is_bad,
        severity=evidence.severity,
        detail=evidence.detail,
        now=now,
    )


def _tell_all(now: datetime) -> None:
    names = [kind.name for kind in all_kinds(portals=True)]
    due = db.session.scalars(
        select(Condition)
        .where(Condition.kind.in_(names), Condition.due_at <= now)
        .order_by(Condition.id)
        .with_for_update(of=Condition, skip_locked=True)
    ).all()
    with PostOffice() as office:
        for condition in due:
            engine.advance(
                condition, engine.Rules(), lambda c, told: _send(office, c, told), now=now
            )
    commit()


def _send(office: PostOffice, condition: Condition, told: Told) -> bool:
    """Straight to the support address; False (logged) when the mail server did not take it."""
    settings = _settings()
    with force_locale(condition.organisation.language):
        title, words = title_of(condition, told), words_of(condition)
    message = flask_mail.Message(
        subject=f"[Outpost] {title}",
        sender=("Outpost", settings.mail_from),
        recipients=[settings.support_email],
        body=f"{words}\n\n{settings.base_url}/operator/alarms\n",
        extra_headers={"Auto-Submitted": "auto-generated"},
    )
    outcome = office.deliver(message)
    if outcome.verdict is not Verdict.ACCEPTED:
        log.error("portal_alarm_not_sent", condition=condition.kind, words=outcome.words)
        return False
    log.warning("portal_alarm_sent", condition=condition.kind, told=told)
    return True


def _operator() -> Organisation | None:
    return db.session.scalars(
        select(Organisation)
        .where(Organisation.kind == OrganisationKind.OPERATOR)
        .order_by(Organisation.id)
        .limit(1)
    ).first()


def _settings() -> Settings:
    settings: Settings = current_app.extensions["settings"]
    return settings
