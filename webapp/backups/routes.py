"""`/operator/backups`: what was made, when, how large, what failed; one more on demand."""

from __future__ import annotations

from flask import Blueprint, flash, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from flask_login import current_user
from sqlalchemy import select

from webapp.accounts.access import OPERATOR
from webapp.backups import jobs, making
from webapp.backups.models import Backup, BackupState
from webapp.core.access import allow
from webapp.core.clock import utcnow
from webapp.core.errors import Refusal
from webapp.core.listing import Choice, Column, Listing
from webapp.core.web import see_other

bp = Blueprint("backups", __name__)

STATES = {
    BackupState.ASKED: _l("Asked for"),
    BackupState.RUNNING: _l("Running"),
    BackupState.DONE: _l("Done"),
    BackupState.FAILED: _l("Failed"),
}

BACKUPS = Listing(
    name="backups",
    model=Backup,
    columns=[
        Column("began_at", _l("Began"), kind="time", sort=Backup.began_at, first_descending=True),
        Column("state", _l("State"), cell="backups/cells.html#state", main=True),
        Column("size", _l("Size"), cell="backups/cells.html#size"),
        Column("took", _l("Took"), cell="backups/cells.html#took"),
        Column("by", _l("Made by"), value=lambda b: b.by or str(_("the clock"))),
        Column("place", _l("File"), cell="backups/cells.html#place"),
    ],
    default_sort="-began_at",
    total=lambda n, shown: ngettext("%(shown)s backup", "%(shown)s backups", n, shown=shown),
    filters=[
        Choice(
            "state", _l("State"), Backup.state, [(s.value, words) for s, words in STATES.items()]
        )
    ],
)


@bp.get("/operator/backups")
@allow(OPERATOR)
def backups() -> ResponseReturnValue:
    now, settings = utcnow(), making.settings()
    page = BACKUPS.page(select(Backup))
    return page.respond(
        "backups/backups.html",
        good=jobs.last_good(),
        next_at=jobs.next_moment(now),
        has_key=settings.backup_key is not None,
        folder=str(settings.backup_dir),
        keep=settings.backup_keep,
    )


@bp.post("/operator/backups")
@allow(OPERATOR)
def backup_now() -> ResponseReturnValue:
    try:
        jobs.ask(by=current_user.name, now=utcnow())
    except Refusal as refusal:
        flash(refusal.message, "error")
    else:
        flash(_("The backup begins in a moment. Reload the page to see it."), "ok")
    return see_other(url_for("backups.backups"))
