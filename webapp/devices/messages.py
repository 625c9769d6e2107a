"""What devices said and how they were answered, for who helps them (P-43): written aside, so that refusals stand too.

Of a message only its size is kept. Whoever shows a credential that is not good any more leaves a line at the
credential it names, so that "why does it not work" has an answer.
"""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import structlog
from flask import Flask, Response, g, request
from sqlalchemy import delete, func, select
from sqlalchemy.exc import SQLAlchemyError

from webapp.core.clock import utcnow
from webapp.core.db import aside, commit, db
from webapp.core.jobs import sweep
from webapp.core.tenancy import unscoped
from webapp.devices.models import Credential, DeviceMessage

log = structlog.get_logger(__name__)

KEPT = timedelta(days=7)
KEPT_OF_ONE = 50
LONGEST_CAUSE = 300
LONGEST_PROGRAM = 120
LARGEST_OFFSET = timedelta(days=3650)
_NAMED = re.compile(r"\s*bearer\s+op_([a-z]{2,16})_([a-z0-9]{12})_", re.IGNORECASE)


def init_app(app: Flask) -> None:
    app.after_request(_keep)


def speaks_for(device_id: int) -> None:
    """The endpoint has found out which device speaks."""
    g.speaking_device = device_id


def speaks_by(name: str, version: str) -> None:
    """The endpoint has been told the program; else it is what `User-Agent` says."""
    g.speaking_program = f"{name} {version}".strip()


def _keep(response: Response) -> Response:
    if not request.path.startswith("/device/"):
        return response
    try:
        with unscoped("who spoke is the credential's"), aside() as session:
            credential = _credential(session.scalar)
            if credential is not None:
                session.add(_message(credential, response))
    except SQLAlchemyError as error:
        log.warning("device_message_not_kept", error=type(error).__name__)
    return response


def _credential(scalar: object) -> Credential | None:
    """The one that was accepted, else the one whose name was shown."""
    accepted = g.get("credential")
    if accepted is not None:
        found: Credential = accepted
        return found
    named = _NAMED.match(request.headers.get("Authorization", ""))
    if named is None:
        return None
    wanted = select(Credential).where(Credential.public_id == named[2], Credential.kind == named[1])
    return scalar(wanted)  # type: ignore[operator, no-any-return]


def _message(credential: Credential, response: Response) -> DeviceMessage:
    now = utcnow()
    return DeviceMessage(
        organisation_id=credential.organisation_id,
        device_id=g.get("speaking_device", credential.device_id),
        credential_id=credential.id,
        at=now,
        endpoint=f"{request.method} {request.path}"[:200],
        status=response.status_code,
        cause=_cause(credential, response),
        size_bytes=request.content_length or 0,
        took_ms=round((time.perf_counter() - g.get("began", time.perf_counter())) * 1000),
        clock_offset_ms=_clock_offset(now),
        program=_program(),
    )


def _program() -> str:
    said = g.get("speaking_program") or request.headers.get("User-Agent", "")
    return "".join(c for c in said if c.isprintable())[:LONGEST_PROGRAM].strip()


def _cause(credential: Credential, response: Response) -> str:
    """Why it was refused: our code, and the sentence the device was told."""
    if response.status_code < 400:
        return ""
    if response.status_code == 401:
        told = response.get_json(silent=True) or {}
        if told.get("code") == "device_replaced":
            return "device_replaced"
        why = "revoked" if credential.revoked_at is not None else "secret_wrong"
        return f"credential_invalid: {why}"
    told = response.get_json(silent=True) or {}
    code, detail = told.get("code", ""), told.get("detail", "")
    return f"{code}: {detail}"[:LONGEST_CAUSE]


def _clock_offset(now: datetime) -> int | None:
    """Milliseconds by which the sender's `Date` (RFC 9110) is ahead of us; whole seconds by its nature."""
    try:
        theirs = parsedate_to_datetime(request.headers.get("Date", ""))
    except (TypeError, ValueError):
        return None
    moment = theirs if theirs.tzinfo is not None else theirs.replace(tzinfo=UTC)
    try:
        offset = moment - now
    except OverflowError:
        return None
    if abs(offset) > LARGEST_OFFSET:
        return None
    return round(offset.total_seconds() * 1000)


def latest_of_device(device_id: int) -> list[DeviceMessage]:
    """Newest first; of the organisation in scope."""
    return _latest(DeviceMessage.device_id == device_id)


def latest_of_credential(credential_id: int) -> list[DeviceMessage]:
    return _latest(DeviceMessage.credential_id == credential_id)


def _latest(condition: object) -> list[DeviceMessage]:
    return list(
        db.session.scalars(
            select(DeviceMessage)
            .where(condition)  # type: ignore[arg-type]
            .order_by(DeviceMessage.id.desc())
            .limit(KEPT_OF_ONE)
        )
    )


@sweep("device_messages", every_seconds=600)
def forget_old() -> None:
    """After seven days, and of one device (of one credential, while no device is known) all but the last fifty."""
    db.session.execute(delete(DeviceMessage).where(DeviceMessage.at < utcnow() - KEPT))
    whose = func.coalesce(DeviceMessage.device_id, -DeviceMessage.credential_id)
    place = func.row_number().over(partition_by=whose, order_by=DeviceMessage.id.desc())
    placed = select(DeviceMessage.id.label("id"), place.label("place")).subquery()
    too_many = select(placed.c.id).where(placed.c.place > KEPT_OF_ONE)
    db.session.execute(delete(DeviceMessage).where(DeviceMessage.id.in_(too_many)))
    commit()
