"""Reads a printer by the plan that the portal gives with `ping`."""

import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from simulators.printer.client import BrokenAnswerError, Manager, Target
from simulators.printer.messages import Version
from simulators.printer.oids import Oid, OidError, format_oid, is_below, parse_oid
from simulators.printer.values import Type

Plan = Mapping[str, Sequence[str]]

DEFAULT_PLAN: Plan = {"": ["1.3.6.1.2.1.1", "1.3.6.1.2.1.25.3", "1.3.6.1.2.1.43"]}
MAX_OBJECTS = 4_000
MAX_OCTETS = 500_000  # leaves room for the rest of a launch of 512 KiB
_SYS_OBJECT_ID: Oid = (1, 3, 6, 1, 2, 1, 1, 2, 0)


@dataclass
class Reading:
    """What the printer said, and what it did not."""

    objects: dict[str, tuple[str, int | str]] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    octets: int = 0

    def add(self, oid: str, value: tuple[str, int | str]) -> bool:
        """Whether there was room for it."""
        size = len(json.dumps([oid, value])) + 2
        if oid in self.objects:
            return True
        if len(self.objects) >= MAX_OBJECTS or self.octets + size > MAX_OCTETS:
            return False
        self.objects[oid] = value
        self.octets += size
        return True


def gather(target: Target, plan: Plan) -> Reading:
    """Whatever the printer gives. One that is silent in v2c is asked with v1; nothing is raised."""
    reading = Reading()
    for version in dict.fromkeys((target.version, Version.V1)):
        try:
            with Manager(dataclasses.replace(target, version=version)) as printer:
                _gather(printer, plan, reading)
                return reading
        except OSError:
            continue
    reading.missing = subtrees(plan, None)
    return reading


def subtrees(plan: Plan, maker: str | None) -> list[str]:
    """The roots to read: those for all, then those of the maker, the longest prefix last."""
    chosen = list(plan.get("", ()))
    for prefix in sorted(filter(None, plan), key=lambda key: (key.count("."), key)):
        if maker and is_below(parse_oid(maker), parse_oid(prefix)):
            chosen += plan[prefix]
    return list(dict.fromkeys(chosen))


def maker_of(objects: Mapping[str, Sequence[int | str]]) -> str | None:
    """sysObjectID, as a reading holds it."""
    kind, maker = objects.get(format_oid(_SYS_OBJECT_ID), ("", None))
    return str(maker) if kind == "oid" else None


def checked_plan(plan: object) -> Plan:
    """The plan of a portal's answer; DEFAULT_PLAN where it holds none that can be used."""
    if not isinstance(plan, dict) or "" not in plan:
        return DEFAULT_PLAN
    try:
        return {key: [_checked(root) for root in roots] for key, roots in plan.items() if _key(key)}
    except (OidError, TypeError, AttributeError):
        return DEFAULT_PLAN


def _gather(printer: Manager, plan: Plan, reading: Reading) -> None:
    """Raises OSError where the printer is silent from the start."""
    for root in subtrees(plan, _maker(printer)):
        if not _walk(printer, root, reading):
            reading.missing.append(root)


def _maker(printer: Manager) -> str | None:
    """sysObjectID, where the printer has one."""
    try:
        found = printer.get(_SYS_OBJECT_ID)
    except BrokenAnswerError:
        return None
    return str(found[1].as_json()[1]) if found and found[1].type is Type.OID else None


def _walk(printer: Manager, root: str, reading: Reading) -> bool:
    """Whether the subtree was read to its end."""
    try:
        return all(
            reading.add(format_oid(oid), value.as_json())
            for oid, value in printer.walk(parse_oid(root))
        )
    except (OSError, ValueError):
        return False


def _key(key: str) -> bool:
    return key == "" or bool(parse_oid(key))


def _checked(root: str) -> str:
    return format_oid(parse_oid(root))
