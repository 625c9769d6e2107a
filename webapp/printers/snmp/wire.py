"""What a process needs to speak SNMP: engines, one event loop and its thread, all made after the fork.

The loop runs in a thread of its own, so that anything (a job, a command, a request) may ask without having a loop.
"""

import asyncio
import os
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final, TypeVar

from pysnmp.hlapi.v3arch.asyncio import SnmpEngine

from webapp.printers.snmp.users import V3User

MAX_OUTSTANDING: Final = 64  # requests on the one socket that may yet be answered
MAX_HOPELESS: Final = 512  # those that nothing came back for yet

T = TypeVar("T")


@dataclass
class Field:
    """What a process needs to speak SNMP.

    A user is registered once. pysnmp knows users by name alone, so a second one of the same name with other
    secrets (two customers call theirs "admin") gets an engine beside the first.
    """

    outstanding: asyncio.Semaphore = field(
        default_factory=lambda: asyncio.Semaphore(MAX_OUTSTANDING)
    )
    hopeless: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(MAX_HOPELESS))
    engines: list[SnmpEngine] = field(default_factory=list)
    users: list[dict[str, V3User | None]] = field(default_factory=list)
    answered: set[tuple[str, int]] = field(default_factory=set)
    """Who answered in v3, since the last time that an engine was given up."""

    def engine_for(self, user: V3User | None) -> SnmpEngine:
        if user is None:
            return self._engine(0)
        for place, known in enumerate(self.users):
            if known.setdefault(user.name, user) == user:
                return self._engine(place)
        self._engine(len(self.users))
        return self.engine_for(user)

    def start_anew(self, user: V3User, peer: tuple[str, int]) -> bool:
        """pysnmp remembers which SNMPv3 engine lives at an address, and never hears another one there (a printer that
        was swapped). Where the one that fell silent had answered before, the user moves to a fresh engine."""
        if peer not in self.answered:
            return False
        self.answered.clear()
        for known in self.users:
            if known.get(user.name) == user:
                known[user.name] = None
        return True

    def _engine(self, place: int) -> SnmpEngine:
        if place == len(self.engines):
            self.engines.append(SnmpEngine())
            self.users.append({})
        return self.engines[place]


def run(work: Callable[[Field], Awaitable[T]]) -> T:
    """Runs a coroutine on this process's SNMP loop and waits for it."""

    async def on_the_loop() -> T:
        return await work(_field(asyncio.get_running_loop()))

    return asyncio.run_coroutine_threadsafe(on_the_loop(), _loop()).result()


_guard = threading.Lock()
_running: asyncio.AbstractEventLoop | None = None
_made: Field | None = None


def _loop() -> asyncio.AbstractEventLoop:
    global _running
    with _guard:
        if _running is None:
            _running = asyncio.new_event_loop()
            # A printer's garbage makes pysnmp raise inside callbacks; the request times out anyway.
            _running.set_exception_handler(lambda _loop, _context: None)
            threading.Thread(target=_running.run_forever, name="snmp", daemon=True).start()
        return _running


def _field(loop: asyncio.AbstractEventLoop) -> Field:
    """Only ever called on the loop."""
    global _made
    if _made is None:
        asyncio.set_event_loop(loop)
        _made = Field()
    return _made


def _forget() -> None:
    """In a forked child the loop's thread is gone and the socket is the parent's."""
    global _guard, _running, _made
    _guard, _running, _made = threading.Lock(), None, None


os.register_at_fork(after_in_child=_forget)
