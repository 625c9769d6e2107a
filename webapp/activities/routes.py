"""My long work, its progress and its end; my downloads."""

from __future__ import annotations

from flask import Blueprint, Response, abort, flash, stream_with_context, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from webapp.accounts.proofs import fresh
from webapp.activities.events import ActivityEvent
from webapp.activities.kinds import kind_of
from webapp.activities.lists import (
    ACTIVITIES,
    DOWNLOADS,
    STATES,
    file_url,
    my_activities,
    my_files,
)
from webapp.audit.log import record
from webapp.core.access import allow, reveals
from webapp.core.activities import Activity, ask_to_cancel
from webapp.core.clock import utcnow
from webapp.core.db import commit, db
from webapp.core.errors import Refusal
from webapp.core.files import File
from webapp.core.jobs import JobState
from webapp.core.large_files import pieces
from webapp.core.web import render, see_other
from webapp.orgs.access import MEMBER

bp = Blueprint("activities", __name__, url_prefix="/o/<org>")


@bp.get("/activity/")
@allow(MEMBER)
def activities(org: str) -> Response:
    return ACTIVITIES.page(my_activities()).respond("activities/activities.html")


@bp.get("/activity/<public_id>")
@allow(MEMBER)
def activity(org: str, public_id: str) -> Response:
    """The page asks for its block again while the work runs."""
    work = _mine_or_404(public_id)
    file = _file_of(work)
    return render(
        "activities/activity.html",
        block="progress",
        work=work,
        state=JobState(work.state),
        state_words=STATES[JobState(work.state)],
        file=file,
        file_url=file_url(file) if file else None,
    )


@bp.post("/activity/<public_id>/cancellation")
@allow(MEMBER)
def cancellation(org: str, public_id: str) -> BaseResponse:
    work = _mine_or_404(public_id)
    try:
        ask_to_cancel(work, now=utcnow())
    except Refusal as refusal:
        flash(str(refusal.message), "warning")
    else:
        record(
            ActivityEvent.CANCELLED,
            organisation_id=work.organisation_id,
            kind="activity",
            id=work.public_id,
            label=work.title,
        )
        flash(_("It ends after the step that is running."), "info")
    return see_other(url_for("activities.activity", org=org, public_id=public_id))


@bp.get("/downloads/")
@allow(MEMBER)
def downloads(org: str) -> Response:
    return DOWNLOADS.page(my_files()).respond("activities/downloads.html")


@bp.get("/downloads/<public_id>")
@allow(MEMBER)
@reveals
@fresh
def fetch(org: str, public_id: str) -> ResponseReturnValue:
    """Written down first, sent afterwards: if the log can't be written nothing leaves."""
    file = db.session.scalar(my_files().where(File.public_id == public_id))
    if file is None:
        abort(404)
    content = pieces(file)
    fetched = kind_of(file).fetched
    if fetched is not None:
        fetched(file)
    record(
        ActivityEvent.FILE_FETCHED,
        organisation_id=file.organisation_id,
        kind="file",
        id=file.public_id,
        label=file.name,
    )
    commit()
    answer = Response(stream_with_context(content), mimetype=file.media_type)
    answer.headers.set("Content-Disposition", "attachment", filename=file.name)
    answer.headers["Content-Length"] = str(file.size_bytes)
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


def _mine_or_404(public_id: str) -> Activity:
    work: Activity | None = db.session.scalar(my_activities().where(Activity.public_id == public_id))
    if work is None:
        abort(404)
    return work


def _file_of(work: Activity) -> File | None:
    if work.file_id is None:
        return None
    file: File | None = db.session.scalar(my_files().where(File.id == work.file_id))
    return file
