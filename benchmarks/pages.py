"""How long a page takes in the server, without the network: `page_p50_ms`, `page_p95_ms`, `list_page_p50_ms`."""

from __future__ import annotations

import time
from collections.abc import Iterator
from statistics import median

from sqlalchemy import select

from benchmarks.portals import Bench, Figure, bench
from tests.browser.test_every_page import pages
from tests.cast import Person, World, sign_in
from webapp.core.db import db
from webapp.core.web import Portal
from webapp.orgs.models import Organisation

ROUNDS = 30
LISTS = ("/users", "/organisations", "/audit", "/mail", "/printers", "/printers/requests")


def figures(given: Bench) -> Iterator[Figure]:
    """All pages of an administrator, each asked for 30 times after a first one that warms up."""
    world = _filled(given.portal)
    admin = sign_in(world, "admin@acme.test")
    found = pages(given.portal, world.acme)["admin"]
    paths = [path for path in found if admin.get(path).status_code == 200]
    times = {path: _times(admin, path) for path in paths}
    every = sorted(ms for path in paths if not path.endswith(LISTS) for ms in times[path])
    listed = [ms for path in paths if path.endswith(LISTS) for ms in times[path]]
    yield Figure("page_p50_ms", median(every), "ms")
    yield Figure("page_p95_ms", every[int(len(every) * 0.95)], "ms")
    yield Figure("list_page_p50_ms", median(listed), "ms")


def _filled(portal: Portal) -> World:
    """The demo's Acme with its printers and requests, so that lists have rows."""
    planted = portal.test_cli_runner().invoke(args=["demo", "seed"])
    if planted.exit_code:
        raise RuntimeError(planted.output)
    world = World(portal)
    with portal.app_context():
        acme = db.session.scalars(select(Organisation).where(Organisation.prefix == "ACME")).one()
        world.acme, world.acme_id = acme.public_id, acme.id
    return world


def _times(person: Person, path: str) -> list[float]:
    found = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        person.get(path)
        found.append((time.perf_counter() - begun) * 1000)
    return found


def main() -> None:
    with bench() as given:
        for figure in figures(given):
            print(figure)


if __name__ == "__main__":
    main()
