"""What an agent answers: RFC 1157 4.1 for v1, RFC 3416 4.2 for v2c."""

from collections.abc import Iterator

from simulators.printer.messages import (
    Message,
    Pdu,
    PduType,
    Status,
    VarBind,
    Version,
    encode_varbind,
)
from simulators.printer.trees import Tree
from simulators.printer.values import END_OF_MIB_VIEW, Type

_ENVELOPE = 64  # octets around the variables, with a community of usual length
_EXCEPTIONS = (Type.NO_SUCH_OBJECT, Type.NO_SUCH_INSTANCE, Type.END_OF_MIB_VIEW)


def respond(message: Message, tree: Tree, *, max_octets: int) -> Message | None:
    """None where the agent stays silent: an answer, or a GETBULK in v1."""
    v1 = message.version is Version.V1
    pdu = message.pdu
    if pdu.type in (PduType.RESPONSE, PduType.REPORT) or (v1 and pdu.type is PduType.GETBULK):
        return None
    room = max_octets - _ENVELOPE - len(message.community)
    if pdu.type is PduType.GETBULK:
        return _sealed(message, pdu.answer(*_fitting(_bulk(pdu, tree), room)))
    if pdu.type is PduType.SET:
        refused = Status.NO_SUCH_NAME if v1 else Status.NOT_WRITABLE
        return _sealed(message, pdu.refusal(refused, index=1 if pdu.varbinds else 0))
    return _sealed(message, _v1(pdu, tree, room) if v1 else _v2c(pdu, tree, room))


def _v2c(pdu: Pdu, tree: Tree, room: int) -> Pdu:
    if pdu.type is PduType.GET:
        found = [(oid, tree.get(oid)) for oid, _ in pdu.varbinds]
    else:
        found = [tree.after(oid) or (oid, END_OF_MIB_VIEW) for oid, _ in pdu.varbinds]
    if _size(found) > room:
        return Pdu(PduType.RESPONSE, pdu.request_id, Status.TOO_BIG, 0, ())
    return pdu.answer(*found)


def _v1(pdu: Pdu, tree: Tree, room: int) -> Pdu:
    """No exceptions and no Counter64 in v1 (RFC 3584 4.2.2.1): such a variable is noSuchName."""
    found: list[VarBind] = []
    for index, (oid, _) in enumerate(pdu.varbinds, start=1):
        varbind = (oid, tree.get(oid)) if pdu.type is PduType.GET else _v1_after(oid, tree)
        if varbind is None or varbind[1].type in (*_EXCEPTIONS, Type.COUNTER64):
            return pdu.refusal(Status.NO_SUCH_NAME, index)
        found.append(varbind)
    return pdu.refusal(Status.TOO_BIG) if _size(found) > room else pdu.answer(*found)


def _v1_after(oid: tuple[int, ...], tree: Tree) -> VarBind | None:
    following = tree.after(oid)
    while following and following[1].type is Type.COUNTER64:
        following = tree.after(following[0])
    return following


def _bulk(pdu: Pdu, tree: Tree) -> Iterator[VarBind]:
    oids = [oid for oid, _ in pdu.varbinds]
    once, repeats = max(pdu.status, 0), max(pdu.index, 0)
    for oid in oids[:once]:
        yield tree.after(oid) or (oid, END_OF_MIB_VIEW)
    row = oids[once:]
    for _ in range(repeats if row else 0):
        found = [tree.after(oid) or (oid, END_OF_MIB_VIEW) for oid in row]
        yield from found
        if all(value is END_OF_MIB_VIEW for _, value in found):
            return
        row = [oid for oid, _ in found]


def _fitting(varbinds: Iterator[VarBind], room: int) -> Iterator[VarBind]:
    """As many as fit: a GETBULK is cut, never refused (RFC 3416 4.2.3)."""
    for varbind in varbinds:
        room -= len(encode_varbind(varbind))
        if room < 0:
            return
        yield varbind


def _size(varbinds: list[VarBind]) -> int:
    return sum(len(encode_varbind(varbind)) for varbind in varbinds)


def _sealed(message: Message, pdu: Pdu) -> Message:
    return Message(message.version, message.community, pdu)
