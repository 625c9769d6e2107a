"""What can happen. Each package has its own enum of events, `area:object:action`."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any


class AuditEvent(StrEnum):
    """Base of the packages' events. A member's second value is its name for people (a lazy text)."""

    label: Any

    def __new__(cls, value: str, label: object = "") -> AuditEvent:
        member = str.__new__(cls, value)
        member._value_ = value
        member.label = label or value
        return member


def all_events() -> list[AuditEvent]:
    """Every event that can stand in the log, for its filter."""
    return [event for kind in AuditEvent.__subclasses__() for event in kind]


def label_of(value: str) -> str:
    """The event's name for people; an event of an older version is shown as it stands."""
    return next((str(event.label) for event in all_events() if event.value == value), value)


_objects: dict[str, Any] = {}


def name_objects(names: Mapping[str, Any]) -> None:
    """What people call the kinds of object that a package's events are about (lazy texts)."""
    _objects.update(names)


def object_label(kind: str) -> str:
    return str(_objects.get(kind) or kind.replace("_", " "))
