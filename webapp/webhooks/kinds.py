"""What can be told. Each package has its own enum of kinds, `thing.happened`, which stand in the wire format."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from flask_babel import lazy_gettext as _

from webapp.orgs.permissions import Permission


class EventKind(StrEnum):
    """Base of the packages' kinds: value, name for people, and the permission one needs to see such things.

    Without that permission nobody can have them sent to themselves, nor read what was sent.
    """

    label: Any
    permission: Permission

    def __new__(
        cls, value: str, label: object = "", permission: Permission = Permission.API_READ
    ) -> EventKind:
        member = str.__new__(cls, value)
        member._value_ = value
        member.label = label or value
        member.permission = permission
        return member


class OwnKind(EventKind):
    """What webhooks themselves tell."""

    PING = "ping", _("Test"), Permission.API_READ


def all_kinds() -> list[EventKind]:
    """Those one can subscribe to; a test is sent to whoever is tested."""
    return [
        kind for kinds in EventKind.__subclasses__() for kind in kinds if kind is not OwnKind.PING
    ]


def kind_of(value: str) -> EventKind | None:
    """None for a kind of another version."""
    return next((kind for kind in (*all_kinds(), *OwnKind) if kind.value == value), None)


def label_of(value: str) -> str:
    kind = kind_of(value)
    return str(kind.label) if kind is not None else value
