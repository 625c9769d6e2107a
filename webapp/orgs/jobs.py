"""What the clock has done for organisations."""

from webapp.core.clock import utcnow
from webapp.core.db import commit
from webapp.core.jobs import sweep
from webapp.orgs.seeing import end_overdue
from webapp.orgs.services.invitations import expire_invitations


@sweep("invitations", every_seconds=300, queue="quick")
def expire_old_invitations() -> None:
    """Links that ran out say so in the list and in the log."""
    expire_invitations(utcnow())
    commit()


@sweep("seeing as", every_seconds=60, queue="quick")
def end_overdue_seeings() -> None:
    """An operator's look into an organisation ends by itself, and its log says so."""
    end_overdue(now=utcnow())
    commit()
