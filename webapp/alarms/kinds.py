"""What can be wrong. Each package registers its own kinds of conditions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from webapp.core.navigation import Label

Detail = Mapping[str, Any]


@dataclass(frozen=True)
class ConditionKind:
    """`debounce` is how long evidence must last before it opens, `clear` how long it must be gone before it closes.

    `words` says what is wrong from the condition's detail, in the reader's language. A kind of the portal itself
    belongs to the operator and is told by the process that finds it.
    """

    name: str
    label: Label
    words: Callable[[Detail], str]
    debounce: timedelta = timedelta(minutes=2)
    clear: timedelta = timedelta(minutes=1)
    is_portals: bool = False


_kinds: dict[str, ConditionKind] = {}


def register(kind: ConditionKind) -> ConditionKind:
    """Two of one name are a defect."""
    known = _kinds.get(kind.name)
    if known is not None and known is not kind:
        raise ValueError(f"two kinds of conditions are named {kind.name!r}")
    _kinds[kind.name] = kind
    return kind


def kind_of(name: str) -> ConditionKind:
    """Also for kinds whose package is gone: their conditions still close and are still shown."""
    unknown = ConditionKind(name, name.replace("_", " ").capitalize(), lambda _detail: "")
    return _kinds.get(name, unknown)


def all_kinds(*, portals: bool) -> list[ConditionKind]:
    return [kind for kind in _kinds.values() if kind.is_portals is portals]
