"""SNMP requests through pysnmp. They give an Answer, never an exception: printers misbehave as a matter of course."""

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

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
from pysnmp.proto import errind

from webapp.printers.snmp.raw import BadReading, RawValue, make_value
from webapp.printers.snmp.users import V3User
from webapp.printers.snmp.wire import Field

# Why a request brought nothing.
SILENT, LATE, GARBLED, REFUSED = "silent", "late", "garbled", "refused"
TOO_BIG, NO_SUCH_NAME = "tooBig", "noSuchName"
# Why SNMPv3 did not let us in: no further request will fare better.
UNKNOWN_USER, WRONG_SECRET, WRONG_PRIVACY = "unknown_user", "wrong_secret", "wrong_privacy"
WRONG_LEVEL, CLOCK, NOT_ALLOWED = "wrong_level", "clock", "not_allowed"
SHUT_OUT: Final = (UNKNOWN_USER, WRONG_SECRET, WRONG_PRIVACY, WRONG_LEVEL, CLOCK, NOT_ALLOWED)
_STATUSES: Final = {1: TOO_BIG, 2: NO_SUCH_NAME, 16: NOT_ALLOWED}
_INDICATIONS: Final = (
    (errind.RequestTimedOut, SILENT),
    (errind.TooBig, TOO_BIG),
    ((errind.UnknownUserName, errind.UnknownSecurityName), UNKNOWN_USER),
    ((errind.WrongDigest, errind.AuthenticationFailure), WRONG_SECRET),
    (errind.DecryptionError, WRONG_PRIVACY),
    (errind.UnsupportedSecurityLevel, WRONG_LEVEL),
    (errind.NotInTimeWindow, CLOCK),
)
# Kinds that no reading holds: there is nothing (more), there is something of no known type.
END, UNREADABLE = "end", "unreadable"

HOPE_SECONDS: Final = 0.4  # after so long without an answer there may be none
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


class UnknownHost(Exception):
    """The name has no address."""


@dataclass(frozen=True)
class Target:
    """Where and how to ask. An empty `version` is v2c, and v1 where only that is answered.
    With a `user` it is v3 and nothing else."""

    host: str
    port: int = 161
    community: str = field(default="public", repr=False)
    version: str = ""  # "", "1", "2c", "3"
    timeout_seconds: float = 1.5
    retries: int = 1
    user: V3User | None = None

    @property
    def first_version(self) -> str:
        return "3" if self.user else self.version or "2c"

    @property
    def may_be_v1(self) -> bool:
        return not self.version and self.user is None


@dataclass(frozen=True)
class Answer:
    varbinds: tuple[tuple[str, RawValue], ...] = ()
    error: str = ""

    def values(self, asked: Sequence[str]) -> Iterator[tuple[str, RawValue]]:
        """What was asked for, and no more: some printers answer another question."""
        return (
            (oid, raw)
            for oid, raw in self.varbinds
            if raw.kind not in (END, UNREADABLE) and oid in asked
        )

    def rows(self) -> Iterator[tuple[tuple[int, ...], str, RawValue]]:
        for oid, raw in self.varbinds:
            yield tuple(map(int, oid.split("."))), oid, raw


class Session:
    """Requests to one printer, in one version, until a deadline of the event loop's clock."""

    def __init__(
        self, wire: Field, engine: SnmpEngine, auth: Any, transport: Any, deadline: float
    ) -> None:
        self.version = ("1", "2c", "", "3")[auth.message_processing_model]
        self._wire, self._engine = wire, engine
        self._auth, self._transport = auth, transport
        self._deadline = deadline
        self.peer: tuple[str, int] = transport.transport_address[:2]

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
        request = command(
            self._engine,
            self._auth,
            self._transport,
            ContextData(),
            *arguments,
            lookupMib=False,
        )
        try:
            async with asyncio.timeout(left):
                answer = _answer(*await self._in_turn(request))
        except TimeoutError:
            return Answer(error=LATE)
        except (PySnmpError, PyAsn1Error):
            return Answer(error=GARBLED)
        if self.version == "3" and not answer.error:
            self._wire.answered.add(self.peer)
        return answer

    async def _in_turn(self, request: Awaitable[Any]) -> Any:
        """So many at once as the socket's buffer takes answers of. A printer that has been silent for a while is
        unlikely to fill it: it waits on among the hopeless, and the living go on."""
        wire = self._wire
        asking: asyncio.Future[Any] | None = None
        try:
            async with wire.outstanding:
                asking = asyncio.ensure_future(request)
                await asyncio.wait({asking}, timeout=HOPE_SECONDS)
                if asking.done():
                    return asking.result()
                await wire.hopeless.acquire()
            try:
                return await asking
            finally:
                wire.hopeless.release()
        finally:
            _give_up(asking, request)


def _give_up(asking: asyncio.Future[Any] | None, request: Awaitable[Any]) -> None:
    """The time may be over while it waits for its turn, or for its answer."""
    if asking is not None:
        asking.cancel()
    elif asyncio.iscoroutine(request):
        request.close()


async def open_session(wire: Field, target: Target, version: str, deadline: float) -> Session:
    """Raises UnknownHost."""
    user = target.user
    auth = (
        user.as_pysnmp() if user else CommunityData(target.community, mpModel=int(version != "1"))
    )
    address, is_ipv6 = await _resolve(target)
    kind = Udp6TransportTarget if is_ipv6 else UdpTransportTarget
    transport = await kind.create(
        (address, target.port), timeout=target.timeout_seconds, retries=target.retries
    )
    return Session(wire, wire.engine_for(user), auth, transport, deadline)


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
        why = next((why for kinds, why in _INDICATIONS if isinstance(indication, kinds)), GARBLED)
        return Answer(error=why)
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
