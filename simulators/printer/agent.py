"""The agent: a UDP socket in a thread of its own, and what stands behind it."""

import contextlib
import random
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, Self

from simulators.printer.ber import BerError
from simulators.printer.messages import (
    Message,
    Pdu,
    PduType,
    Status,
    Version,
    decode_message,
    version_of,
)
from simulators.printer.mischief import Mischief, spoil_packet, spoil_pdu
from simulators.printer.oids import Oid, parse_oid
from simulators.printer.recordings import load_recording
from simulators.printer.responder import respond
from simulators.printer.trees import Tree
from simulators.printer.usm import Engine, Opened, User
from simulators.printer.values import Value

TICK_SECONDS = 0.25
MAX_OCTETS = 1472  # what fits an Ethernet frame: the limit of most printers


class Machine(Protocol):
    """A printer made by code."""

    def objects(self) -> Mapping[Oid, Value]: ...

    def advance(self, seconds: float) -> bool:
        """Lives on for that long; whether anything changed."""
        ...


@dataclass(frozen=True, kw_only=True)
class Manners:
    """How badly a printer answers: shares are from 0 to 1. `mischief` begins after so many good answers."""

    v1_only: bool = False
    v3_only: bool = False
    bulk: bool = True
    delay_seconds: float = 0.0
    lost_share: float = 0.0
    garbled_share: float = 0.0
    max_octets: int = MAX_OCTETS
    mischief: Mischief | None = None
    mischief_after: int = 0

    @property
    def versions(self) -> tuple[int, ...]:
        if self.v3_only:
            return (3,)
        return (0,) if self.v1_only else (0, 1, 3)


class Agent:
    """An SNMP agent on a recording or a machine. `port=0`: any free one, known once it runs.

    with Agent.of_recording(path, overrides={...}) as agent: agent.port
    """

    def __init__(
        self,
        objects: Mapping[Oid, Value] | None = None,
        *,
        machine: Machine | None = None,
        overrides: Mapping[Oid, Value] | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        community: str = "public",
        users: Iterable[User] = (),
        manners: Manners | None = None,
        speed: float = 1.0,
        seed: int | None = None,
    ) -> None:
        self._base = dict(objects or {})
        self._machine, self._speed = machine, speed
        self._overrides = dict(overrides or {})
        self.host, self.port = host, port
        self.community, self.manners = community.encode(), manners or Manners()
        self.engine = Engine(users)
        self.seen: Counter[str] = Counter()
        self._good_answers = 0
        self._chance = random.Random(seed)
        self._stopping = threading.Event()
        self._changing = threading.Lock()
        self._tree = Tree(self._current())

    @classmethod
    def of_recording(cls, path: Path | str, **options: object) -> Self:
        return cls(load_recording(Path(path)), **options)  # type: ignore[arg-type]

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def __len__(self) -> int:
        return len(self._tree)

    def start(self) -> None:
        """Raises OSError where the address can't be had."""
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        try:
            self._socket.bind((self.host, self.port))
        except OSError:
            self._socket.close()
            raise
        self.port = self._socket.getsockname()[1]
        self._socket.settimeout(TICK_SECONDS)
        self._thread = threading.Thread(target=self._serve, name=f"agent:{self.port}", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        if self._stopping.is_set():
            return
        self._stopping.set()
        with contextlib.suppress(OSError):
            self._socket.sendto(b"", (self.host, self.port))
        self._thread.join()
        self._socket.close()

    def set(self, oid: Oid | str, value: Value) -> None:
        """Overrides one object from now on."""
        key = parse_oid(oid) if isinstance(oid, str) else oid
        with self._changing:
            self._overrides[key] = value
            self._tree.replace(self._current())

    def objects(self) -> list[tuple[Oid, Value]]:
        return self._tree.items()

    def change(self, act: Callable[[], object]) -> None:
        """Runs an act on the machine between two of its steps, and shows the outcome at once."""
        with self._changing:
            act()
            self._tree.replace(self._current())

    @contextlib.contextmanager
    def still(self) -> Iterator[None]:
        """The machine does not move meanwhile, so that another thread can look at it."""
        with self._changing:
            yield

    def _current(self) -> dict[Oid, Value]:
        living = self._machine.objects() if self._machine else {}
        return {**self._base, **living, **self._overrides}

    def _serve(self) -> None:
        last = time.monotonic()
        while not self._stopping.is_set():
            with contextlib.suppress(TimeoutError, ConnectionError):
                packet, peer = self._socket.recvfrom(65_535)
                self._answer(packet, peer)
            if self._machine and (now := time.monotonic()) - last >= TICK_SECONDS:
                self._live((now - last) * self._speed)
                last = now

    def _live(self, seconds: float) -> None:
        with self._changing:
            if self._machine and self._machine.advance(seconds):
                self._tree.replace(self._current())

    def _answer(self, packet: bytes, peer: tuple[str, int]) -> None:
        answer = self._reply_to(packet)
        if answer is None or self._chance.random() < self.manners.lost_share:
            self.seen["silent"] += 1
            return
        if self.manners.delay_seconds:
            self._stopping.wait(self.manners.delay_seconds)
        if self._chance.random() < self.manners.garbled_share:
            answer = self._garbled(answer)
        for packet in self._spoilt_packet(answer):
            with contextlib.suppress(OSError):
                self._socket.sendto(packet, peer)
        self._good_answers += 1

    def _reply_to(self, packet: bytes) -> bytes | None:
        try:
            version = version_of(packet)
            if version not in self.manners.versions:
                return None
            return self._v3(packet) if version == 3 else self._by_community(packet)
        except BerError:
            self.seen["malformed"] += 1
            return None

    def _by_community(self, packet: bytes) -> bytes | None:
        message = decode_message(packet)
        if message.community != self.community:
            self.seen["wrong community"] += 1
            return None
        reply = self._reply(message, self.manners.max_octets)
        return Message(message.version, message.community, reply).encoded() if reply else None

    def _v3(self, packet: bytes) -> bytes | None:
        if not self.engine.users:
            return None
        opened = self.engine.open(packet)
        if not isinstance(opened, Opened):
            self.seen["report" if opened else "dropped"] += 1
            return opened
        if not opened.is_allowed:
            self.seen["not allowed"] += 1
            return opened.seal(opened.pdu.refusal(Status.AUTHORIZATION_ERROR))
        asked = Message(Version.V2C, b"", opened.pdu)
        reply = self._reply(asked, min(opened.room, self.manners.max_octets))
        return opened.seal(reply) if reply else None

    def _reply(self, message: Message, max_octets: int) -> Pdu | None:
        self.seen[message.pdu.type.name] += 1
        if message.pdu.type is PduType.GETBULK and not self.manners.bulk:
            return None
        reply = respond(message, self._tree, max_octets=max_octets)
        if reply is None:
            return None
        mischief = self._mischief
        return spoil_pdu(mischief, reply.pdu, message.pdu, self._chance) if mischief else reply.pdu

    @property
    def _mischief(self) -> Mischief | None:
        begun = self._good_answers >= self.manners.mischief_after
        return self.manners.mischief if begun else None

    def _spoilt_packet(self, answer: bytes) -> list[bytes]:
        mischief = self._mischief
        return spoil_packet(mischief, answer, self._chance) if mischief else [answer]

    def _garbled(self, answer: bytes) -> bytes:
        """Cut somewhere, or with octets turned."""
        at = self._chance.randrange(len(answer))
        if self._chance.random() < 0.5:
            return answer[:at]
        return answer[:at] + bytes((answer[at] ^ 0x55,)) + answer[at + 1 :]
