"""Finds the printers of a network: every address is asked one question, those that answer a few more.

Nothing that is no printer is asked more than its identity. Two requests an address (v2c and v1 at once, or v3 alone),
each tried twice, so many addresses at a time as `LANES` says.
"""

from __future__ import annotations

import asyncio
import dataclasses
import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from webapp.printers.snmp.collect import Collected, Limits, collect_from
from webapp.printers.snmp.decode import Decoded, decode
from webapp.printers.snmp.identity import ERROR_STATE, PRINTER_STATUS, SYS_OBJECT_ID
from webapp.printers.snmp.raw import Reading
from webapp.printers.snmp.sessions import LATE, SILENT, Target, UnknownHost, open_session
from webapp.printers.snmp.wire import Field, run

LANES: Final = 256
MOST_ADDRESSES: Final = 65_536
PATIENCE_SECONDS: Final = 0.8
PRINTER_MIB: Final = "1.3.6.1.2.1.43"
LIMITS: Final = Limits(total_seconds=20)

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class BadNetwork(ValueError):
    """What was written is no network that can be searched; the message says why."""


@dataclass(frozen=True)
class Found:
    """A printer and what it is."""

    address: str
    port: int
    version: str
    decoded: Decoded

    def as_json(self) -> dict[str, Any]:
        identity = self.decoded.identity
        total = self.decoded.counters.total
        return {
            "address": self.address,
            "port": self.port,
            "version": self.version,
            "maker": identity.maker,
            "model": identity.model,
            "serial": identity.serial,
            "name": identity.name,
            "location": identity.location,
            "pages_total": total.value if total else None,
        }


@dataclass(frozen=True)
class Discovery:
    """`others` answered, but are no printers; `refusing` are those that let this SNMPv3 user not in."""

    asked: int
    printers: tuple[Found, ...]
    others: tuple[str, ...]
    refusing: tuple[str, ...] = ()


def parse_network(text: str, *, most: int = MOST_ADDRESSES) -> Network:
    """`192.0.2.0/24`, also with host bits set, or one address. Raises BadNetwork."""
    try:
        network = ipaddress.ip_network(text.strip(), strict=False)
    except ValueError:
        raise BadNetwork(f"{text[:60]!r} is not a network such as 192.0.2.0/24") from None
    if network.num_addresses > most:
        raise BadNetwork(f"{network} has more than {most} addresses; search a part of it")
    return network


def addresses(network: Network) -> Iterator[str]:
    """Without the addresses of the network itself and of its broadcast."""
    return map(str, network.hosts())


def discover(network: Network, how: Target) -> Discovery:
    """`how` says all but the host. Callable from any thread."""

    async def search(wire: Field) -> Discovery:
        return await _search(wire, [dataclasses.replace(how, host=host) for host in hosts])

    hosts = list(addresses(network))
    return run(search)


def is_printer(reading: Reading, decoded: Decoded) -> bool:
    """It has the Printer MIB, or a printer's status; else the maker's own tree and a serial or counter."""
    standard = (PRINTER_MIB, PRINTER_STATUS, ERROR_STATE)
    if any(oid.startswith(f"{root}.") for oid in reading for root in standard):
        return True
    identity = decoded.identity
    return bool(identity.maker and (identity.serial or decoded.counters.total))


async def _search(wire: Field, targets: list[Target]) -> Discovery:
    lanes = asyncio.Semaphore(LANES)

    async def one(target: Target) -> Collected | str:
        async with lanes:
            version = await _answers(wire, target)
        if version in ("", "refused"):
            return version
        exact = dataclasses.replace(target, version="" if version == "3" else version)
        return await collect_from(wire, exact, LIMITS)

    results = await asyncio.gather(*map(one, targets))
    printers, others = [], []
    for result in results:
        if isinstance(result, str):
            continue
        decoded = decode(result.reading)
        if is_printer(result.reading, decoded):
            found = Found(result.target.host, result.target.port, result.version, decoded)
            printers.append(found)
        else:
            others.append(result.target.host)
    refusing = tuple(
        target.host for target, said in zip(targets, results, strict=True) if said == "refused"
    )
    return Discovery(len(targets), tuple(printers), tuple(others), refusing)


async def _answers(wire: Field, target: Target) -> str:
    """The version it answers in, "refused" where only this user is wrong, or nothing."""
    quick = dataclasses.replace(target, timeout_seconds=PATIENCE_SECONDS, retries=1)
    versions = ["3"] if target.user else [target.version or "2c"]
    if target.may_be_v1:
        versions.append("1")
    said = await asyncio.gather(*(_greets(wire, quick, version) for version in versions))
    answered = [version for version, error in zip(versions, said, strict=True) if error is None]
    if answered:
        return answered[0]
    return "refused" if any(error not in (SILENT, LATE) for error in said) else ""


async def _greets(wire: Field, target: Target, version: str) -> str | None:
    """None where it answers, whatever it says; else why it does not."""
    deadline = asyncio.get_running_loop().time() + 60
    try:
        talk = await open_session(wire, target, version, deadline)
    except UnknownHost:
        return SILENT
    error = (await talk.get((SYS_OBJECT_ID,))).error
    return error if error in (SILENT, LATE) or (version == "3" and error) else None
