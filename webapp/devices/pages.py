"""Where the page of a device is: each trade says so once for its kind, with what one needs to see it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from webapp.core.navigation import Label
from webapp.devices.models import DeviceKind
from webapp.orgs.permissions import Permission


@dataclass(frozen=True)
class DevicePage:
    """`endpoint` takes `org` and `public_id`, which is the one of the row in `devices`."""

    kind: DeviceKind
    label: Label
    icon: str
    permission: Permission
    endpoint: str
    lost_after: timedelta = timedelta(minutes=15)
    """Silent for longer, a device counts as lost on its timeline: several of its beats."""


_pages: dict[str, DevicePage] = {}


def register_page(page: DevicePage) -> None:
    _pages[page.kind] = page


def page_of(kind: str) -> DevicePage | None:
    """None for a kind whose trade is not part of this release."""
    return _pages.get(kind)


def all_pages() -> list[DevicePage]:
    return list(_pages.values())
