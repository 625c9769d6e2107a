"""How long a page of the catalogue of meters takes, at ten thousand and at a million (Q-1).

Meters of one organisation, and a tenth as many of another; rows are made by the database itself.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

from sqlalchemy import select, text

from benchmarks.lists import Figures, deep_view
from benchmarks.portals import bench
from webapp.core.db import db
from webapp.core.tenancy import scope
from webapp.core.web import Portal
from webapp.meters.models import Meter

OWN, OTHER = 1, 2
ROUNDS = 12
SINGLE = (
    "",
    "?sort=batch",
    "?sort=-batch",
    "?type={type}",
    "?state=unclaimed",
    "?state=claimed",
    "?state=pending",
    "?label=3",
    "?label=40",
    "?batch=none",
    "?batch=ACME-0007",
    "?maker=MA1",
    "?warnings=1",
    "?q=M0004711",
    "?q=471",
    "?q=70B3D5000000BEEF",
    "?q=ACME-0007",
)
COMBINED = (
    "?type={type}&state=unclaimed",
    "?state=pending&warnings=1",
    "?label=3&state=claimed&maker=MA2",
    "?label=40&type={type}",
    "?batch=ACME-0007&state=claimed&label=3",
    "?maker=MA1&warnings=1&sort=-batch",
    "?state=unclaimed&q=47",
    "?type={type}&batch=none&label=3&sort=batch",
)

FILL = """
INSERT INTO meters (id, organisation_id, public_id, maker_id, product_type_id, serial, claim_state, labels,
  batch_reference, dev_eui, key_kinds, findings, owned_since_at, created_at)
SELECT n, CASE WHEN n <= :rows THEN 1 ELSE 2 END, 'm' || n, (n %% 20) %% 4 + 1, n %% 20 + 1,
  'M' || lpad((CAST(n AS bigint) * 7919 %% 10000019)::text, 8, '0'),
  CASE WHEN n %% 50 = 0 THEN 'unclaimed' WHEN n %% 997 = 0 THEN 'pending' ELSE 'claimed' END,
  CASE WHEN n %% 3 = 0 THEN '{}'::smallint[] WHEN n %% 1000 = 1 THEN ARRAY[40]::smallint[]
    ELSE ARRAY[n %% 9, n %% 7]::smallint[] END,
  CASE WHEN n %% 4 = 0 THEN NULL ELSE 'ACME-' || lpad((n %% 500)::text, 4, '0') END,
  '70B3D5' || lpad(upper(to_hex(n)), 10, '0'), '{app_key}', CASE WHEN n %% 300 = 0 THEN 1 ELSE 0 END,
  now(), now()
FROM generate_series(1, :rows + :rows / 10) n
""".replace("%%", "%")
FIXTURES = """
INSERT INTO makers (id, code, name, sort_name) OVERRIDING SYSTEM VALUE
  SELECT n, 'MA' || n, 'Maker ' || n, 'maker ' || n FROM generate_series(1, 4) n;
INSERT INTO product_types (id, public_id, maker_id, name, sort_name, medium, radio, key_kinds)
  OVERRIDING SYSTEM VALUE
  SELECT n, 't' || n, n % 4 + 1, 'Type ' || n, 'type ' || n, 'water', 'lorawan', '{app_key}'
  FROM generate_series(1, 20) n;
INSERT INTO labels (organisation_id, public_id, number, name, sort_name, colour, trade)
  SELECT 1, 'l' || n, n, 'Label ' || n, 'label ' || n, n % 12 + 1, 'meters' FROM generate_series(1, 40) n;
INSERT INTO batches (public_id, from_organisation_id, to_organisation_id, reference, reference_folded,
  needs_confirmation, state, devices, created_at, created_by)
  SELECT 'b' || n, 2, 1, 'ACME-' || lpad(n::text, 4, '0'), 'ACME-' || lpad(n::text, 4, '0'), false, 'taken',
  2000, now() - n * interval '1 hour', 'admin' FROM generate_series(0, 499) n;
"""


def fill(portal: Portal, rows: int) -> None:
    """Anew; foreign keys rest meanwhile."""
    with portal.app_context():
        with db.engine.begin() as connection:
            connection.execute(text("SET LOCAL session_replication_role = replica"))
            for table in ("meters", "labels", "batches", "product_types", "makers"):
                connection.execute(text(f"TRUNCATE {table} CASCADE"))
            for statement in FIXTURES.split(";\n"):
                if statement.strip():
                    connection.execute(text(statement))
            connection.execute(text(FILL), {"rows": rows})
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE"))


def pages(person: object, org: str, views: tuple[str, ...]) -> dict[str, Figures]:
    """Milliseconds of whole requests, from the application's own clock-free stopwatch."""
    import time

    found = {}
    for view in views:
        times = []
        for _round in range(ROUNDS + 1):
            begun = time.perf_counter()
            answer = person.get(f"/o/{org}/meters/{view.format(type='t3')}")  # type: ignore[attr-defined]
            times.append((time.perf_counter() - begun) * 1000)
            if answer.status_code != 200 or "took too long" in answer.text:
                raise RuntimeError(f"{view}: {answer.status_code}")
        found[view] = Figures(times[1:])
    return found


def figures(portal: Portal, *, verbose: bool = False) -> Iterator[str]:
    """Whole pages, as a signed-in administrator asks for them."""
    from tests.cast import World, sign_in
    from webapp.meters.lists.meters import METERS

    world = World.create(portal)
    if (world.acme_id, world.globex_id) != (OWN, OTHER):
        raise RuntimeError("the organisations of the benchmark have other numbers")
    for name, rows in (("10k", 10_000), ("1m", 1_000_000)):
        fill(portal, rows)
        person = sign_in(world, "admin@acme.test")
        with portal.app_context(), scope(OWN):
            row = db.session.scalars(
                select(Meter).order_by(Meter.serial).offset(rows // 2).limit(1)
            ).one()
        deep = deep_view(portal, METERS, row)
        single = pages(person, world.acme, (*SINGLE, deep))
        together = pages(person, world.acme, COMBINED)
        if verbose:
            for view, figure in {**single, **together}.items():
                told = f"best {figure.best:.1f} p50 {figure.p50:.1f} p95 {figure.p95:.1f} ms"
                yield f"# {rows} {view[:60] or '(plain)'} {told}"
        yield f"catalogue_p50_ms_{name} {single[''].p50:.1f} ms"
        yield f"catalogue_p95_ms_{name} {_all(single).p95:.1f} ms"
        yield f"catalogue_combined_p95_ms_{name} {_all(together).p95:.1f} ms"


def _all(found: dict[str, Figures]) -> Figures:
    return Figures([t for figure in found.values() for t in figure.pages])


def main() -> None:
    with bench() as made:
        for line in figures(made.portal, verbose="-v" in sys.argv):
            print(line, flush=True)


if __name__ == "__main__":
    main()
