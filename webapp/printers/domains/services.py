"""Add, check and remove sender domains. A check asks the DNS without holding a transaction."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask_babel import gettext as _
from sqlalchemy import or_, select
from sqlalchemy.exc import IntegrityError

from webapp.audit import log as audit
from webapp.core.crypto import token
from webapp.core.db import commit, db, rollback
from webapp.core.errors import Refusal
from webapp.printers.button_models import DomainState, SenderDomain
from webapp.printers.domains.dns import NoAnswer, txt_records
from webapp.printers.events import PrinterEvent

RECORD = "_outpost"
MOST_DOMAINS = 50
WAITS = timedelta(hours=72)
"""How long a record that is not there yet is waited for: the DNS takes its time."""
GIVEN_UP = timedelta(days=30)
EVERY = {
    DomainState.WAITING: timedelta(minutes=30),
    DomainState.FAILED: timedelta(hours=6),
    DomainState.VERIFIED: timedelta(hours=24),
}
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"(?:{_LABEL}\.)+[a-z](?:[a-z0-9-]{{0,61}}[a-z0-9])")


def record_name(domain: SenderDomain) -> str:
    return f"{RECORD}.{domain.domain}"


def record_value(domain: SenderDomain) -> str:
    return f"outpost-domain={domain.token}"


def domain_of(address: str) -> str:
    """The part after the @, as it stands in the DNS."""
    return _ascii(address.rpartition("@")[2])


def is_verified(address: str) -> bool:
    """Whether the organisation in scope has proved the domain of this address: the very one, not one above it."""
    found = select(SenderDomain.id).where(
        SenderDomain.domain == domain_of(address), SenderDomain.state == DomainState.VERIFIED
    )
    return db.session.scalar(found) is not None


def add_domain(typed: str, *, organisation_id: int, now: datetime) -> SenderDomain:
    """Waiting for its record. Raises `Refusal` for what is no domain, or is there already."""
    name = _ascii(typed.strip().strip(".").removeprefix("@").lower())
    if len(name) > 240 or not _DOMAIN.fullmatch(name):
        raise Refusal(_("This is no domain. Write it as company.com."), field="domain")
    if len(db.session.scalars(select(SenderDomain.id)).all()) >= MOST_DOMAINS:
        words = _("At most %(most)s domains. Remove one that is not used.", most=MOST_DOMAINS)
        raise Refusal(words, field="domain")
    domain = SenderDomain(
        organisation_id=organisation_id, domain=name, token=token(160), created_at=now
    )
    try:
        with db.session.begin_nested():
            db.session.add(domain)
    except IntegrityError as error:
        raise Refusal(_("%(name)s is in the list already.", name=name), field="domain") from error
    _record(PrinterEvent.DOMAIN_ADDED, domain)
    return domain


def remove_domain(domain: SenderDomain) -> None:
    """From this moment mails of its addresses leave from the portal's own again."""
    _record(PrinterEvent.DOMAIN_REMOVED, domain)
    db.session.delete(domain)
    db.session.flush()


@dataclass(frozen=True)
class Question:
    """What is asked of the DNS for one domain; holds no row."""

    number: int
    name: str
    value: str

    @classmethod
    def about(cls, domain: SenderDomain) -> Question:
        return cls(domain.id, record_name(domain), record_value(domain))


def check_domain(question: Question, *, now: datetime) -> None:
    """Look for the record, and note what was found. The DNS is asked between two transactions."""
    rollback()
    try:
        found: list[str] | None = txt_records(question.name)
    except NoAnswer:
        found = None
    statement = select(SenderDomain).where(SenderDomain.id == question.number).with_for_update()
    domain = db.session.scalar(statement)
    if domain is not None:
        _note(domain, found, now)


def check_due(now: datetime) -> None:
    """One after the other, each in its own transaction."""
    for question in [Question.about(domain) for domain in due_domains(now)]:
        check_domain(question, now=now)
        commit()


def due_domains(now: datetime) -> list[SenderDomain]:
    """Those whose last look is too long ago; a failed one is given up after a month."""
    late = [
        (SenderDomain.state == state) & (SenderDomain.checked_at < now - every)
        for state, every in EVERY.items()
    ]
    kept = or_(SenderDomain.state != DomainState.FAILED, SenderDomain.created_at > now - GIVEN_UP)
    return list(
        db.session.scalars(
            select(SenderDomain)
            .where(or_(SenderDomain.checked_at.is_(None), *late), kept)
            .order_by(SenderDomain.checked_at, SenderDomain.id)
            .limit(200)
        )
    )


def _note(domain: SenderDomain, found: list[str] | None, now: datetime) -> None:
    """Silence of the name servers changes nothing: what was verified stays so until the DNS says otherwise."""
    before = domain.state
    domain.checked_at = now
    if found is None:
        domain.problem = "no_answer"
        return
    wrong = [text for text in found if text.startswith("outpost-domain=")]
    if record_value(domain) in (text.strip() for text in found):
        domain.state, domain.problem = DomainState.VERIFIED, ""
        domain.verified_at = domain.verified_at or now
    elif before == DomainState.WAITING and not wrong and now - domain.created_at < WAITS:
        domain.problem = "missing"
    else:
        domain.state, domain.problem = DomainState.FAILED, "wrong" if wrong else "missing"
    if domain.state != before:
        _record(PrinterEvent.DOMAIN_CHECKED, domain, state=domain.state)


def _ascii(name: str) -> str:
    """Letters beyond ASCII as the DNS has them (RFC 5891 by way of Python's codec)."""
    try:
        return name.encode("idna").decode("ascii").lower()
    except UnicodeError:
        return ""


def _record(event: PrinterEvent, domain: SenderDomain, **detail: object) -> None:
    audit.record(
        event,
        organisation_id=domain.organisation_id,
        kind="sender_domain",
        id=domain.public_id,
        label=domain.domain,
        detail=detail,
    )
