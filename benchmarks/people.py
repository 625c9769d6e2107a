"""The lists of organisations and of users of a large tree: `python -m benchmarks.people` prints `name value unit`.

An upper organisation with 10,000 below it, and 100,000 people of which half belong to the upper one itself. Each view
is the whole request of its administrator, answered by the application without a network.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import text

from benchmarks.lists import Figures, load
from benchmarks.portals import Bench, Figure, bench
from tests.cast import Person, World, sign_in
from webapp.accounts.models import User
from webapp.core.db import db
from webapp.core.web import Portal
from webapp.orgs.models import Membership, Organisation

ROUNDS = 12
ROOT, BELOW, PEOPLE = 1, 10_000, 100_000
AT = "2030-01-01T00:00:00Z"
ORGANISATION_VIEWS = (
    "",
    "?sort=-name",
    "?sort=reference",
    "?q=org+47",
    "?q=Building",
    "?parent=ORG-0000000001",
)
USER_VIEWS = (
    "",
    "?sort=-name",
    "?sort=email",
    "?sort=username",
    "?q=anna",
    "?q=user4711",
    "?role=reader",
    "?below=1",
    "?below=1&q=anna",
    "?below=1&sort=email",
)


def load_organisations(cursor: Any, rows: int) -> None:
    columns = (
        "id, public_id, kind, name, sort_name, reference, may_create, parent_id, path, country, time_zone,"
        " language, trades, created_at, version"
    )
    with cursor.copy(f"COPY organisations ({columns}) FROM STDIN") as copy:
        for number in range(1, rows + 2):
            is_root = number == ROOT
            path = f"/{ROOT}/" if is_root else f"/{ROOT}/{number}/"
            name = f"Org {number} Building {number % 40}"
            row = (number, f"ORG-{number:010}", "company", name, name.lower(), f"R-{number % 900}")
            rest = (True, None if is_root else ROOT, path, "IT", "Europe/Rome", "en", "{}", AT, 1)
            copy.write_row((*row, *rest))


def load_people(cursor: Any, rows: int) -> None:
    columns = (
        "id, public_id, username, email, name, sort_name, must_change_password, language,"
        " csv_delimiter, csv_thousands, is_operator, created_at, version"
    )
    with cursor.copy(f"COPY users ({columns}) FROM STDIN") as copy:
        for n in range(1, rows + 1):
            name = f"{('Anna', 'Marco', 'Lena', 'Piotr')[n % 4]} Person {n}"
            row = (n, f"u{n}", f"user{n}", f"user{n}@example.test", name, name.lower(), False)
            copy.write_row((*row, "en", ",", "", False, AT, 1))


def load_memberships(cursor: Any, rows: int) -> None:
    columns = "organisation_id, user_id, roles, grants, keys_below, created_at, version"
    with cursor.copy(f"COPY memberships ({columns}) FROM STDIN") as copy:
        for n in range(1, rows + 1):
            owner = ROOT if n % 2 else 2 + n % BELOW
            roles = "{administrator}" if n == 1 else "{reader}" if n % 10 else "{printer_admin}"
            copy.write_row((owner, n, roles, "{}", False, AT, 1))


def filled(portal: Portal) -> Person:
    """The upper organisation's administrator, signed in."""
    load(portal, User, load_people, PEOPLE)
    load(portal, Organisation, load_organisations, BELOW)
    load(portal, Membership, load_memberships, PEOPLE)
    with portal.app_context(), db.engine.begin() as connection:
        for table in ("users", "organisations"):
            wanted = f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), {PEOPLE + 1})"
            connection.execute(text(wanted))
    return sign_in(World(portal, acme="ORG-0000000001", acme_id=ROOT), "user1@example.test")


def measure(person: Person, path: str, views: Sequence[str], *, verbose: bool) -> Figures:
    """All pages of all views in one; the first of each view warms up."""
    found: list[float] = []
    for view in views:
        times = [_page(person, f"{path}{view}") for _round in range(ROUNDS + 1)][1:]
        found.extend(times)
        if verbose:
            figures = Figures(times)
            said = f"best {figures.best:.1f} p50 {figures.p50:.1f} p95 {figures.p95:.1f} ms"
            print(f"# {path} {view or '(plain)'} {said}", flush=True)
    return Figures(found)


def _page(person: Person, url: str) -> float:
    begun = time.perf_counter()
    answer = person.get(url)
    if answer.status_code != 200:
        raise RuntimeError(f"{url}: {answer.status_code}")
    return (time.perf_counter() - begun) * 1000


def figures(given: Bench, *, verbose: bool = False) -> Iterator[Figure]:
    person = filled(given.portal)
    here = f"/o/{person.world.acme}"
    listed = measure(person, f"{here}/organisations", ORGANISATION_VIEWS, verbose=verbose)
    yield Figure("org_list_p50_ms_10k", listed.p50, "ms")
    yield Figure("org_list_p95_ms_10k", listed.p95, "ms")
    people = measure(person, f"{here}/users", USER_VIEWS, verbose=verbose)
    yield Figure("user_list_p50_ms_100k", people.p50, "ms")
    yield Figure("user_list_p95_ms_100k", people.p95, "ms")


def main() -> None:
    with bench() as given:
        for figure in figures(given, verbose=True):
            print(figure, flush=True)


if __name__ == "__main__":
    main()
