"""Access by the path's token: it carries state, scope and the proof that no other site sent the form."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask import g, request
from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute

from webapp.core import principal, tenancy
from webapp.core.clock import utcnow
from webapp.core.crypto import digest
from webapp.core.db import db
from webapp.core.principal import Actor, Principal
from webapp.core.tenancy import unscoped
from webapp.printers.models import PanicLaunch


class LinkGone(Exception):
    """Unknown, used or expired: one answer, a page that says to press the button again."""


@dataclass(frozen=True)
class PathToken:
    """`@allow(LINK)` for the link that starts, `@allow(SESSION)` for the pages after it."""

    column: InstrumentedAttribute[bytes] | InstrumentedAttribute[bytes | None]
    carries_proof = True

    def enforce(self) -> None:
        now = utcnow()
        launch = _launch_of(self.column, (request.view_args or {})["token"])
        if launch is None or not _is_open(launch, now):
            raise LinkGone
        tenancy.enter(tenancy.Scope(launch.organisation_id))
        principal.set_acting(
            Principal(
                Actor.PERSON_AT_PRINTER,
                launch.id,
                launch.answers.get("email") or launch.facts["serial"] or "printer",
                org=launch.organisation_id,
                via=request.remote_addr,
            )
        )
        g.launch = launch


LINK = PathToken(PanicLaunch.start_digest)
SESSION = PathToken(PanicLaunch.session_digest)


def current_launch() -> PanicLaunch:
    launch: PanicLaunch = g.launch
    return launch


def _launch_of(
    column: InstrumentedAttribute[bytes] | InstrumentedAttribute[bytes | None], token: str
) -> PanicLaunch | None:
    """The launch; for a form or a start its row is held, so that a double click waits for the first."""
    statement = select(PanicLaunch).where(column == digest(token))
    if request.method == "POST" or column is PanicLaunch.start_digest:
        statement = statement.with_for_update()
    with unscoped("whose link is this"):
        return db.session.scalar(statement)


def _is_open(launch: PanicLaunch, now: datetime) -> bool:
    """A finished one stays open to show its thanks; a link is good once."""
    if request.endpoint == "panic.open_link" and launch.started_at is not None:
        return False
    return launch.expires_at > now
