"""Batches of meters: `python -m benchmarks.batches [count]`. K-11 asks for 10 s to check and create 100,000 serials.

The figures are those of one process; the organisation holds twice as many meters as the batch names.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import select

from benchmarks.imports import _environ
from benchmarks.portals import Figure
from webapp import create_app
from webapp.core.activities import Activity, run_activities
from webapp.core.clock import utcnow
from webapp.core.db import Base, commit, db
from webapp.core.names import sort_name
from webapp.core.principal import Actor, Principal, acting_as
from webapp.core.tenancy import scope, unscoped
from webapp.launcher.services import Postgres, Redis
from webapp.meters import batches, drafts, stock, takeovers
from webapp.meters.drafts import Sent
from webapp.meters.kinds import KeyKind
from webapp.meters.models import Batch, ClaimState, Maker, ProductType
from webapp.orgs.models import Organisation
from webapp.settings import from_environment

COUNT = 100_000


def main() -> int:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else COUNT
    with Postgres.throwaway() as postgres, Redis.throwaway() as redis:
        with tempfile.TemporaryDirectory() as data:
            environ = _environ(postgres, redis, data)
            environ["METER_MASTER_KEYS"] = f"bench {os.urandom(32).hex()}"
            environ["CODE_PEPPER"] = "bench-pepper-9876543210-zyxwvutsrqponmlkjihgfedcba"
            measure(environ, count)
    return 0


def measure(environ: dict[str, str], count: int) -> list[Figure]:
    portal = create_app(from_environment(environ))
    figures: list[Figure] = []
    size = f"{count // 1000}k"

    @contextmanager
    def timed(name: str) -> Iterator[None]:
        began = time.perf_counter()
        yield
        figures.append(Figure(f"batch_{name}", time.perf_counter() - began, "s"))
        print(figures[-1], flush=True)

    with portal.app_context():
        with unscoped("a benchmark"):
            Base.metadata.create_all(db.engine)
            issuer, receiver = _organisation("Issuer", "ISS"), _organisation("Receiver", "REC")
            user_id = _user()
        serials = [f"W{n:07}" for n in range(count * 2)]
        _fill(serials, issuer)
        robot = Principal(Actor.JOB, None, "benchmark", org=issuer.id)
        with acting_as(robot), scope(issuer.id):
            typed = "\n".join(serials[:count])
            with timed(f"stage_{size}_s"):
                sent = Sent(
                    reference="1", receiver="", needs_confirmation=False, label="", typed=typed
                )
                draft_id = drafts.stage(
                    sent, None, organisation_id=issuer.id, user_id=user_id, now=utcnow()
                )
            with timed(f"{size}_s"):
                draft = drafts.get(draft_id, user_id=user_id)
                report = drafts.check(draft, drafts.contents(draft))
                assert report.is_clean
                wanted = batches.Wanted(
                    reference="ISS-1", receiver=receiver, needs_confirmation=False
                )
                batch = batches.create(wanted, report.meter_ids, issuer=issuer, now=utcnow())
                commit()
            batch_id = batch.id
        robot = Principal(Actor.JOB, None, "benchmark", org=receiver.id)
        with acting_as(robot), scope(receiver.id):
            row = db.session.scalars(select(Batch).where(Batch.id == batch_id)).one()
            takeovers.begin(row, "take", organisation_id=receiver.id, now=utcnow())
            commit()
        with unscoped("as the worker does"):
            with timed(f"take_{size}_s"):
                while db.session.scalar(
                    select(Activity.id).where(
                        Activity.kind == "take_batch", Activity.ended_at.is_(None)
                    )
                ):
                    run_activities()
            with timed(f"reseal_{size}_s"):
                while db.session.scalar(select(Activity.id).where(Activity.ended_at.is_(None))):
                    run_activities()
            assert {a.state for a in db.session.scalars(select(Activity))} == {"done"}
    return figures


def _fill(serials: list[str], owner: Organisation) -> None:
    with scope(owner.id):
        maker = Maker(code="BEN", name="Bench", sort_name="bench")
        db.session.add(maker)
        db.session.flush()
        product_type = ProductType(
            maker_id=maker.id,
            name="Meter",
            sort_name="meter",
            medium="water",
            radio="wmbus",
            key_kinds=["oms_aes128"],
        )
        db.session.add(product_type)
        db.session.flush()
        for start in range(0, len(serials), 20_000):
            meters = [
                stock.NewMeter(
                    serial=serial,
                    product_type=product_type,
                    keys={KeyKind.OMS_AES128: os.urandom(16)},
                )
                for serial in serials[start : start + 20_000]
            ]
            stock.put(meters, organisation_id=owner.id, now=utcnow(), state=ClaimState.CLAIMED)
            commit()


def _organisation(name: str, prefix: str) -> Organisation:
    row = Organisation(
        name=name, sort_name=sort_name(name), prefix=prefix, created_at=utcnow(), trades=[]
    )
    db.session.add(row)
    db.session.flush()
    row.path = f"/{row.id}/"
    commit()
    return row


def _user() -> int:
    from webapp.accounts.models import User

    row = User(
        username="bench", email="b@example.com", name="B", sort_name="b", created_at=utcnow()
    )
    db.session.add(row)
    commit()
    return row.id


if __name__ == "__main__":
    sys.exit(main())
