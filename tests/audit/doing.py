"""An event of the tests, and a way of letting it happen."""

from __future__ import annotations

from tests.cast import World
from webapp.audit.events import AuditEvent
from webapp.audit.log import record
from webapp.core.db import commit
from webapp.core.principal import Actor, Principal, acting_as
from webapp.core.tenancy import unscoped

SOMEBODY = Principal(Actor.USER, 1, "Somebody", via="192.0.2.7")


class Doing(AuditEvent):
    DONE = "tests:thing:done", "Thing done"
    OTHER = "tests:thing:other", "Other thing"


def do(
    world: World, organisation_id: int, event: Doing, thing: str, by: Principal = SOMEBODY
) -> None:
    """One transaction with one entry."""
    with world.portal.app_context(), unscoped("tests"), acting_as(by):
        record(event, organisation_id=organisation_id, kind="thing", id=thing, label=thing.title())
        commit()
