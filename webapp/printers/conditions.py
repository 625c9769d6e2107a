"""A printer's faults as conditions of the alarm engine: what it says once opens nothing, what it keeps saying does."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _l

from webapp.alarms.kinds import ConditionKind, register
from webapp.alarms.models import Severity
from webapp.alarms.services import observe
from webapp.devices.models import DeviceState
from webapp.printers.agents.models import PrinterAgent
from webapp.printers.models import Printer


def _words(detail: Mapping[str, Any]) -> str:
    return str(detail.get("problem") or "")


PRINTER_FAULT = register(ConditionKind("printer_fault", _l("Printer fault"), _words))


def _nothing(detail: Mapping[str, Any]) -> str:
    return ""


PRINTER_SILENT = register(ConditionKind("printer_silent", _l("Printer doesn't answer"), _nothing))


def _agent_words(detail: Mapping[str, Any]) -> str:
    return str(detail.get("name") or "")


AGENT_SILENT = register(
    ConditionKind("printer_agent_silent", _l("Site agent doesn't report"), _agent_words)
)


def observe_silence(printer: Printer, *, is_silent: bool, now: datetime) -> None:
    """After the second poll without an answer, and after the first one with. Many printers sleep: a warning."""
    observe(
        PRINTER_SILENT,
        organisation_id=printer.organisation_id,
        device_id=printer.id,
        is_bad=is_silent,
        severity=Severity.WARNING,
        now=now,
    )


def observe_agent(agent: PrinterAgent, *, is_silent: bool, now: datetime) -> None:
    """A site agent that says nothing: its printers can't be told from healthy ones any more."""
    observe(
        AGENT_SILENT,
        organisation_id=agent.organisation_id,
        device_id=agent.id,
        is_bad=is_silent,
        severity=Severity.ALARM,
        detail={"name": agent.name} if is_silent else None,
        now=now,
    )


def observe_faults(printer: Printer, *, now: datetime) -> None:
    """After a reading: the printer's state has just been brought up to date."""
    alarming = printer.state == DeviceState.ALARM
    observe(
        PRINTER_FAULT,
        organisation_id=printer.organisation_id,
        device_id=printer.id,
        is_bad=alarming or printer.state == DeviceState.WARNING,
        severity=Severity.ALARM if alarming else Severity.WARNING,
        detail={"problem": printer.problem or ""},
        now=now,
    )
