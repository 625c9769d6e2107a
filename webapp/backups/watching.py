"""Two of the portal's own alarms (P-44): no backup for long, and a certificate that runs out."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import structlog
from cryptography import x509
from flask_babel import format_timedelta
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select

from webapp.alarms.kinds import ConditionKind, register
from webapp.alarms.models import Severity
from webapp.alarms.portal import SOON, Evidence
from webapp.backups import making
from webapp.backups.models import Backup, BackupState
from webapp.core.db import db
from webapp.orgs.models import Organisation, OrganisationKind

log = structlog.get_logger(__name__)

NO_BACKUP = timedelta(hours=26)
CERTIFICATE_LEFT, CERTIFICATE_LITTLE = timedelta(days=14), timedelta(days=3)
ASKED_EVERY, ASKED_AGAIN = timedelta(hours=6), timedelta(minutes=10)
CONNECT_SECONDS = 3.0


def _backup_words(detail: Mapping[str, Any]) -> str:
    age = format_timedelta(timedelta(seconds=detail.get("seconds", 0)))
    return str(_("No backup has succeeded for %(age)s. The page of the backups says why.", age=age))


def _certificate_words(detail: Mapping[str, Any]) -> str:
    values = {"host": detail.get("host", ""), "day": detail.get("day", "")}
    return str(_("The certificate of %(host)s ends on %(day)s. Renew it.", **values))


BACKUP = register(
    ConditionKind("backup", _l("No recent backup"), _backup_words, SOON, is_portals=True)
)
CERTIFICATE = register(
    ConditionKind(
        "certificate", _l("Certificate runs out"), _certificate_words, SOON, is_portals=True
    )
)


def look_at_backups(now: datetime) -> Evidence | None:
    """Since the last success; on a new portal, since it was set up."""
    if making.settings().backup_at == "off":
        return Evidence(BACKUP, is_bad=False)
    good = select(func.max(Backup.began_at)).where(Backup.state == BackupState.DONE)
    begun = select(func.min(Organisation.created_at)).where(
        Organisation.kind == OrganisationKind.OPERATOR
    )
    since = db.session.scalar(good) or db.session.scalar(begun)
    if since is None:
        return None
    return Evidence(
        BACKUP, now - since > NO_BACKUP, detail={"seconds": int((now - since).total_seconds())}
    )


@dataclass
class _Known:
    """What the last handshake showed: one an hour is enough, and the clock must not wait."""

    address: tuple[str, int] = ("", 0)
    ends_at: datetime | None = None
    ask_at: datetime | None = None


_known = _Known()


def look_at_certificate(now: datetime) -> Evidence | None:
    """None while nothing is known: a portal that can't reach itself says nothing about its certificate."""
    address = _address()
    if address is None:
        return Evidence(CERTIFICATE, is_bad=False)
    if address != _known.address or _known.ask_at is None or now >= _known.ask_at:
        _ask(address, now)
    if _known.ends_at is None:
        return None
    left = _known.ends_at - now
    return Evidence(
        CERTIFICATE,
        left < CERTIFICATE_LEFT,
        Severity.ALARM if left < CERTIFICATE_LITTLE else Severity.WARNING,
        {"host": address[0], "day": _known.ends_at.date().isoformat()},
    )


def _address() -> tuple[str, int] | None:
    parts = urlsplit(making.settings().base_url)
    if parts.scheme != "https" or not parts.hostname:
        return None
    return parts.hostname, parts.port or 443


def _ask(address: tuple[str, int], now: datetime) -> None:
    if address != _known.address:
        _known.address, _known.ends_at = address, None
    try:
        _known.ends_at = end_of_certificate(*address)
        _known.ask_at = now + ASKED_EVERY
    except (OSError, ValueError) as error:
        _known.ask_at = now + ASKED_AGAIN
        log.warning("certificate_not_seen", host=address[0], error=str(error))


def end_of_certificate(host: str, port: int) -> datetime:
    """When it ends, whether or not it is valid: an expired one is just what is looked for."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with (
        socket.create_connection((host, port), timeout=CONNECT_SECONDS) as raw,
        context.wrap_socket(raw, server_hostname=host) as secured,
    ):
        shown = secured.getpeercert(binary_form=True)
    if not shown:
        raise ValueError("the server shows no certificate")
    return x509.load_der_x509_certificate(shown).not_valid_after_utc
