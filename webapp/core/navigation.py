"""The rail: each package registers its places; one that a person may not open is absent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


class Label(Protocol):
    def __str__(self) -> str: ...


@dataclass(frozen=True)
class Place:
    """An entry of the rail. `endpoint` takes `org`; `permission` None is for every member."""

    group: str
    label: Label
    endpoint: str
    icon: str
    permission: object | None = None
    order: int = 100


_places: list[Place] = []


def register(*places: Place) -> None:
    for place in places:
        if place not in _places:
            _places.append(place)


def places(group: str) -> list[Place]:
    """The group's places in their order."""
    return sorted((p for p in _places if p.group == group), key=lambda p: p.order)
