"""Answers as bad printers give them, on demand: what a reader of printers must survive.

A mischief works on the answer's variables before they are sealed (so it is tried over v3 as well), or on the octets
that leave; `after` lets so many answers go out well before it begins.
"""

import random
from collections.abc import Callable
from dataclasses import replace
from enum import StrEnum

from simulators.printer.ber import tlv
from simulators.printer.messages import Pdu, VarBind
from simulators.printer.oids import Oid
from simulators.printer.values import NULL, Type, Value, integer, string

LARGEST_PACKET = 60_000
FAR_ROW = 1_000_000


class Mischief(StrEnum):
    SILENT = "silent"
    TRUNCATED = "truncated"
    GARBAGE = "garbage"
    NESTED = "nested"
    OVERSIZED = "oversized"
    DUPLICATE = "duplicate"
    WRONG_ID = "wrong-id"
    LOOPING = "looping"
    UNORDERED = "unordered"
    SAME_AGAIN = "same-again"
    ENDLESS = "endless"
    WRONG_TYPES = "wrong-types"
    WRONG_NAMES = "wrong-names"
    NO_VARIABLES = "no-variables"
    MANY_VARIABLES = "many-variables"
    ERRORS = "errors"


def spoil_pdu(kind: Mischief, pdu: Pdu, asked: Pdu, chance: random.Random) -> Pdu:
    """The answer, spoilt where the mischief is one of its content."""
    if kind is Mischief.ENDLESS:
        pdu = replace(pdu, varbinds=tuple((oid, integer(1)) for oid, _ in asked.varbinds))
    act = _ON_PDUS.get(kind)
    return act(pdu, chance) if act else pdu


def spoil_packet(kind: Mischief, packet: bytes, chance: random.Random) -> list[bytes]:
    """The packets that leave instead."""
    act = _ON_PACKETS.get(kind)
    return act(packet, chance) if act else [packet]


def _wrong_id(pdu: Pdu, chance: random.Random) -> Pdu:
    return replace(pdu, request_id=(pdu.request_id + chance.randrange(1, 1000)) % 2**31)


def _looping(pdu: Pdu, chance: random.Random) -> Pdu:
    """Names that end in ever the same few numbers: a walk comes by again and again."""
    return _renamed(pdu, lambda at, bind: (*bind[0][:-1], bind[0][-1] % 3 + at % 3))


def _unordered(pdu: Pdu, chance: random.Random) -> Pdu:
    return replace(pdu, varbinds=tuple(chance.sample(pdu.varbinds, len(pdu.varbinds))))


def _same_again(pdu: Pdu, chance: random.Random) -> Pdu:
    return replace(pdu, varbinds=pdu.varbinds[:1] * max(len(pdu.varbinds), 1))


def _endless(pdu: Pdu, chance: random.Random) -> Pdu:
    """Every answer stays in the subtree asked for, a row further."""
    return _renamed(pdu, lambda _at, bind: _row_further(bind[0]))


def _row_further(asked: Oid) -> Oid:
    return (*asked[:-1], asked[-1] + 1) if asked[-1] >= FAR_ROW else (*asked, FAR_ROW)


def _wrong_types(pdu: Pdu, chance: random.Random) -> Pdu:
    other: tuple[Callable[[], Value], ...] = (
        lambda: integer(chance.randrange(-(2**31), 2**31)),
        lambda: string(chance.randbytes(chance.randrange(40))),
        lambda: Value(Type.OID, b"\x2b\x06\x01"),
        lambda: Value(Type.IP, b"\x7f\x00\x00\x01"),
        lambda: Value(Type.IP, b"\x7f"),
        lambda: Value(Type.COUNTER64, b"\xff" * 9),
        lambda: Value(Type.OPAQUE, b"\x9f\x78\x04"),
        lambda: NULL,
    )
    wrong = tuple((oid, chance.choice(other)()) for oid, _ in pdu.varbinds)
    return replace(pdu, varbinds=wrong)


def _wrong_names(pdu: Pdu, chance: random.Random) -> Pdu:
    return _renamed(pdu, lambda at, bind: (1, 3, 6, 1, 4, 1, 99999, at + 1))


def _many(pdu: Pdu, chance: random.Random) -> Pdu:
    """More variables than were asked for, all in one answer."""
    first = pdu.varbinds[0][0] if pdu.varbinds else (1, 3, 6, 1)
    return replace(pdu, varbinds=tuple(((*first, n), integer(n)) for n in range(2_000)))


def _renamed(pdu: Pdu, name: Callable[[int, VarBind], tuple[int, ...]]) -> Pdu:
    renamed = tuple((name(at, bind), bind[1]) for at, bind in enumerate(pdu.varbinds))
    return replace(pdu, varbinds=renamed)


def _nested(packet: bytes, chance: random.Random) -> list[bytes]:
    """A sequence in a sequence in a sequence …: readers that recurse fall over."""
    deep = b""
    for _ in range(3_000):
        deep = tlv(0x30, deep)
    return [deep[:LARGEST_PACKET]]


_ON_PDUS: dict[Mischief, Callable[[Pdu, random.Random], Pdu]] = {
    Mischief.WRONG_ID: _wrong_id,
    Mischief.LOOPING: _looping,
    Mischief.UNORDERED: _unordered,
    Mischief.SAME_AGAIN: _same_again,
    Mischief.ENDLESS: _endless,
    Mischief.WRONG_TYPES: _wrong_types,
    Mischief.WRONG_NAMES: _wrong_names,
    Mischief.NO_VARIABLES: lambda pdu, _: replace(pdu, varbinds=()),
    Mischief.MANY_VARIABLES: _many,
    Mischief.ERRORS: lambda pdu, chance: pdu.refusal(chance.choice((1, 2, 3, 5, 16, 200))),  # type: ignore[arg-type]
}
_ON_PACKETS: dict[Mischief, Callable[[bytes, random.Random], list[bytes]]] = {
    Mischief.SILENT: lambda _packet, _chance: [],
    Mischief.TRUNCATED: lambda packet, chance: [packet[: chance.randrange(len(packet))]],
    Mischief.GARBAGE: lambda _packet, chance: [chance.randbytes(chance.randrange(1, 600))],
    Mischief.NESTED: _nested,
    Mischief.OVERSIZED: lambda packet, _chance: [packet + bytes(LARGEST_PACKET - len(packet))],
    Mischief.DUPLICATE: lambda packet, _chance: [packet, packet, packet],
}
