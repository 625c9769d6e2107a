"""The demonstration's site agent: it reads the living printers over SNMP, and launches where there is no app."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from flask import current_app
from sqlalchemy import select

from webapp.core.db import after_commit, db
from webapp.orgs.models import Organisation
from webapp.printers import demo_data as data
from webapp.printers.agents.models import PrinterAgent
from webapp.printers.agents.services import AgentFacts, add_agent, set_up_anew

NAME = "Alliance building"
LOCAL = ("localhost", "127.0.0.1")


def seed(acme: Organisation, now: datetime) -> None:
    """The file and the row belong together; where the file is missing, a new token is made."""
    base = current_app.extensions["settings"].base_url
    if config_file().is_file() and _row() is not None:
        return
    if urlsplit(base).scheme != "https" and urlsplit(base).hostname not in LOCAL:
        return
    agent = _row()
    if agent is None:
        facts = AgentFacts(name=NAME, quick_minutes=1, full_hours=1)
        token = add_agent(facts, organisation_id=acme.id, now=now)[1]
    else:
        token = set_up_anew(agent, now=now)
    after_commit(lambda: _write(config_file(), _text(base, token)))


def config_file() -> Path:
    directory: Path = current_app.extensions["settings"].data_dir
    return directory / "demo" / "agent.toml"


def command() -> list[str]:
    return ["python", "-m", "webapp.printers.agent", "--config", str(config_file())]


def _row() -> PrinterAgent | None:
    return db.session.scalar(select(PrinterAgent).where(PrinterAgent.name == NAME))


def _text(base: str, token: str) -> str:
    port = (urlsplit(base).port or 8000) + 100
    living = [m for m in (*data.ALLIANCE, *data.HEAD_OFFICE) if m.living]
    hosts = [f"127.0.0.1:{port + number}" for number in range(len(living))]
    state = config_file().parent / f"agent-{token.split('_')[2]}"
    return (
        f"portal = {json.dumps(base)}\ntoken = {json.dumps(token)}\n"
        f"state = {json.dumps(str(state))}\nhosts = {json.dumps(hosts)}\n"
    )


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_text(text)
