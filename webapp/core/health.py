"""Is it alive, is it ready, and how are its parts: `/healthz`, `/readyz`; the pages of the parts: `status_page`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import structlog
from alembic.config import Config
from alembic.script import ScriptDirectory
from flask import Blueprint, Flask, Response, current_app
from flask_babel import lazy_gettext as _
from redis import Redis
from sqlalchemy import text

from webapp.core import db as database
from webapp.core.access import PUBLIC, allow
from webapp.core.db import aside

log = structlog.get_logger(__name__)
bp = Blueprint("health", __name__)


@dataclass(frozen=True)
class Part:
    """One part of the portal and how it is: one of the five states, and a sentence."""

    name: str
    label: object
    state: str
    words: object


Check = Callable[[], Part]
_checks: list[Check] = []


def status_check(check: Check) -> Check:
    """Register a part for `/status`. A check that raises counts as an alarm."""
    _checks.append(check)
    return check


def init_app(app: Flask) -> None:
    from webapp.core import status_page  # noqa: F401 - its routes register

    app.register_blueprint(bp)


@bp.get("/healthz")
@allow(PUBLIC)
def healthz() -> Response:
    """The process answers. Asks nobody else: a restart would not mend a lost database."""
    return Response("ok\n", mimetype="text/plain")


@bp.get("/readyz")
@allow(PUBLIC)
def readyz() -> Response:
    """The database answers and holds this program's revision.

    Redis only wakes: without it pages and devices are served as ever, so its loss is told but takes nobody
    out of service.
    """
    fault = _database_fault()
    if fault:
        return Response(f"not ready: {fault}\n", 503, mimetype="text/plain")
    warning = _redis_fault()
    return Response(f"ready\nbut {warning}\n" if warning else "ready\n", mimetype="text/plain")


def worst(states: Iterable[str]) -> str:
    """The state that speaks for all."""
    order = ("alarm", "warning", "offline", "not_set_up", "online")
    found = set(states)
    return next((state for state in order if state in found), "online")


def parts() -> list[Part]:
    """All parts as they are now; asked outside a request too."""
    portal = Part("portal", _("Portal"), "online", _("Answers."))
    return [portal, _database_part(), _redis_part(), *(_checked(check) for check in _checks)]


def _checked(check: Check) -> Part:
    try:
        return check()
    except Exception:
        log.warning("status_check_failed", check=check.__name__, exc_info=True)
        database.rollback()
        name = check.__name__.removesuffix("_part")
        return Part(name, name, "alarm", _("Could not be checked."))


def _database_part() -> Part:
    fault = _database_fault()
    if fault:
        return Part("database", _("Database"), "alarm", _("Can't be reached or is being upgraded."))
    return Part("database", _("Database"), "online", _("Answers."))


def _redis_part() -> Part:
    if _redis_fault():
        words = _("Can't be reached: mails and jobs go out with some delay, nothing is lost.")
        return Part("queue", _("Queue"), "warning", words)
    return Part("queue", _("Queue"), "online", _("Answers."))


def _database_fault() -> str | None:
    """Asked aside: what the visitor's transaction holds stays as it is."""
    try:
        with aside() as session:
            found = set(session.execute(text("SELECT version_num FROM alembic_version")).scalars())
    except Exception:
        return "the database can't be asked"
    wanted = heads()
    if found != wanted:
        return f"the database holds revision {', '.join(sorted(found)) or 'none'}, not {', '.join(sorted(wanted))}"
    return None


def heads() -> set[str]:
    """The revisions this program was written for, read once."""
    known: set[str] | None = current_app.extensions.get("alembic_heads")
    if known is None:
        config = Config()
        config.set_main_option("script_location", current_app.root_path + "/../migrations")
        known = set(ScriptDirectory.from_config(config).get_heads())
        current_app.extensions["alembic_heads"] = known
    return known


def _redis_fault() -> str | None:
    connection: Redis = current_app.extensions["redis"]
    try:
        connection.ping()
    except Exception:
        return "Redis can't be reached"
    return None
