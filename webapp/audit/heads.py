"""The chains' ends, written out every hour to `DATA_DIR/audit-heads/`, where the database's owner can't reach.

One JSON file a time: {"at": …, "heads": [{"organisation", "seq", "hash", "seal"}]}. Copy the directory elsewhere,
or mount it from elsewhere; `flask audit verify` compares with the newest file.
"""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import structlog
from flask import current_app
from sqlalchemy import select

from webapp.audit.models import AuditHead
from webapp.audit.verification import Witness
from webapp.core.clock import utcnow
from webapp.core.db import db
from webapp.core.drains import sweep
from webapp.core.tenancy import unscoped

log = structlog.get_logger(__name__)

EVERY_SECONDS = 3600
ALL_KEPT_FOR = timedelta(days=14)
NAME = "%Y%m%dT%H%M%S%fZ.json"


class UnreadableHeads(Exception):
    """The newest file of written heads can't be read; the message names it."""


@sweep("audit-heads", every_seconds=EVERY_SECONDS)
def write_heads() -> Path:
    """Write the ends of all chains, whole or not at all; thin out old files to one a day."""
    now = utcnow()
    path = directory() / now.strftime(NAME)
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps({"at": now.isoformat(), "heads": _heads()}, indent=1))
    with fresh.open() as handle:
        os.fsync(handle.fileno())
    fresh.replace(path)
    _thin_out(now)
    return path


def directory() -> Path:
    found: Path = current_app.extensions["settings"].data_dir / "audit-heads"
    found.mkdir(parents=True, exist_ok=True)
    return found


def newest() -> dict[int, Witness]:
    """Organisation → where its chain ended in the newest file; nothing when none was written yet."""
    files = sorted(directory().glob("*.json"))
    if not files:
        return {}
    try:
        entries = json.loads(files[-1].read_text())["heads"]
        return {e["organisation"]: _witness(e) for e in entries}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UnreadableHeads(f"{files[-1]} can't be read: {error!r}") from error


def _witness(entry: dict[str, object]) -> Witness:
    number, seq = entry["organisation"], entry["seq"]
    if not isinstance(number, int) or not isinstance(seq, int):
        raise TypeError("organisation and seq must be numbers")
    return Witness(
        number, seq, bytes.fromhex(str(entry["hash"])), bytes.fromhex(str(entry["seal"]))
    )


def _heads() -> list[dict[str, object]]:
    with unscoped("the ends of all chains are written out"):
        heads = db.session.scalars(select(AuditHead).order_by(AuditHead.organisation_id))
        return [
            {
                "organisation": head.organisation_id,
                "seq": head.seq,
                "hash": head.hash.hex(),
                "seal": head.seal.hex(),
            }
            for head in heads
        ]


def _thin_out(now: datetime) -> None:
    """All files of two weeks stay; of older days the last."""
    old = [p for p in sorted(directory().glob("*.json")) if _is_older(p, now - ALL_KEPT_FOR)]
    for path, following in pairwise(old):
        if path.name[:8] == following.name[:8]:
            path.unlink(missing_ok=True)


def _is_older(path: Path, than: datetime) -> bool:
    try:
        return datetime.strptime(path.name, NAME).replace(tzinfo=UTC) < than
    except ValueError:
        return False
