"""Who waits for long work is told of its end."""

from __future__ import annotations

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from webapp.accounts.models import User
from webapp.core.activities import Activity, when_ended
from webapp.core.clock import utcnow
from webapp.core.db import db
from webapp.core.jobs import JobState
from webapp.core.principal import Actor, Principal, acting_as
from webapp.core.tenancy import unscoped
from webapp.core.web import path_of
from webapp.notices.kinds import Kind, register
from webapp.notices.services import notify
from webapp.orgs.models import Organisation

WORK_ENDED = register(Kind("work_ended", _l("Long work has ended")))
_WORKER = Principal(Actor.JOB, None, "worker")


@when_ended
def tell(work: Activity) -> None:
    """A notification for the person who began it."""
    if work.user_id is None:
        return
    with unscoped("who began this work, and where"):
        user = db.session.scalars(select(User).where(User.id == work.user_id)).one_or_none()
        organisation = db.session.scalars(
            select(Organisation).where(Organisation.id == work.organisation_id)
        ).one()
    if user is None:
        return
    url = path_of("activities.activity", org=organisation.public_id, public_id=work.public_id)
    with acting_as(_WORKER):
        notify(
            [user],
            WORK_ENDED,
            organisation=organisation,
            url=url,
            words=lambda: (work.title, _words(work)),
            now=utcnow(),
        )


def _words(work: Activity) -> str:
    if work.state == JobState.DONE:
        return str(_("Done."))
    if work.state == JobState.CANCELLED:
        return str(_("Cancelled."))
    return str(_("Failed: %(words)s", words=work.last_error or ""))
