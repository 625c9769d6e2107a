"""The printers of the networks: found, looked at, read. In a thread of its own; what is read goes to the queue."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
import random
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from webapp.printers.agent.clock import utcnow
from webapp.printers.agent.configuration import Configuration
from webapp.printers.agent.known import Known, Wishes
from webapp.printers.agent.spool import Spool
from webapp.printers.agent.state import State
from webapp.printers.snmp.collect import Collected, Limits, collect_from
from webapp.printers.snmp.decode import decode
from webapp.printers.snmp.discover import discover
from webapp.printers.snmp.quick import Look, chosen, fingerprint, look
from webapp.printers.snmp.raw import to_wire
from webapp.printers.snmp.sessions import Target
from webapp.printers.snmp.wire import Field, run

log = logging.getLogger(__name__)

AT_ONCE: Final = 16
FIRST_PAUSE_SECONDS: Final = 60
LONGEST_PAUSE_SECONDS: Final = 3600


class Printers:
    """All printers of this agent. The lists are read by the sender and by the local page, too."""

    def __init__(self, configuration: Configuration, state: State, spool: Spool) -> None:
        self._configuration, self._state, self._spool = configuration, state, spool
        self._guard = threading.Lock()
        self._looks: dict[str, dict[str, Any]] = {}
        self._search_at = 0.0
        self.wishes = Wishes.of(configuration.rates, state.read("wanted").get("wanted", {}))
        self._known = {printer.key: printer for printer in self._remembered()}

    def all(self) -> list[Known]:
        with self._guard:
            return sorted(self._known.values(), key=lambda p: (p.name or p.model, p.key))

    def find(self, serial: str) -> Known | None:
        wanted = serial.strip().upper()
        return next((p for p in self.all() if p.serial and p.serial == wanted), None)

    def looks(self) -> list[dict[str, Any]]:
        """The last look at each since the portal took them."""
        with self._guard:
            return list(self._looks.values())[:2000]

    def looks_taken(self, looks: Iterable[dict[str, Any]]) -> None:
        """One that is newer than what was sent stays."""
        with self._guard:
            taken = {id(sent) for sent in looks}
            self._looks = {k: made for k, made in self._looks.items() if id(made) not in taken}

    def wish(self, said: Mapping[str, Any]) -> None:
        self.wishes = Wishes.of(self._configuration.rates, said)

    def work(self, stopping: threading.Event) -> None:
        """Until `stopping`; what fails is logged and tried again."""
        while not stopping.wait(0.5):
            try:
                self.step(stopping)
            except Exception:
                log.exception("reading printers failed; going on in a minute")
                stopping.wait(60)

    def step(self, stopping: threading.Event) -> None:
        if not self.wishes.on:
            return
        if time.monotonic() >= self._search_at:
            self.search(stopping)
        due = [p for p in self.all() if p.due_at <= time.monotonic()]
        for some in _at_once(due):
            if stopping.is_set():
                return
            self._ask(some)

    def search(self, stopping: threading.Event) -> None:
        """Each network with each profile in turn; what is known stays known, at its newest address."""
        for printer in self._of_hosts():
            with self._guard:
                self._known.setdefault(printer.key, printer)
        for network in self._configuration.networks:
            for name, how in self._configuration.profiles.items():
                if stopping.is_set():
                    return
                found = discover(network, how)
                log.info("%s with %s: %d printers", network, name, len(found.printers))
                for one in found.printers:
                    identity = one.decoded.identity
                    self._discovered(
                        Known(
                            one.address,
                            one.port,
                            name,
                            version="" if how.user else one.version,
                            serial=identity.serial,
                            maker=identity.maker,
                            model=identity.model,
                        )
                    )
        self._search_at = time.monotonic() + self.wishes.rates.search_hours * 3600
        self._remember()

    def read(self, printer: Known) -> Collected:
        """Everything, now: for the panic button."""
        target = self._target(printer)

        async def ask(wire: Field) -> Collected:
            return await collect_from(wire, target, Limits(total_seconds=20))

        return run(ask)

    def _ask(self, printers: Sequence[Known]) -> None:
        asked = [p for p in printers if not self._pass_over(p)]
        targets = [self._target(p) for p in asked]

        async def together(wire: Field) -> list[tuple[Look | None, Collected | None]]:
            return await asyncio.gather(
                *(_look_or_read(wire, p, t) for p, t in zip(asked, targets, strict=True))
            )

        for printer, (seen, full) in zip(asked, run(together), strict=True):
            self._settle(printer, seen, full)

    def _pass_over(self, printer: Known) -> bool:
        why = self.wishes.forbid(printer)
        if why:
            printer.due_at = time.monotonic() + 300
            self._note(printer, why)
        return bool(why)

    def _settle(self, printer: Known, seen: Look | None, full: Collected | None) -> None:
        error = _error(seen, full)
        if error:
            printer.failures += 1
            pause = FIRST_PAUSE_SECONDS * 2 ** min(printer.failures - 1, 10)
            printer.due_at = time.monotonic() + min(pause, LONGEST_PAUSE_SECONDS)
            if not printer.serial and printer.failures % 2 == 0:
                self._try_another_profile(printer)
            self._note(printer, error)
            return
        printer.failures = 0
        minutes = self.wishes.rates.quick_minutes
        spread = random.uniform(0.9, 1.0)  # noqa: S311 - not all at the same second
        printer.due_at = time.monotonic() + minutes * 60 * spread
        if full is not None:
            self._keep(printer, full)
        self._note(printer, "")

    def _keep(self, printer: Known, full: Collected) -> None:
        decoded = decode(full.reading)
        identity = decoded.identity
        known = (printer.serial, printer.maker, printer.model)
        printer.serial, printer.maker = identity.serial, identity.maker
        printer.model, printer.name = identity.model, identity.name
        printer.location, printer.version = identity.location, full.version
        if printer.version == "3":
            printer.version = ""
        if self.wishes.forbid(printer):
            return
        printer.quick = chosen(full.reading, decoded)
        states = {oid: raw for oid, raw in full.reading.items() if oid in printer.quick}
        printer.fingerprint = fingerprint(states, printer.quick)
        printer.full_at = time.monotonic() + self.wishes.rates.full_hours * 3600
        self._spool.put(
            {
                "measured_at": utcnow().isoformat(),
                "address": printer.host[:45],
                "reading": to_wire(full.reading),
                "gaps": [[gap.subtree[:120], gap.why[:32]] for gap in full.gaps[:64]],
            }
        )
        if known != (printer.serial, printer.maker, printer.model):
            self._remember()

    def _note(self, printer: Known, outcome: str) -> None:
        made = {
            "address": printer.host[:45],
            "asked_at": utcnow().isoformat(),
            "serial": printer.serial[:64],
            "outcome": outcome[:32],
            "failures": printer.failures,
        }
        with self._guard:
            self._looks[printer.key] = made

    def _discovered(self, found: Known) -> None:
        """One that moved to another address is the same printer."""
        with self._guard:
            if found.key in self._known:
                return
            moved = [
                p.key for p in self._known.values() if found.serial and p.serial == found.serial
            ]
            for key in moved:
                del self._known[key]
            self._known[found.key] = found

    def _try_another_profile(self, printer: Known) -> None:
        names = list(self._configuration.profiles)
        place = names.index(printer.profile) if printer.profile in names else -1
        printer.profile, printer.version = names[(place + 1) % len(names)], ""

    def _target(self, printer: Known) -> Target:
        profiles = self._configuration.profiles
        how = profiles.get(printer.profile) or next(iter(profiles.values()))
        return dataclasses.replace(
            how,
            host=printer.host,
            port=printer.port,
            version=how.version or printer.version,
            retries=0 if printer.failures else how.retries,
        )

    def _of_hosts(self) -> Iterator[Known]:
        for host, port in self._configuration.hosts:
            yield Known(host, port, next(iter(self._configuration.profiles)))

    def _remembered(self) -> Iterator[Known]:
        """What it can't make sense of is found again by the next search."""
        for kept in self._state.read("printers").get("printers", []):
            try:
                yield Known(**kept)
            except TypeError:
                log.warning("a remembered printer is passed over: %r", kept)

    def _remember(self) -> None:
        self._state.write("printers", {"printers": [p.kept() for p in self.all()]})


async def _look_or_read(
    wire: Field, printer: Known, target: Target
) -> tuple[Look | None, Collected | None]:
    """A quick look where one is known; everything when it is time, or the look is not as the last one."""
    seen = await look(wire, target, list(printer.quick)) if printer.quick else None
    if seen is not None and seen.error:
        return seen, None
    is_due = printer.full_at <= time.monotonic() or printer.failures > 0
    if seen is None or is_due:
        return seen, await collect_from(wire, target, Limits())
    if fingerprint(seen.reading, printer.quick) == printer.fingerprint:
        return seen, None
    return seen, await collect_from(wire, target, Limits())


def _error(seen: Look | None, full: Collected | None) -> str:
    if full is None:
        return seen.error if seen is not None else "nothing"
    if full.has_answered:
        return ""
    return full.gaps[0].why if full.gaps else "nothing"


def _at_once(printers: Sequence[Known]) -> Iterator[Sequence[Known]]:
    for begin in range(0, len(printers), AT_ONCE):
        yield printers[begin : begin + AT_ONCE]
