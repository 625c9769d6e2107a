"""What a firewall must let through for each kind of equipment (P-41). Each trade registers its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from webapp.core.navigation import Label
from webapp.settings import Settings


@dataclass(frozen=True)
class Flow:
    """One connection: who opens it to where. `host` is a name, or words such as "the printers"."""

    opened_by: Label
    host: Label
    port: str
    protocol: str
    purpose: Label


@dataclass(frozen=True)
class Chapter:
    """What one kind of equipment needs. `note` says what else an administrator should know."""

    title: Label
    flows: Sequence[Flow]
    note: Label = ""


@dataclass(frozen=True)
class Portal:
    """Where this portal is reached, from its own address."""

    host: str
    port: str
    protocol: str

    @classmethod
    def of(cls, settings: Settings) -> Portal:
        parts = urlsplit(settings.base_url)
        secure = parts.scheme == "https"
        port = parts.port or (443 if secure else 80)
        return cls(
            parts.hostname or "", f"{port}/tcp", "HTTPS (TLS 1.2, 1.3)" if secure else "HTTP"
        )


Source = Callable[[Portal], Chapter]
_sources: dict[str, tuple[int, Source]] = {}


def register(name: str, source: Source, *, order: int = 100) -> None:
    """Once a trade, from its `init_app`; asked in the reader's language."""
    _sources[name] = (order, source)


def chapters(settings: Settings) -> list[Chapter]:
    """All of them in their order."""
    portal = Portal.of(settings)
    ordered = sorted(_sources.values(), key=lambda item: item[0])
    return [source(portal) for _order, source in ordered]


def as_text(found: Sequence[Chapter]) -> str:
    """For a mail to whoever runs the firewall."""
    lines: list[str] = []
    for chapter in found:
        lines.append(str(chapter.title))
        lines.extend(
            f"  {flow.opened_by} -> {flow.host}  {flow.port}  {flow.protocol}  ({flow.purpose})"
            for flow in chapter.flows
        )
        if str(chapter.note):
            lines.append(f"  {chapter.note}")
        lines.append("")
    return "\n".join(lines).strip() + "\n"
