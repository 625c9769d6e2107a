"""How long a search takes among a million devices: `python -m benchmarks.search` prints `name value unit`.

Three shapes of a portal: one organisation with all the devices, one small one beside it, and an upper
organisation with 2,000 below that share half of them. What is measured is the finding and the rendering.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from flask import g, render_template_string
from flask_login import login_user
from sqlalchemy import select

from benchmarks.lists import Figures, load
from benchmarks.portals import bench
from webapp.accounts.models import User
from webapp.core.db import db
from webapp.core.tenancy import scope, unscoped
from webapp.core.web import Portal
from webapp.devices.models import Device
from webapp.orgs.models import Membership, Organisation
from webapp.search.reach import reach_here
from webapp.search.routes import find

ROUNDS = 10
BIG, SMALL, ROOT = 1, 2, 3
BELOW = 2000
SEARCHES = (
    "SN00004711",  # one, exactly
    "SN0000471",  # ten begin so
    "SN",  # all begin so
    "0004711",  # ends with
    "nothing",
    "Printer",  # the first word of all names
    "floor",  # a later word of all names
    "floor 7 4711",
    "Building 12",
    "anna",  # people
    "Org 12",  # organisations
)
PAGE = "{% import 'search/hits.html' as found %}{{ found.panel(results, '/search') }}"


def owner_of(n: int) -> int:
    """Half belong to the big one, a thousand to the small one, the rest to those below the root."""
    if n % 2:
        return BIG
    return SMALL if n % 1000 == 0 else ROOT + 1 + n % BELOW


def load_devices(cursor: Any, rows: int) -> None:
    columns = "organisation_id, public_id, kind, serial, name, sort_name, state, created_at"
    with cursor.copy(f"COPY devices ({columns}) FROM STDIN") as copy:
        for n in range(rows):
            name = f"Printer {n} floor {n % 9} building {n % 300}"
            row = (owner_of(n), f"d{n}", "printer", f"SN{n:08}", name, name.lower(), "online")
            copy.write_row((*row, "2030-01-01T00:00:00Z"))


def load_organisations(cursor: Any, _rows: int) -> None:
    columns = (
        "id, public_id, kind, name, sort_name, reference, may_create, path, country, time_zone,"
        " language, trades, created_at, version"
    )
    with cursor.copy(f"COPY organisations ({columns}) FROM STDIN") as copy:
        for number in range(1, ROOT + BELOW + 1):
            path = f"/{number}/" if number <= ROOT else f"/{ROOT}/{number}/"
            name = f"Org {number}"
            row = (number, f"ORG-{number:010}", "company", name, name.lower(), "", False, path)
            copy.write_row((*row, "IT", "Europe/Rome", "en", "{}", "2030-01-01T00:00:00Z", 1))


def load_people(cursor: Any, rows: int) -> None:
    columns = (
        "id, public_id, username, email, name, sort_name, must_change_password, language,"
        " csv_delimiter, csv_thousands, is_operator, created_at, version"
    )
    with cursor.copy(f"COPY users ({columns}) FROM STDIN") as copy:
        for n in range(1, rows + 1):
            name = f"{('Anna', 'Marco', 'Lena', 'Piotr')[n % 4]} Person {n}"
            row = (n, f"u{n}", f"user{n}", f"user{n}@example.test", name, name.lower(), False)
            copy.write_row((*row, "en", ",", "", False, "2030-01-01T00:00:00Z", 1))


def load_memberships(cursor: Any, rows: int) -> None:
    columns = "organisation_id, user_id, roles, grants, keys_below, created_at, version"
    with cursor.copy(f"COPY memberships ({columns}) FROM STDIN") as copy:
        for n in range(1, rows + 1):
            organisation = n if n <= ROOT else owner_of(n)
            copy.write_row(
                (organisation, n, "{administrator}", "{}", False, "2030-01-01T00:00:00Z", 1)
            )


def measure(portal: Portal, number: int, typed: str) -> Figures:
    """Milliseconds of one search by the administrator of this organisation; the first warms up."""
    times = []
    for _round in range(ROUNDS + 1):
        with portal.test_request_context(f"/o/ORG-{number:010}/search"):
            user = db.session.scalars(select(User).where(User.id == number)).one()
            user.session_token = "bench"
            login_user(user)
            with unscoped("the benchmark's organisation"):
                g.organisation = db.session.scalars(
                    select(Organisation).where(Organisation.id == number)
                ).one()
            with scope(number):
                begun = time.perf_counter()
                results = find(typed, reach_here())
                render_template_string(PAGE, results=results)
                times.append((time.perf_counter() - begun) * 1000)
                if any(group.has_failed for group in results.groups):
                    raise RuntimeError(f"{typed} took too long")
            db.session.remove()
    return Figures(times[1:])


def figures(portal: Portal, *, verbose: bool = False) -> Iterator[str]:
    load(portal, User, load_people, 100_000)
    load(portal, Organisation, load_organisations, 0)
    load(portal, Membership, load_memberships, 100_000)
    for name, rows in (("10k", 10_000), ("1m", 1_000_000)):
        load(portal, Device, load_devices, rows)
        found = {
            (number, typed): measure(portal, number, typed)
            for number in (BIG, SMALL, ROOT)
            for typed in SEARCHES
        }
        if verbose:
            for (number, typed), figure in found.items():
                said = f"best {figure.best:.1f} p50 {figure.p50:.1f} p95 {figure.p95:.1f} ms"
                yield f"# {rows} org {number} {typed!r} {said}"
        times = Figures([t for figure in found.values() for t in figure.pages])
        yield f"search_p50_ms_{name} {times.p50:.1f} ms"
        yield f"search_p95_ms_{name} {times.p95:.1f} ms"


def main() -> None:
    with bench() as found:
        for line in figures(found.portal, verbose=True):
            print(line, flush=True)


if __name__ == "__main__":
    main()
