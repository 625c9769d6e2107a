"""What an app on a printer says and is answered: docs/protocols/printers.md as msgspec structs."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

Text32 = Annotated[str, Meta(max_length=32)]
Text64 = Annotated[str, Meta(max_length=64)]
Text120 = Annotated[str, Meta(max_length=120)]
Text200 = Annotated[str, Meta(max_length=200)]
Text255 = Annotated[str, Meta(max_length=255)]
Pages = Annotated[int, Meta(ge=0, le=2**63 - 1, description="pages in the machine's life")]
Percent = Annotated[int, Meta(ge=0, le=100)]


class Ping(Struct):
    """The portal answers; `gather` tells which subtrees to read, by prefix of sysObjectID."""

    service: str
    time: str
    api: str
    gather: dict[str, list[str]]


class App(Struct):
    """Who speaks."""

    name: Text64 = ""
    version: Text32 = ""


class CounterFacts(Struct):
    """Pages in the machine's life; `large` is A3 and larger."""

    total: Pages | None = None
    black: Pages | None = None
    colour: Pages | None = None
    large: Pages | None = None


class SupplyFacts(Struct):
    """One supply. For a waste container the level is how much room is left."""

    name: Text120
    level_percent: Percent | None = None
    state: Literal["ok", "low", "empty", "unknown"] = "unknown"


class LaunchFacts(Struct):
    """What the client knows by itself; a fact wins over what is decoded from the reading."""

    serial: Text64 | None = None
    model: Text120 | None = None
    name: Text120 | None = None
    location: Text200 | None = None
    ip: Annotated[str, Meta(max_length=45)] | None = None
    counters: CounterFacts | None = None
    faults: Annotated[list[Text255], Meta(max_length=4)] | None = None
    supplies: Annotated[list[SupplyFacts], Meta(max_length=64)] | None = None


class Launch(Struct):
    """One press of the button. `reading` maps OID to [type, value], raw as the printer said it."""

    launch_id: UUID
    badge_email: Annotated[str, Meta(max_length=254)] | None = None
    app: App | None = None
    facts: LaunchFacts = msgspec.field(default_factory=LaunchFacts)
    reading: Annotated[dict[str, tuple[str, Any]], Meta(max_length=4000)] = msgspec.field(
        default_factory=dict
    )
    missing: Annotated[list[Annotated[str, Meta(max_length=800)]], Meta(max_length=64)] = (
        msgspec.field(default_factory=list)
    )


class KnownPrinter(Struct):
    """Name and location as the portal knows them."""

    name: str | None
    location: str | None


class Launched(Struct, omit_defaults=True):
    """Open `url`: it starts one session, once, until `expires_at`."""

    outcome: Literal["open", "code_needed"]
    url: str
    expires_at: str
    support_phone: str | None
    printer: KnownPrinter | None = None
