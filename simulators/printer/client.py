"""A small SNMP manager over UDP: enough to read a printer from beginning to end."""

import itertools
import random
import socket
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Self

from simulators.printer.ber import BerError
from simulators.printer.messages import (
    Message,
    Pdu,
    PduType,
    Status,
    VarBind,
    Version,
    decode_message,
    request,
)
from simulators.printer.oids import Oid, is_below
from simulators.printer.values import Type

_NOTHING = (Type.NO_SUCH_OBJECT, Type.NO_SUCH_INSTANCE, Type.END_OF_MIB_VIEW, Type.NULL)
_ROWS_A_BULK = 25


class NoAnswerError(OSError):
    """The printer did not answer in time, however often it was asked."""


class BrokenAnswerError(OSError):
    """The printer answered with an error, or something that can't be walked on from."""


@dataclass(frozen=True, kw_only=True)
class Target:
    host: str
    port: int = 161
    community: str = "public"
    version: Version = Version.V2C
    timeout_seconds: float = 1.0
    retries: int = 2


class Manager:
    """Asks one printer. `with Manager(target) as printer: printer.get(oid)`."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self._bulk = target.version is not Version.V1
        self._ids = itertools.count(random.randrange(1, 2**30))

    def __enter__(self) -> Self:
        family, kind, _, _, address = socket.getaddrinfo(
            self.target.host, self.target.port, type=socket.SOCK_DGRAM
        )[0]
        self._socket = socket.socket(family, kind)
        self._socket.connect(address)
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def get(self, oid: Oid) -> VarBind | None:
        """None where the printer has no such object."""
        return next((found for found in self._ask(PduType.GET, oid).varbinds if _is(found)), None)

    def walk(self, root: Oid) -> Iterator[VarBind]:
        """All objects of a subtree, in order; `root` may also be one object.

        What was read before an error has been yielded.
        """
        last = root
        for oid, value in self._after(root):
            if not is_below(oid, root):
                break
            if oid <= last:
                raise BrokenAnswerError("the printer's objects go backwards")
            last = oid
            yield oid, value
        if last == root and (found := self.get(root)):
            yield found

    def _after(self, oid: Oid) -> Iterator[VarBind]:
        while batch := self._following(oid):
            yield from batch
            oid = batch[-1][0]

    def _following(self, oid: Oid) -> list[VarBind]:
        """The next objects, none at the end of all. A GETBULK is tried once: many never answer it."""
        try:
            return self._next(oid)
        except OSError:
            if not self._bulk:
                raise
        self._bulk = False
        return self._next(oid)

    def _next(self, oid: Oid) -> list[VarBind]:
        kind, rows = (PduType.GETBULK, _ROWS_A_BULK) if self._bulk else (PduType.GETNEXT, 0)
        answer = self._ask(kind, oid, index=rows)
        return list(itertools.takewhile(_is, answer.varbinds))

    def _ask(self, kind: PduType, oid: Oid, *, index: int = 0) -> Pdu:
        answer = self._exchange(request(kind, next(self._ids), oid, index=index))
        if answer.status == Status.NO_SUCH_NAME:
            return replace(answer, varbinds=())
        if answer.status != Status.NO_ERROR:
            raise BrokenAnswerError(f"the printer answers with error {answer.status}")
        return answer

    def _exchange(self, pdu: Pdu) -> Pdu:
        packet = Message(self.target.version, self.target.community.encode(), pdu).encoded()
        tries = 1 if pdu.type is PduType.GETBULK else self.target.retries + 1
        for _ in range(tries):
            try:
                self._socket.send(packet)
                return self._answer_to(pdu.request_id)
            except (TimeoutError, ConnectionError):
                continue
        raise NoAnswerError(f"no answer from {self.target.host} port {self.target.port}")

    def _answer_to(self, request_id: int) -> Pdu:
        """Late answers to earlier questions and rubbish are passed over."""
        self._socket.settimeout(self.target.timeout_seconds)
        for _ in range(16):
            try:
                message = decode_message(self._socket.recv(65_535))
            except BerError:
                continue
            if message.pdu.request_id == request_id and message.pdu.type is PduType.RESPONSE:
                return message.pdu
        raise TimeoutError


def _is(varbind: VarBind) -> bool:
    return varbind[1].type not in _NOTHING
