"""What is noted in the audit log about people's accounts, in the log of their first organisation."""

from __future__ import annotations

import structlog

from webapp.accounts.events import AccountEvent
from webapp.accounts.models import User
from webapp.accounts.queries import home_organisation_id
from webapp.accounts.sessions import address_here
from webapp.audit.log import record, record_aside
from webapp.core.principal import Actor, Principal

log = structlog.get_logger(__name__)


def nobody() -> Principal:
    """Whoever is not signed in, at the address they come from."""
    return Principal(Actor.NOBODY, None, "nobody", via=address_here())


def note(
    event: AccountEvent,
    user: User,
    detail: dict[str, object] | None = None,
    *,
    by: Principal | None = None,
) -> None:
    """It stands exactly when the transaction stands. Without `by` the person did it."""
    organisation_id = home_organisation_id(user)
    if organisation_id is None:
        log.warning("audit_without_organisation", audit_event=event.value, user_id=user.id)
        return
    record(
        event,
        organisation_id=organisation_id,
        kind="user",
        id=user.public_id,
        label=user.name,
        detail=detail,
        by=by or Principal(Actor.USER, user.id, user.name, via=address_here()),
    )


def note_refusal(
    user: User | None, reason: str, *, event: AccountEvent = AccountEvent.SESSION_REFUSED
) -> None:
    """Aside, since the request is refused. What was typed as a name is not kept: it may be a password."""
    organisation_id = home_organisation_id(user)
    if organisation_id is None:
        log.warning("sign_in_refused", user_id=user.id if user else None)
        return
    record_aside(
        event,
        organisation_id=organisation_id,
        kind="user",
        id=user.public_id if user else "unknown",
        label=user.name if user else "",
        detail={"reason": reason},
        by=nobody(),
    )
