"""Keys on their way out, telegrams tried, master keys changed: `python -m benchmarks.keys [devices]`.

K-23 asks for 5 s a 100,000 devices, K-21 for 1 s a 1,000 organisations.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator

from sqlalchemy import insert, select

from benchmarks.portals import Figure, bench
from webapp.core.activities import Activity, run_activities
from webapp.core.clock import utcnow
from webapp.core.db import commit, db
from webapp.core.principal import Actor, Principal, acting_as
from webapp.core.tenancy import scope, unscoped
from webapp.core.web import Portal
from webapp.meters import keyring, rotation, stock
from webapp.meters.downloads import jobs
from webapp.meters.downloads.choices import Choice
from webapp.meters.envelope import MasterRing
from webapp.meters.formats import FORMATS, Options
from webapp.meters.keyring import Configured
from webapp.meters.kinds import KeyKind
from webapp.meters.models import ClaimState, Maker, ProductType
from webapp.meters.stock import NewMeter
from webapp.meters.telegrams import prove, read
from webapp.orgs.models import Organisation

COUNT = 100_000
STEP = 10_000
ORGANISATIONS = 1_000
TELEGRAMS = 20_000
OLD, NEW = os.urandom(32), os.urandom(32)
GAS = (
    "2E44931578563412330333637A2A0020255923C95AAA26D1B2E7493BC2AD013EC4A6F6D3529B520EDFF0EA6DEFC955B2"
    "9D6D69EBF3EC8A"
)
GAS_KEY = bytes.fromhex("0102030405060708090A0B0C0D0E0F11")


def main() -> int:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else COUNT
    with bench({"METER_MASTER_KEYS": f"old {OLD.hex()}"}) as here, here.portal.app_context():
        for figure in (*_export(count), _rewrap(here.portal), _proofs()):
            print(figure)
    return 0


def _export(count: int) -> Iterator[Figure]:
    with unscoped("a benchmark"):
        organisation_id = _organisation("Bench")
        ids = _stock(organisation_id, count)
    robot = Principal(Actor.JOB, None, "benchmark", org=organisation_id)
    for form in ("csv", "json", "man_id_key"):
        with acting_as(robot), scope(organisation_id):
            began = time.perf_counter()
            choice = Choice(FORMATS[form], Options())
            work = jobs.begin_download(ids, choice, organisation_id=organisation_id, now=utcnow())
            work_id = work.id
            commit()
            _until_done(work_id)
            name = "keys_export_100k_s" if form == "csv" else f"keys_export_100k_{form}_s"
            yield Figure(name, time.perf_counter() - began, "s")


def _until_done(work_id: int) -> None:
    with unscoped("as the worker"):
        while True:
            run_activities()
            work = db.session.get_one(Activity, work_id, populate_existing=True)
            if not work.is_open:
                assert work.state == "done", work.last_error
                return


def _rewrap(portal: Portal) -> Figure:
    with unscoped("a benchmark"):
        for number in range(ORGANISATIONS):
            keyring.active_data_key(_organisation(f"Rewrapped {number}"))
        commit()
    portal.extensions["meter_masters"] = Configured(MasterRing({"new": NEW, "old": OLD}, "new"))
    began = time.perf_counter()
    assert rotation.rewrap_all() >= ORGANISATIONS
    return Figure("rewrap_1000_orgs_s", time.perf_counter() - began, "s")


def _proofs() -> Figure:
    began = time.perf_counter()
    for _ in range(TELEGRAMS):
        assert prove(read(GAS), GAS_KEY).opens
    return Figure("telegram_proofs_per_s", TELEGRAMS / (time.perf_counter() - began), "1/s")


def _organisation(name: str) -> int:
    row = Organisation(name=name, sort_name=name.casefold(), created_at=utcnow(), path="/")
    db.session.add(row)
    db.session.flush()
    return row.id


def _stock(organisation_id: int, count: int) -> list[int]:
    """Claimed water meters with one OMS key each."""
    of_type, ids = _product_type(), list[int]()
    for begun in range(0, count, STEP):
        meters = [
            NewMeter(
                serial=f"W{n:07}",
                product_type=of_type,
                keys={KeyKind.OMS_AES128: os.urandom(16)},
                mbus_maker="KAM",
                mbus_id=f"{n:08}",
            )
            for n in range(begun, min(begun + STEP, count))
        ]
        ids += stock.put(
            meters, organisation_id=organisation_id, now=utcnow(), state=ClaimState.CLAIMED
        )
        commit()
    return ids


def _product_type() -> ProductType:
    db.session.execute(insert(Maker).values(code="KAM", name="Kamstrup", sort_name="kamstrup"))
    maker_id = db.session.scalars(select(Maker.id)).one()
    row = ProductType(
        maker_id=maker_id,
        name="Water meter",
        sort_name="water meter",
        medium="water",
        radio="wmbus",
        key_kinds=["oms_aes128"],
    )
    db.session.add(row)
    db.session.flush()
    return row


if __name__ == "__main__":
    sys.exit(main())
