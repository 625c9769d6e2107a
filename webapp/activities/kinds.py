"""The kinds of files that are offered under *My downloads*. A trade registers its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from webapp.core.files import File
from webapp.core.navigation import Label


@dataclass(frozen=True)
class DownloadKind:
    """`fetched` is called before the first byte leaves, in the transaction that must stand first; it may refuse."""

    name: str
    label: Label
    fetched: Callable[[File], None] | None = None


_kinds: dict[str, DownloadKind] = {}


def register(kind: DownloadKind) -> DownloadKind:
    known = _kinds.get(kind.name)
    if known is not None and known.fetched is not kind.fetched:
        raise ValueError(f"two kinds of downloads are named {kind.name!r}")
    _kinds[kind.name] = kind
    return kind


def kind_of(file: File) -> DownloadKind:
    """Also of kinds whose package is gone."""
    return _kinds.get(file.kind) or DownloadKind(file.kind, file.kind.replace("_", " "))
