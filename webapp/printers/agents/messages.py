"""What site agents say and are told: docs/protocols/printers.md as msgspec structs."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from webapp.printers.messages import App, Text32, Text64, Text120

Address = Annotated[str, Meta(max_length=45)]
Count = Annotated[int, Meta(ge=0, le=2**53)]
Moment = Annotated[datetime, Meta(tz=True)]
Network = Annotated[str, Meta(max_length=60)]
Networks = Annotated[list[Network], Meta(max_length=64)]


class Enrolment(Struct):
    """A new installation shows its token once. `install_id` is made by it and kept."""

    install_id: UUID
    app: App = msgspec.field(default_factory=App)
    host: Text120 = ""


class Enrolled(Struct):
    """The agent's own credential, told this once."""

    agent: str
    name: str
    credential: str


class OnePrinter(Struct):
    """A printer by what is known of it."""

    serial: str
    address: str


class Wanted(Struct):
    """What the portal wants of the agent. `never` are parts of makers' and models' names, `off` single printers."""

    name: str
    on: bool
    quick_minutes: int
    full_hours: int
    search_hours: int
    never: list[str]
    off: list[OnePrinter]


class AgentReading(Struct):
    """One full reading. `reading_id` is the agent's: the same one sent again is known."""

    reading_id: UUID
    measured_at: Moment
    address: Address
    reading: Annotated[dict[str, tuple[str, Any]], Meta(max_length=4000)]
    gaps: Annotated[list[tuple[Text120, Text32]], Meta(max_length=64)] = msgspec.field(
        default_factory=list
    )


class AgentLook(Struct):
    """The last quick look at a printer. `outcome` is empty where it is as it was, else why nothing came."""

    address: Address
    asked_at: Moment
    serial: Text64 = ""
    outcome: Text32 = ""
    failures: Count = 0


class Batch(Struct):
    """Readings and looks, or none: then it says that the agent is alive. `dropped` were lost to the disk's bound."""

    sent_at: Moment
    app: App = msgspec.field(default_factory=App)
    networks: Networks = msgspec.field(default_factory=list)
    queued: Count = 0
    dropped: Count = 0
    readings: Annotated[list[AgentReading], Meta(max_length=100)] = msgspec.field(
        default_factory=list
    )
    looks: Annotated[list[AgentLook], Meta(max_length=2000)] = msgspec.field(default_factory=list)


class NotTaken(Struct):
    """A reading that is no good and will never be: don't send it again."""

    reading_id: str
    code: str
    detail: str


class Taken(Struct):
    """`accepted` are new, `known` were here already; `unknown` are of printers that nobody has added yet."""

    accepted: int
    known: int
    unknown: int
    refused: list[NotTaken]
