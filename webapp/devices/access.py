"""Access for equipment: a bearer credential, checked against its digest."""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import g, request
from sqlalchemy import select

from webapp.core import principal, tenancy
from webapp.core.budgets import BudgetKind, spend
from webapp.core.clock import utcnow
from webapp.core.crypto import digest, token
from webapp.core.db import db, new_public_id
from webapp.core.errors import Problem
from webapp.core.principal import Actor, Principal
from webapp.core.tenancy import unscoped
from webapp.devices.models import Credential, Replacement

ENROLMENT = "enrol"
USED_EVERY = timedelta(minutes=1)
_SHAPE = re.compile(r"op_([a-z]{2,16})_([a-z0-9]{12})_([A-Za-z0-9_-]{43})")


@dataclass(frozen=True)
class Bearer:
    """A device's endpoint: `@allow(Bearer("till"))`. It acts for its own organisation, never those below.

    `or_kind` is a second kind of credential that opens it: a device's own where an enrolment token does, too.
    """

    kind: str
    or_kind: str = ""
    carries_proof = True

    def enforce(self) -> None:
        credential = _shown(self.kind, self.or_kind)
        if credential is None:
            raise Problem(
                401,
                "credential_invalid",
                "The credential is unknown, revoked, or not for this. Enrol anew or ask the administrator.",
            )
        spend(BudgetKind.DEVICE, credential.id, organisation_id=credential.organisation_id)
        tenancy.enter(tenancy.Scope(credential.organisation_id))
        g.credential = credential
        label = credential.name or f"{credential.kind} {credential.public_id}"
        principal.set_acting(
            Principal(
                Actor.DEVICE,
                credential.id,
                label,
                org=credential.organisation_id,
                via=request.remote_addr,
            )
        )


def current_credential() -> Credential:
    """The credential that this device request showed."""
    credential: Credential = g.credential
    return credential


def issue(
    kind: str,
    *,
    organisation_id: int,
    name: str,
    created_by: str,
    now: datetime,
    device_id: int | None = None,
) -> tuple[Credential, str]:
    """A new credential and its text, which is shown this once and never stored."""
    secret = token()
    row = Credential(
        public_id=new_public_id(),
        organisation_id=organisation_id,
        device_id=device_id,
        kind=kind,
        name=name,
        secret_digest=digest(secret),
        created_at=now,
        created_by=created_by,
    )
    db.session.add(row)
    return row, f"op_{kind}_{row.public_id}_{secret}"


def _shown(*kinds: str) -> Credential | None:
    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    match = _SHAPE.fullmatch(text.strip())
    if scheme.lower() != "bearer" or match is None or match[1] not in kinds:
        return None
    with unscoped("whose credential is this"):
        row = db.session.scalar(
            select(Credential).where(Credential.public_id == match[2], Credential.kind == match[1])
        )
    if row is None or not hmac.compare_digest(row.secret_digest, digest(match[3])):
        return None
    if row.revoked_at is not None:
        _refuse_fenced(row)
        return None
    now = utcnow()
    if row.last_used_at is None or now - row.last_used_at > USED_EVERY:
        row.last_used_at = now
    return row


def _refuse_fenced(row: Credential) -> None:
    """The equipment that was replaced is told so, once it has shown the right secret."""
    if row.replacement_id is None:
        return
    with unscoped("by what was the device replaced"):
        found = db.session.scalar(select(Replacement).where(Replacement.id == row.replacement_id))
    if found is not None:
        raise replaced(found, status=401)


def replaced(found: Replacement, *, status: int = 409) -> Problem:
    """401 for the credential of the old equipment, 409 for its serial number under a token that is good."""
    return Problem(
        status,
        "device_replaced",
        f"This equipment was replaced by {found.new_serial}; it takes no part any more. "
        "If that is a mistake, the administrator replaces it back.",
        replaced_by=found.new_serial,
        replaced_at=found.at.strftime("%Y-%m-%dT%H:%M:%SZ"),
    )
