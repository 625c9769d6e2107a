"""The kinds of notifications. Each package registers its own; people choose by kind."""

from __future__ import annotations

from dataclasses import dataclass

from webapp.core.navigation import Label


@dataclass(frozen=True)
class Kind:
    """`shown` and `by_mail` are what holds for who has chosen nothing."""

    name: str
    label: Label
    shown: bool = True
    by_mail: bool = False


_kinds: dict[str, Kind] = {}


def register(kind: Kind) -> Kind:
    """Two of one name are a defect."""
    known = _kinds.get(kind.name)
    if known is not None and known != kind:
        raise ValueError(f"two kinds of notifications are named {kind.name!r}")
    _kinds[kind.name] = kind
    return kind


def all_kinds() -> list[Kind]:
    return sorted(_kinds.values(), key=lambda kind: kind.name)


def label_of(name: str) -> str:
    """Also of kinds whose package is gone."""
    found = _kinds.get(name)
    return str(found.label) if found else name.replace("_", " ").capitalize()
