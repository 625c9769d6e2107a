"""Who acts. A `Principal` is told to every service as `by=` and kept by the audit log."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from enum import StrEnum


class Actor(StrEnum):
    """The kinds of those who act."""

    USER = "user"
    SITE_ADMIN = "site_admin"
    DEVICE = "device"
    API_TOKEN = "api_token"  # noqa: S105 - a kind, not a secret
    PERSON_AT_PRINTER = "person_at_printer"
    SEEING_AS = "seeing_as"
    JOB = "job"
    CLOCK = "clock"
    NOBODY = "nobody"


@dataclass(frozen=True)
class Principal:
    """Who acts, for which organisation and site, and through what.

    `label` is what people read later in the audit log, also when the person is long gone.
    `via` is the address or channel, such as an IP address.
    """

    kind: Actor
    id: int | None
    label: str
    org: int | None = None
    site: int | None = None
    via: str | None = None

    def acting_for(self, organisation_id: int) -> Principal:
        return replace(self, org=organisation_id)


NOBODY = Principal(Actor.NOBODY, None, "nobody")
CLOCK = Principal(Actor.CLOCK, None, "clock")

_acting: ContextVar[Principal] = ContextVar("acting", default=NOBODY)


def acting() -> Principal:
    """Who acts in this request or job."""
    return _acting.get()


def set_acting(principal: Principal) -> None:
    """Set by the access check; everything after it can rely on it."""
    _acting.set(principal)


@contextmanager
def acting_as(principal: Principal) -> Iterator[Principal]:
    """Act as somebody for the length of a block: jobs, commands, tests."""
    token = _acting.set(principal)
    try:
        yield principal
    finally:
        _acting.reset(token)
