"""The objects of an agent, in order."""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence

from simulators.printer.oids import Oid
from simulators.printer.values import NO_SUCH_INSTANCE, NO_SUCH_OBJECT, Value


class Tree:
    """Objects by OID, with the successor of any OID. A change is one assignment, so readers in other
    threads see the tree before it or after it."""

    def __init__(self, objects: Mapping[Oid, Value]) -> None:
        self.replace(objects)

    def __len__(self) -> int:
        return len(self._now[0])

    def replace(self, objects: Mapping[Oid, Value]) -> None:
        self._now = (dict(objects), sorted(objects))

    def set(self, oid: Oid, value: Value) -> None:
        self.replace({**self._now[0], oid: value})

    def get(self, oid: Oid) -> Value:
        """The value, or the exception of RFC 3416 4.2.1.

        A recording does not say which object types the agent knows, so "instance missing" is told
        from "object missing" by a sibling: an object as long that differs in its last number.
        """
        objects, order = self._now
        value = objects.get(oid)
        if value is not None:
            return value
        return NO_SUCH_INSTANCE if _has_sibling(order, oid) else NO_SUCH_OBJECT

    def after(self, oid: Oid) -> tuple[Oid, Value] | None:
        objects, order = self._now
        at = bisect_right(order, oid)
        return (order[at], objects[order[at]]) if at < len(order) else None

    def items(self) -> list[tuple[Oid, Value]]:
        objects, order = self._now
        return [(oid, objects[oid]) for oid in order]


def _has_sibling(order: Sequence[Oid], oid: Oid) -> bool:
    parent = oid[:-1]
    for at in range(bisect_left(order, parent), len(order)):
        if order[at][: len(parent)] != parent:
            return False
        if len(order[at]) == len(oid):
            return True
    return False
