"""A delivery of devices with keys through the whole engine: `python -m benchmarks.keys_import [count]`.

Q-5 asks for 100,000 devices in 30 s with checks, staging and commit, in 300 MiB: one worker, from the upload to the
last step. The stock is empty at the beginning; each device has a random key.
"""

from __future__ import annotations

import os
import resource
import sys
import tempfile
import time

from benchmarks.imports import _environ, _organisation, _row, _work
from benchmarks.portals import Figure
from webapp import create_app
from webapp.core.clock import utcnow
from webapp.core.db import Base, commit, db
from webapp.core.names import sort_name
from webapp.core.principal import Actor, Principal, acting_as
from webapp.core.tenancy import unscoped
from webapp.imports import services
from webapp.imports.subjects import subject_of
from webapp.launcher.services import Postgres, Redis
from webapp.meters.deliveries import Parcel, take_in
from webapp.meters.kinds import KeyKind
from webapp.meters.models import Maker, Medium, ProductType, Radio
from webapp.meters.reading.deliveries import DeliveryFormat
from webapp.orgs.models import Organisation
from webapp.settings import from_environment

COUNT = 100_000


def main() -> int:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else COUNT
    with Postgres.throwaway() as postgres, Redis.throwaway() as redis:
        with tempfile.TemporaryDirectory() as data:
            for figure in measure(_environ(postgres, redis, data), count):
                print(figure, flush=True)
    return 0


def measure(environ: dict[str, str], count: int = COUNT) -> list[Figure]:
    environ = {**environ, "METER_MASTER_KEYS": f"bench {os.urandom(32).hex()}"}
    portal = create_app(from_environment(environ))
    with portal.app_context(), unscoped("a benchmark"):
        Base.metadata.create_all(db.engine)
    with portal.app_context(), unscoped("a benchmark"):
        operator, receiver = _organisation(), _organisation()
        kind_of = _type()
        with acting_as(Principal(Actor.JOB, None, "benchmark")):
            seconds = _deliver(operator, receiver, kind_of, count)
    size = f"{count // 1000}k"
    figures = [Figure(f"keys_import_{size}_s", sum(seconds.values()), "s")]
    figures += [
        Figure(f"keys_import_{size}_{name}_s", value, "s") for name, value in seconds.items()
    ]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return [*figures, Figure("keys_peak_mib", peak, "MiB")]


def _deliver(
    operator_id: int, receiver_id: int, kind_of: ProductType, count: int
) -> dict[str, float]:
    seconds: dict[str, float] = {}
    with tempfile.TemporaryFile() as file:
        file.write(b"serial;mbus id;mbus version;mbus medium;oms key\n")
        for n in range(count):
            file.write(f"BM{n:08};{n:08};1B;07;{os.urandom(16).hex()}\n".encode())
        began = time.perf_counter()
        parcel = Parcel(
            stream=file,
            file_name="delivery.csv",
            format=DeliveryFormat.OWN_CSV,
            receiver=_get(receiver_id),
            product_type=kind_of,
        )
        row = take_in(parcel, operator=_get(operator_id), now=utcnow())
        commit()
    seconds["upload"] = time.perf_counter() - began
    import_id, subject = row.id, subject_of(row.subject)
    services.begin_check(row, subject, row.mapping, version=str(row.version))
    seconds["check"] = _work()
    row = _row(import_id)
    assert row.good == count, (row.state, row.problem, row.faulty)
    services.begin_commit(row, without_faulty=False, version=str(row.version))
    seconds["commit"] = _work()
    row = _row(import_id)
    assert row.made == count, (row.state, row.problem)
    return seconds


def _get(organisation_id: int) -> Organisation:
    found = db.session.get(Organisation, organisation_id)
    assert found is not None
    return found


def _type() -> ProductType:
    maker = Maker(code="BEN", name="Bench", sort_name=sort_name("Bench"))
    db.session.add(maker)
    db.session.flush()
    row = ProductType(
        maker_id=maker.id,
        name="Meter",
        sort_name="meter",
        medium=Medium.WATER,
        radio=Radio.WMBUS,
        key_kinds=[KeyKind.OMS_AES128.value],
        mode=5,
    )
    db.session.add(row)
    commit()
    return row


if __name__ == "__main__":
    sys.exit(main())
