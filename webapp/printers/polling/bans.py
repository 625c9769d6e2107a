"""Models that must not be polled: some fall over, some wake up and never sleep again, some print the question."""

from __future__ import annotations

from flask import current_app
from sqlalchemy import select

from webapp.core.db import db
from webapp.printers.models import Printer
from webapp.printers.polling.models import PollRules


class Bans:
    """The operator's list (`SNMP_NEVER`) and those of the organisations; parts of "maker model" in any case."""

    def __init__(self) -> None:
        never: tuple[str, ...] = current_app.extensions["settings"].snmp_never
        self._everybodys = [words.casefold() for words in never]
        self._own = {
            rules.organisation_id: rules.never for rules in db.session.scalars(select(PollRules))
        }

    def of(self, organisation_id: int) -> list[str]:
        """What is never polled for an organisation; for its site agents, which can't ask."""
        own = (words.casefold() for words in self._own.get(organisation_id, []))
        return sorted({*self._everybodys, *own})

    def forbid(self, printer: Printer) -> bool:
        name = f"{printer.maker} {printer.model}".casefold()
        own = (words.casefold() for words in self._own.get(printer.organisation_id, []))
        return any(words in name for words in (*self._everybodys, *own))
