"""Site agents as administrators set them up, and as they enrol."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select, update

from webapp.audit import log as audit
from webapp.core.clock import utcnow
from webapp.core.db import commit, db, new_public_id
from webapp.core.errors import Problem
from webapp.core.jobs import sweep
from webapp.core.names import sort_name
from webapp.core.principal import CLOCK, acting, acting_as
from webapp.core.tenancy import scope, unscoped
from webapp.devices import presence
from webapp.devices.access import issue
from webapp.devices.models import (
    Credential,
    Device,
    DeviceKind,
    DeviceState,
    Liveness,
    Ownership,
)
from webapp.printers.agents.messages import Enrolled, Enrolment, OnePrinter, Wanted
from webapp.printers.agents.models import PrinterAgent
from webapp.printers.conditions import AGENT_SILENT, observe_agent
from webapp.printers.events import PrinterEvent
from webapp.printers.models import PolledBy, Printer
from webapp.printers.polling.bans import Bans

AGENT: Final = "agent"
SETUP: Final = "agentsetup"
"""Kinds of credentials: the agent's own, and the token that is good for one installation."""
TOKEN_LIVES: Final = timedelta(days=7)
LOST_AFTER: Final = timedelta(minutes=15)
MOST_OFF: Final = 2000


@dataclass(frozen=True, kw_only=True)
class AgentFacts:
    name: str
    quick_minutes: int = 5
    full_hours: int = 6
    search_hours: int = 24


def add_agent(
    facts: AgentFacts, *, organisation_id: int, now: datetime
) -> tuple[PrinterAgent, str]:
    """The agent and its enrolment token, which is told this once."""
    device = Device(
        public_id=new_public_id(),
        organisation_id=organisation_id,
        kind=DeviceKind.PRINTER_AGENT,
        name=facts.name,
        state=DeviceState.NOT_SET_UP,
        created_at=now,
    )
    db.session.add(device)
    db.session.flush()
    db.session.add(Ownership(device_id=device.id, organisation_id=organisation_id, began_at=now))
    agent = PrinterAgent(
        id=device.id, public_id=device.public_id, organisation_id=organisation_id, created_at=now
    )
    _set(agent, facts)
    db.session.add(agent)
    db.session.flush()
    _record(PrinterEvent.AGENT_ADDED, agent)
    return agent, _new_token(agent, now)


def change_agent(agent: PrinterAgent, facts: AgentFacts) -> None:
    before = agent.name
    if not _set(agent, facts):
        return
    device = db.session.scalars(select(Device).where(Device.id == agent.id)).one()
    if before != agent.name:
        device.name = agent.name
    _record(PrinterEvent.AGENT_CHANGED, agent)


def switch_agent(agent: PrinterAgent, *, active: bool) -> None:
    """Switched off it reads nothing, and still says that it lives."""
    if agent.active != active:
        agent.active = active
        _record(PrinterEvent.AGENT_CHANGED, agent, active=active)


def set_up_anew(agent: PrinterAgent, *, now: datetime) -> str:
    """Another token, for another installation: what was there before is shut out."""
    _revoke(agent, now)
    agent.install_id = agent.enrolled_at = None
    set_state(agent, DeviceState.NOT_SET_UP)
    observe_agent(agent, is_silent=False, now=now)
    return _new_token(agent, now)


def revoke_agent(agent: PrinterAgent, *, now: datetime) -> None:
    """Its credential is no good from the commit on: the agent stops at its next message."""
    _revoke(agent, now)
    agent.install_id = agent.enrolled_at = None
    set_state(agent, DeviceState.NOT_SET_UP)
    observe_agent(agent, is_silent=False, now=now)
    _record(PrinterEvent.AGENT_REVOKED, agent)


def enrol(message: Enrolment, token: Credential, *, now: datetime) -> Enrolled:
    """The first installation that shows the token gets the credential; the same one may ask again, since answers
    are lost on the way."""
    agent = _held(token.device_id)
    install_id = str(message.install_id)
    if agent.install_id not in (None, install_id):
        words = "Another installation has used this token. Make a new one on the agent's page in the portal."
        raise Problem(409, "token_used", words)
    if now - token.created_at > TOKEN_LIVES:
        words = (
            "The token is older than seven days. Make a new one on the agent's page in the portal."
        )
        raise Problem(410, "token_expired", words)
    _revoke(agent, now, kinds=(AGENT,))
    row, text = issue(
        AGENT,
        organisation_id=agent.organisation_id,
        name=agent.name,
        created_by=acting().label,
        now=now,
        device_id=agent.id,
    )
    db.session.flush()
    agent.install_id, agent.enrolled_at, agent.host = install_id, now, message.host
    agent.program = f"{message.app.name} {message.app.version}".strip()
    heard(agent, now=now)
    _record(PrinterEvent.AGENT_ENROLLED, agent, credential=row.public_id)
    return Enrolled(agent.public_id, agent.name, text)


def agent_of(credential: Credential) -> PrinterAgent:
    """Its row is held: an agent's messages come one after the other."""
    return _held(credential.device_id)


def heard(agent: PrinterAgent, *, now: datetime) -> None:
    was_silent = agent.state == DeviceState.OFFLINE
    set_state(agent, DeviceState.ONLINE)
    presence.mark_seen(
        agent.id, organisation_id=agent.organisation_id, lost_after=LOST_AFTER, now=now
    )
    if was_silent:
        observe_agent(agent, is_silent=False, now=now)


def wanted_of(agent: PrinterAgent) -> Wanted:
    """What the agent fetches: rates, and what it must leave alone."""
    off = db.session.execute(
        select(Printer.serial, Printer.address)
        .where(Printer.agent_id == agent.id, Printer.polled_by != PolledBy.AGENT)
        .order_by(Printer.id)
        .limit(MOST_OFF)
    )
    return Wanted(
        name=agent.name,
        on=agent.active,
        quick_minutes=agent.quick_minutes,
        full_hours=agent.full_hours,
        search_hours=agent.search_hours,
        never=Bans().of(agent.organisation_id),
        off=[OnePrinter(row.serial or "", str(row.address or "")) for row in off],
    )


@sweep("printer agents", every_seconds=60)
def notice_silent_agents() -> None:
    now = utcnow()
    with unscoped("agents of all organisations that fell silent"):
        silent = db.session.scalars(
            select(PrinterAgent)
            .join(Liveness, Liveness.device_id == PrinterAgent.id)
            .where(
                PrinterAgent.enrolled_at.is_not(None),
                Liveness.last_seen_at < now - LOST_AFTER,
            )
            .order_by(PrinterAgent.id)
        ).all()
    for agent in silent:
        with scope(agent.organisation_id), acting_as(CLOCK):
            set_state(agent, DeviceState.OFFLINE)
            observe_agent(agent, is_silent=True, now=now)
            commit()


def set_state(agent: PrinterAgent, state: DeviceState) -> None:
    if agent.state == state:
        return
    agent.state = state
    device = db.session.scalars(select(Device).where(Device.id == agent.id)).one()
    device.state = state


def _held(agent_id: int | None) -> PrinterAgent:
    found: PrinterAgent = db.session.scalars(
        select(PrinterAgent)
        .where(PrinterAgent.id == agent_id)
        .with_for_update(of=PrinterAgent)
        .execution_options(populate_existing=True)
    ).one()
    return found


def _set(agent: PrinterAgent, facts: AgentFacts) -> bool:
    values = {
        "name": facts.name,
        "sort_name": sort_name(facts.name),
        "quick_minutes": facts.quick_minutes,
        "full_hours": facts.full_hours,
        "search_hours": facts.search_hours,
    }
    changed = {name: value for name, value in values.items() if getattr(agent, name) != value}
    for name, value in changed.items():
        setattr(agent, name, value)
    return bool(changed)


def _new_token(agent: PrinterAgent, now: datetime) -> str:
    _row, text = issue(
        SETUP,
        organisation_id=agent.organisation_id,
        name=agent.name,
        created_by=acting().label,
        now=now,
        device_id=agent.id,
    )
    db.session.flush()
    return text


def _revoke(agent: PrinterAgent, now: datetime, *, kinds: tuple[str, ...] = (AGENT, SETUP)) -> None:
    db.session.execute(
        update(Credential)
        .where(
            Credential.device_id == agent.id,
            Credential.kind.in_(kinds),
            Credential.revoked_at.is_(None),
        )
        .values(revoked_at=now)
        .execution_options(synchronize_session=False)
    )


def _record(event: PrinterEvent, agent: PrinterAgent, **detail: object) -> None:
    audit.record(
        event,
        organisation_id=agent.organisation_id,
        kind="printer_agent",
        id=agent.public_id,
        label=agent.name,
        detail=detail,
    )


__all__ = [
    "AGENT",
    "AGENT_SILENT",
    "LOST_AFTER",
    "SETUP",
    "AgentFacts",
    "add_agent",
    "agent_of",
    "change_agent",
    "enrol",
    "heard",
    "notice_silent_agents",
    "revoke_agent",
    "set_state",
    "set_up_anew",
    "switch_agent",
    "wanted_of",
]
