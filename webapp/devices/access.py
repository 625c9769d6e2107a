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
from webapp.devices.models import Credential

ENROLMENT = "enrol"
USED_EVERY = timedelta(minutes=1)
_SHAPE = re.compile(r"op_([a-z]{2,16})_([a-z0-9]{12})_([A-Za-z0-9_-]{43})")


@dataclass(frozen=True)
class Bearer:
    """A device's endpoint: `@allow(Bearer("till"))`. It acts for its own organisation, never those below."""

    kind: str
    carries_proof = True

    def enforce(self) -> None:
        credential = _shown(self.kind)
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


def _shown(kind: str) -> Credential | None:
    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    match = _SHAPE.fullmatch(text.strip())
    if scheme.lower() != "bearer" or match is None or match[1] != kind:
        return None
    with unscoped("whose credential is this"):
        row = db.session.scalar(
            select(Credential).where(
                Credential.public_id == match[2],
                Credential.kind == kind,
                Credential.revoked_at.is_(None),
            )
        )
    if row is None or not hmac.compare_digest(row.secret_digest, digest(match[3])):
        return None
    now = utcnow()
    if row.last_used_at is None or now - row.last_used_at > USED_EVERY:
        row.last_used_at = now
    return row
