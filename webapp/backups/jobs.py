"""Daily by the clock, at once when somebody asks; who is told when one fails."""

from __future__ import annotations

import socket
from datetime import UTC, datetime, time, timedelta

import flask_mail
import structlog
from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError

from webapp.backups import making
from webapp.backups.models import Backup, BackupState
from webapp.core.clock import utcnow
from webapp.core.db import commit, db
from webapp.core.errors import Refusal
from webapp.core.jobs import sweep, wake
from webapp.core.web import address_of
from webapp.mail import outbox
from webapp.mail.choice import choose, owner_of
from webapp.mail.compose import Look, Value, compose
from webapp.mail.smtp import PostOffice, Verdict
from webapp.mail.types import with_common

log = structlog.get_logger(__name__)

KEPT = timedelta(days=90)
SWEEP = "backups"


@sweep(SWEEP, every_seconds=60)
def make_due_backup() -> None:
    """One that was asked for, else today's. A failed one is not tried again before its usual time."""
    try:
        with making.only_one():
            for dead in making.bury_the_dead():
                tell_failed(dead)
            row = _due(utcnow())
            if row is not None:
                made = making.make(row)
                if made.state == BackupState.FAILED:
                    tell_failed(made)
    except making.Busy:
        return


def _due(now: datetime) -> Backup | None:
    asked = db.session.scalar(select(Backup).where(Backup.state == BackupState.ASKED))
    if asked is not None:
        return asked
    moment = last_moment(now, making.settings().backup_at)
    if moment is None:
        return None
    tried = db.session.scalar(select(func.max(Backup.began_at)).where(Backup.by == ""))
    return None if tried is not None and tried >= moment else Backup()


def last_moment(now: datetime, at: str) -> datetime | None:
    """The latest time at which a daily backup was due, in UTC; None when they are off."""
    if at == "off":
        return None
    today = datetime.combine(now.astimezone(UTC).date(), time.fromisoformat(at), UTC)
    return today if today <= now else today - timedelta(days=1)


def next_moment(now: datetime) -> datetime | None:
    last = last_moment(now, making.settings().backup_at)
    return None if last is None else last + timedelta(days=1)


def ask(*, by: str, now: datetime) -> None:
    """Have one made now. Raises `Refusal` where one is asked for or running already, or no key is set."""
    making.key()
    try:
        with db.session.begin_nested():
            db.session.add(Backup(began_at=now, state=BackupState.ASKED, by=by))
    except IntegrityError as error:
        raise Refusal("A backup was asked for already; it will be here in a moment.") from error
    wake("long", SWEEP)


@sweep("backups_retention", every_seconds=6 * 3600)
def forget_old() -> None:
    db.session.execute(delete(Backup).where(Backup.began_at < utcnow() - KEPT))
    commit()


def last_good() -> Backup | None:
    return db.session.scalar(
        select(Backup)
        .where(Backup.state == BackupState.DONE)
        .order_by(Backup.began_at.desc())
        .limit(1)
    )


def tell_failed(row: Backup) -> None:
    """Straight by SMTP, past queue and outbox; where the server does not take it, the outbox tries on."""
    good = last_good()
    settings = making.settings()
    values: dict[str, Value] = {
        "NAME": settings.operator_name,
        "WHEN": row.began_at,
        "SERVER": socket.gethostname(),
        "REASON": row.error or "",
        "LASTGOOD": good.began_at if good else None,
        "LINK": address_of("backups.backups"),
    }
    if not _sent(settings.support_email, values):
        outbox.send(
            "backup_failed",
            to=settings.support_email,
            language=None,
            organisation_id=None,
            values=values,
        )
    commit()


def _sent(to: str, values: dict[str, Value]) -> bool:
    owner = owner_of(None)
    choice = choose("backup_failed", owner, language=None)
    filled = with_common(values, recipient=to, organisation=owner.name)
    look = Look(language=choice.language)
    composed = compose(choice.draft, filled, look=look, time_zone=owner.time_zone)
    message = flask_mail.Message(
        subject=composed.subject,
        sender=("Outpost", making.settings().mail_from),
        recipients=[to],
        body=composed.text,
        html=composed.html,
        extra_headers={"Auto-Submitted": "auto-generated"},
    )
    with PostOffice() as office:
        outcome = office.deliver(message)
    if outcome.verdict is not Verdict.ACCEPTED:
        log.error("backup_mail_not_sent", words=outcome.words)
    return outcome.verdict is Verdict.ACCEPTED
