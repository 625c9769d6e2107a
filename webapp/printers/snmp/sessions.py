"""SNMP requests through pysnmp: one engine and one event loop a process, made after the fork.

The loop runs in a thread of its own, so that anything (a job, a command, a request) may ask without
having a loop. Requests give an Answer, never an exception: printers misbehave as a matter of course.
"""

import asyncio
import ipaddress
import os
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, TypeVar

from pyasn1.error import PyAsn1Error
from pysnmp.error import PySnmpError
from pysnmp.hlapi.v3arch.asyncio import (
    CommunityData,
    ContextData,
    ObjectIdentity,
    ObjectType,
    SnmpEngine,
    Udp6TransportTarget,
    UdpTransportTarget,
    bulk_cmd,
    get_cmd,
    next_cmd,
)
from pysnmp.proto.errind import RequestTimedOut

from webapp.printers.snmp.raw import BadReading, RawValue, make_value

# Why a request brought nothing.
SILENT, LATE, GARBLED, REFUSED = "silent", "late", "garbled", "refused"
TOO_BIG, NO_SUCH_NAME = "tooBig", "noSuchName"
_STATUSES: Final = {1: TOO_BIG, 2: NO_SUCH_NAME}
# Kinds that no reading holds: there is nothing (more), there is something of no known type.
END, UNREADABLE = "end", "unreadable"

MAX_OUTSTANDING: Final = 64  # requests on the one socket
# Class and number of the ASN.1 tag (RFC 2578) → type of a RawValue.
_KINDS: Final = {
    (0, 2): "integer",
    (0, 4): "string",
    (0, 6): "oid",
    (64, 0): "ip",
    (64, 1): "counter32",
    (64, 2): "gauge32",
    (64, 3): "timeticks",
    (64, 4): "opaque",
    (64, 6): "counter64",
}
_CONTEXT: Final = 128  # noSuchObject, noSuchInstance, endOfMibView

T = TypeVar("T")


class UnknownHost(Exception):
    """The name has no address."""


@dataclass(frozen=True)
class Target:
    """Where and how to ask. An empty `version` is v2c, and v1 where only that is answered."""

    host: str
    port: int = 161
    community: str = "public"
    version: str = ""  # "", "1", "2c"
    timeout_seconds: float = 1.5
    retries: int = 1


@dataclass(frozen=True)
class Answer:
    varbinds: tuple[tuple[str, RawValue], ...] = ()
    error: str = ""

    def values(self) -> Iterator[tuple[str, RawValue]]:
        return ((oid, raw) for oid, raw in self.varbinds if raw.kind not in (END, UNREADABLE))

    def rows(self) -> Iterator[tuple[tuple[int, ...], str, RawValue]]:
        for oid, raw in self.varbinds:
            yield tuple(map(int, oid.split("."))), oid, raw


@dataclass
class Field:
    """What a process needs to speak SNMP."""

    engine: SnmpEngine
    outstanding: asyncio.Semaphore


class Session:
    """Requests to one printer, in one version, until a deadline of the event loop's clock."""

    def __init__(
        self, wire: Field, version: str, auth: Any, transport: Any, deadline: float
    ) -> None:
        self.version = version
        self._wire, self._auth, self._transport = wire, auth, transport
        self._deadline = deadline

    async def get(self, oids: Sequence[str]) -> Answer:
        return await self._ask(get_cmd, *map(_asked, oids))

    async def get_next(self, oid: str) -> Answer:
        return await self._ask(next_cmd, _asked.__wrapped__(oid))

    async def get_bulk(self, oid: str, repetitions: int) -> Answer:
        return await self._ask(bulk_cmd, 0, repetitions, _asked.__wrapped__(oid))

    async def _ask(self, command: Callable[..., Awaitable[Any]], *arguments: Any) -> Answer:
        left = self._deadline - asyncio.get_running_loop().time()
        if left <= 0:
            return Answer(error=LATE)
        wire = self._wire
        try:
            async with asyncio.timeout(left), wire.outstanding:
                said = await command(
                    wire.engine,
                    self._auth,
                    self._transport,
                    ContextData(),
                    *arguments,
                    lookupMib=False,
                )
        except TimeoutError:
            return Answer(error=LATE)
        except (PySnmpError, PyAsn1Error):
            return Answer(error=GARBLED)
        return _answer(*said)


async def open_session(wire: Field, target: Target, version: str, deadline: float) -> Session:
    """Raises UnknownHost."""
    model = 0 if version == "1" else 1
    auth = CommunityData(target.community, mpModel=model)
    address, is_ipv6 = await _resolve(target)
    kind = Udp6TransportTarget if is_ipv6 else UdpTransportTarget
    transport = await kind.create(
        (address, target.port), timeout=target.timeout_seconds, retries=target.retries
    )
    return Session(wire, version, auth, transport, deadline)


def run(work: Callable[[Field], Awaitable[T]]) -> T:
    """Runs a coroutine on this process's SNMP loop and waits for it."""

    async def on_the_loop() -> T:
        return await work(_field(asyncio.get_running_loop()))

    return asyncio.run_coroutine_threadsafe(on_the_loop(), _loop()).result()


async def _resolve(target: Target) -> tuple[str, bool]:
    try:
        found = await asyncio.get_running_loop().getaddrinfo(
            target.host, target.port, type=socket.SOCK_DGRAM
        )
    except (OSError, UnicodeError):
        raise UnknownHost(target.host) from None
    address = str(found[0][4][0])
    return address, ipaddress.ip_address(address.partition("%")[0]).version == 6


@lru_cache(maxsize=512)
def _asked(oid: str) -> ObjectType:
    """A varbind to ask for, built once; pysnmp keeps it resolved after its first use."""
    return ObjectType(ObjectIdentity(oid))


def _answer(indication: Any, status: Any, _index: Any, varbinds: Any) -> Answer:
    if indication:
        return Answer(error=SILENT if isinstance(indication, RequestTimedOut) else GARBLED)
    if int(status):
        return Answer(error=_STATUSES.get(int(status), REFUSED))
    return Answer(tuple((str(name), _raw(value)) for name, value in varbinds))


def _raw(value: Any) -> RawValue:
    tag = value.tagSet.superTags[-1]
    kind = _KINDS.get((tag.tagClass, tag.tagId))
    if kind is None:
        return RawValue(END if tag.tagClass == _CONTEXT else UNREADABLE, "")
    try:
        return make_value(kind, _plain(kind, value))
    except BadReading:
        return RawValue(UNREADABLE, "")


def _plain(kind: str, value: Any) -> str | int:
    if kind in ("string", "opaque"):
        return bytes(value).hex()
    if kind == "ip":
        return ".".join(map(str, bytes(value)))
    return str(value) if kind == "oid" else int(value)


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
        _made = Field(SnmpEngine(), asyncio.Semaphore(MAX_OUTSTANDING))
    return _made


def _forget() -> None:
    """In a forked child the loop's thread is gone and the socket is the parent's."""
    global _guard, _running, _made
    _guard, _running, _made = threading.Lock(), None, None


os.register_at_fork(after_in_child=_forget)
