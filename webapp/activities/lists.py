"""The lists: long work of mine, files offered to me."""

from __future__ import annotations

from typing import Any

from flask import url_for
from flask_babel import lazy_gettext as _
from flask_babel import ngettext
from flask_login import current_user
from sqlalchemy import Select, select

from webapp.activities.kinds import kind_of
from webapp.core.activities import Activity
from webapp.core.clock import utcnow
from webapp.core.files import File
from webapp.core.jobs import JobState
from webapp.core.listing import Choice, Column, Listing, Option
from webapp.orgs.access import current_organisation

STATES = {
    JobState.WAITING: _("Waiting"),
    JobState.CLAIMED: _("Running"),
    JobState.DONE: _("Done"),
    JobState.FAILED: _("Failed"),
    JobState.CANCELLED: _("Cancelled"),
}


def my_activities() -> Select[Any]:
    return select(Activity).where(Activity.user_id == current_user.id)


def my_files() -> Select[Any]:
    """Those that are complete and still offered."""
    return select(File).where(
        File.for_user_id == current_user.id,
        File.sha256.is_not(None),
        File.expires_at > utcnow(),
    )


def _activity_url(work: Activity) -> str:
    return url_for(
        "activities.activity", org=current_organisation().public_id, public_id=work.public_id
    )


def file_url(file: File) -> str:
    return url_for(
        "activities.fetch", org=current_organisation().public_id, public_id=file.public_id
    )


ACTIVITIES = Listing(
    name="activities",
    model=Activity,
    columns=[
        Column("title", _("What"), link=_activity_url),
        Column(
            "state",
            _("State"),
            value=lambda work: str(STATES[JobState(work.state)]),
            cell="activities/cells.html#state",
            main=True,
        ),
        Column("finished", _("Finished"), "number"),
        Column("total", _("Of"), "number", value=lambda work: work.total or None),
        Column("created_at", _("Begun"), "time", sort=Activity.created_at, first_descending=True),
        Column("ended_at", _("Ended"), "time"),
    ],
    default_sort="-created_at",
    total=lambda n, shown: ngettext("%(shown)s activity", "%(shown)s activities", n, shown=shown),
    filters=[
        Choice(
            "state",
            _("State"),
            Activity.state,
            [Option(state.value, words, state.value) for state, words in STATES.items()],
        )
    ],
    row_name=lambda work: work.title,
)

DOWNLOADS = Listing(
    name="downloads",
    model=File,
    columns=[
        Column("name", _("File"), link=file_url),
        Column("kind", _("Kind"), value=lambda file: str(kind_of(file).label), main=True),
        Column("size_bytes", _("Bytes"), "number"),
        Column("created_at", _("Made"), "time", sort=File.created_at, first_descending=True),
        Column("expires_at", _("Offered until"), "time"),
    ],
    default_sort="-created_at",
    total=lambda n, shown: ngettext("%(shown)s file", "%(shown)s files", n, shown=shown),
    row_name=lambda file: file.name,
)
