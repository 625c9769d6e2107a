"""What a search finds, as its page shows it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Hit:
    """One line. `where` names the organisation when it is another than the one in the URL."""

    url: str
    icon: str
    title: str
    kind: str
    detail: str = ""
    code: str = ""
    state: str = ""
    where: str = ""
    is_exact: bool = False


@dataclass(frozen=True)
class Group:
    """The hits of one kind of thing, best first. `has_more`: there are more than are shown."""

    name: str
    label: str
    hits: Sequence[Hit] = ()
    has_more: bool = False
    more_url: str | None = None
    has_failed: bool = False


Finder = Callable[[str], Group]


@dataclass(frozen=True)
class Results:
    """What the page shows: what is exactly what was typed first, then everything else by kind."""

    typed: str
    groups: Sequence[Group] = field(default_factory=tuple)

    @property
    def exact(self) -> list[Hit]:
        return [hit for group in self.groups for hit in group.hits if hit.is_exact]

    @property
    def others(self) -> list[tuple[Group, list[Hit]]]:
        """Groups that have something to say beside the exact hits."""
        found = [(g, [hit for hit in g.hits if not hit.is_exact]) for g in self.groups]
        return [(g, hits) for g, hits in found if hits or g.has_failed]

    @property
    def count(self) -> int:
        return sum(len(group.hits) for group in self.groups)

    @property
    def is_empty(self) -> bool:
        return not self.exact and not self.others
