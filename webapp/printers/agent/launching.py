"""The panic button of a printer that has no app: the agent reads it and launches in its place."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from webapp.printers.agent.known import Known
from webapp.printers.agent.portal import APP, Portal
from webapp.printers.agent.printers import Printers
from webapp.printers.agent.state import State
from webapp.printers.snmp.raw import to_wire


@dataclass(frozen=True)
class Launched:
    """Where to go on, and whom to phone when it does not work."""

    url: str
    phone: str


def launch(printer: Known, printers: Printers, portal: Portal, state: State) -> Launched:
    """Also when the printer itself is silent, which is a reason to call. Raises what `Portal` raises."""
    full = printers.read(printer)
    answer = portal.launch(
        {
            "launch_id": str(uuid.uuid4()),
            "app": APP,
            "facts": {"serial": printer.serial or None, "ip": printer.host[:45]},
            "reading": to_wire(full.reading),
            "missing": [f"{gap.subtree} {gap.why}"[:800] for gap in full.gaps[:64]],
        }
    )
    phone = answer.get("support_phone") or ""
    if phone:
        state.write("phone", {"phone": phone})
    return Launched(answer["url"], phone)


def last_phone(state: State) -> str:
    """Of the last launch: what there is when the portal is away."""
    return str(state.read("phone").get("phone", ""))
