"""Audited transactions a second on one organisation's chain, eight writers at once: `python -m benchmarks.audit`."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from benchmarks.portals import Bench, Figure, bench
from webapp.audit.log import record
from webapp.audit.verification import faults_of
from webapp.core.clock import utcnow
from webapp.core.db import commit
from webapp.core.principal import Actor, Principal
from webapp.core.tenancy import unscoped
from webapp.core.web import Portal
from webapp.orgs.events import OrgEvent
from webapp.orgs.services.tree import Particulars, create_organisation

WRITERS, EACH = 8, 150
BY = Principal(Actor.JOB, None, "benchmark")


def figures(given: Bench) -> Iterator[Figure]:
    """`audit_chained_per_s`, and how fast a chain is verified."""
    organisation_id = _organisation(given.portal)
    began = time.perf_counter()
    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(lambda _: _write(given.portal, organisation_id), range(WRITERS)))
    yield Figure("audit_chained_per_s", WRITERS * EACH / (time.perf_counter() - began), "1/s")
    began = time.perf_counter()
    with given.portal.app_context():
        assert not list(faults_of(organisation_id)), "the chain broke"
    yield Figure("audit_verified_per_s", WRITERS * EACH / (time.perf_counter() - began), "1/s")


def audit_chained_per_s() -> tuple[str, float, str]:
    """Name, value, unit."""
    with bench() as given:
        return next(figures(given))


def _organisation(portal: Portal) -> int:
    with portal.app_context(), unscoped("a benchmark"):
        row = create_organisation(Particulars("Benchmark"), below=None, by=BY, now=utcnow())
        commit()
        return row.id


def _write(portal: Portal, organisation_id: int) -> None:
    with portal.app_context(), unscoped("a benchmark"):
        for number in range(EACH):
            record(
                OrgEvent.USER_CHANGED,
                organisation_id=organisation_id,
                kind="user",
                id=number,
                label="Somebody",
                by=BY,
            )
            commit()


def main() -> None:
    with bench() as given:
        for figure in figures(given):
            print(figure)


if __name__ == "__main__":
    main()
