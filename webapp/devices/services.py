"""Enrolment tokens: by them an organisation's apps launch and enrol, nothing else."""

from __future__ import annotations

from datetime import datetime

from webapp.audit import log as audit
from webapp.core.db import db
from webapp.core.principal import Principal
from webapp.devices.access import ENROLMENT, issue
from webapp.devices.events import DeviceEvent
from webapp.devices.models import Credential


def create_enrolment_token(
    name: str, *, organisation_id: int, by: Principal, now: datetime
) -> tuple[Credential, str]:
    """The row, and the token's text: told this once, stored as a digest only."""
    row, text = issue(
        ENROLMENT, organisation_id=organisation_id, name=name, created_by=by.label, now=now
    )
    db.session.flush()
    _record(DeviceEvent.ENROLMENT_CREATED, row, by)
    return row, text


def revoke_enrolment_token(row: Credential, *, by: Principal, now: datetime) -> None:
    """No good from the commit on; revoking twice changes nothing."""
    if row.revoked_at is not None:
        return
    row.revoked_at = now
    _record(DeviceEvent.ENROLMENT_REVOKED, row, by)


def _record(event: DeviceEvent, row: Credential, by: Principal) -> None:
    audit.record(
        event,
        organisation_id=row.organisation_id,
        kind="enrolment_token",
        id=row.public_id,
        label=row.name,
        by=by,
    )
