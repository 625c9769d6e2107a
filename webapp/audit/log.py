"""Writing the log. Events are collected during a request and written as its last statements (decision 10)."""

from __future__ import annotations

import secrets
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from webapp.audit import chain
from webapp.audit.events import AuditEvent
from webapp.audit.models import AuditHead, AuditRow
from webapp.core.clock import utcnow
from webapp.core.crypto import derived_key
from webapp.core.db import aside, db
from webapp.core.principal import Principal, acting
from webapp.core.tenancy import unscoped


@dataclass(frozen=True)
class Happening:
    """One thing that happened, waiting for the end of its transaction."""

    organisation_id: int
    event: AuditEvent
    by: Principal
    object_kind: str
    object_id: str
    object_label: str
    detail: dict[str, Any]

    def payload(self) -> dict[str, Any]:
        """What may have to be erased later."""
        return {
            "actor": self.by.label,
            "via": self.by.via,
            "object": self.object_label,
            "detail": self.detail,
        }


def record(
    event: AuditEvent,
    *,
    organisation_id: int,
    kind: str,
    id: object,  # noqa: A002 - the object's id is its id
    label: str = "",
    detail: dict[str, Any] | None = None,
    by: Principal | None = None,
    session: Session | None = None,
) -> None:
    """Note that something happened. It stands in the log exactly when the transaction stands.

    A bulk act is one row: give the children as a list in `detail`. Secrets never belong in `detail`.
    """
    happening = Happening(
        organisation_id, event, by or acting(), kind, str(id), label, detail or {}
    )
    (session or db.session()).info.setdefault("audit", []).append(happening)


def record_aside(event: AuditEvent, **facts: Any) -> None:
    """For what must stand though the request is refused: failed sign-ins, refused downloads."""
    with aside() as session:
        record(event, session=session, **facts)


def write_collected(session: Session) -> None:
    """The last statements before the commit: heads locked in order of organisation, rows chained."""
    happenings: list[Happening] = session.info.pop("audit", [])
    if not happenings:
        return
    by_organisation: dict[int, list[Happening]] = defaultdict(list)
    for happening in happenings:
        by_organisation[happening.organisation_id].append(happening)
    now = utcnow()
    with unscoped("the audit chain of whoever acted"):
        for organisation_id in sorted(by_organisation):
            _append(session, organisation_id, by_organisation[organisation_id], now)


def _append(
    session: Session, organisation_id: int, happenings: list[Happening], now: datetime
) -> None:
    head = _locked_head(session, organisation_id, now)
    previous, seq, rows = head.hash, head.seq, []
    for happening in happenings:
        seq += 1
        row = _row(happening, organisation_id, seq, now, previous)
        previous = row["hash"]
        rows.append(row)
    session.execute(insert(AuditRow.__table__), rows)  # type: ignore[arg-type]
    head.seq, head.hash, head.at = seq, previous, now
    head.seal = chain.seal_head(derived_key("audit-seal"), organisation_id, seq, previous)
    session.flush()


def _locked_head(session: Session, organisation_id: int, now: datetime) -> AuditHead:
    locked = select(AuditHead).where(AuditHead.organisation_id == organisation_id).with_for_update()
    head = session.scalar(locked.execution_options(populate_existing=True))
    if head is not None:
        return head
    first = {
        "organisation_id": organisation_id,
        "seq": 0,
        "hash": chain.START,
        "seal": chain.seal_head(derived_key("audit-seal"), organisation_id, 0, chain.START),
        "at": now,
    }
    session.execute(upsert(AuditHead.__table__).values(first).on_conflict_do_nothing())  # type: ignore[arg-type]
    return session.scalars(locked.execution_options(populate_existing=True)).one()


def _row(
    happening: Happening, organisation_id: int, seq: int, now: datetime, previous: bytes
) -> dict[str, Any]:
    payload, salt = happening.payload(), secrets.token_bytes(16)
    commitment = chain.commit_to(payload, salt)
    facts = {
        "organisation_id": organisation_id,
        "seq": seq,
        "at": now,
        "event": happening.event.value,
        "actor_kind": happening.by.kind.value,
        "actor_id": happening.by.id,
        "object_kind": happening.object_kind,
        "object_id": happening.object_id,
    }
    return {
        **facts,
        "payload": payload,
        "salt": salt,
        "commitment": commitment,
        "previous": previous,
        "hash": chain.link(previous, facts, commitment),
    }
