"""How long an organisation keeps its data."""

from __future__ import annotations

from webapp.audit import log as audit
from webapp.core.principal import Principal
from webapp.orgs.models import Organisation
from webapp.records.events import RecordEvent


def change_retention(
    organisation: Organisation, *, request_days: int, audit_days: int | None, by: Principal
) -> bool:
    """Takes effect with the next sweep; False when it was so before."""
    wanted = {"request_retention_days": request_days, "audit_retention_days": audit_days}
    changes = {
        name: [getattr(organisation, name), value]
        for name, value in wanted.items()
        if getattr(organisation, name) != value
    }
    for name, (_before, after) in changes.items():
        setattr(organisation, name, after)
    if changes:
        audit.record(
            RecordEvent.RETENTION_CHANGED,
            organisation_id=organisation.id,
            kind="organisation",
            id=organisation.public_id,
            label=organisation.name,
            detail={"changes": changes},
            by=by,
        )
    return bool(changes)
