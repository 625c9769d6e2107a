"""K-15: two who act at once on one batch, real threads against PostgreSQL; workers that die on any line."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import update

from tests.meters.dealing import Dealings
from webapp.core.activities import Activity, run_activities
from webapp.core.clock import utcnow
from webapp.core.db import commit, db, rollback
from webapp.core.errors import Refusal
from webapp.core.tenancy import unscoped
from webapp.meters import batches, claims, takeovers
from webapp.meters.models import ClaimState

pytestmark = pytest.mark.feature("K-15")
SERIALS = [f"W{n}" for n in range(12)]


def at_once(*acts: Callable[[], object]) -> Counter[str]:
    """What became of each: done or told."""
    ends: list[str] = []
    gate = threading.Barrier(len(acts))

    def run(act: Callable[[], object]) -> None:
        gate.wait()
        try:
            act()
            ends.append(f"{act.__name__} done")
        except Refusal as refusal:
            ends.append(f"{act.__name__} {'told' if refusal.status == 409 else refusal.message}")
        except BaseException as error:
            ends.append(f"{act.__name__} {error!r}")

    threads = [threading.Thread(target=run, args=[act]) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Counter(ends)


def test_of_two_who_take_one_wins(deal: Dealings) -> None:
    deal.stock(*SERIALS)
    batch = deal.issue(*SERIALS)

    def take() -> None:
        deal.act(deal.globex, "take", batch)

    assert at_once(take, take, take) == {"take done": 1, "take told": 2}
    deal.check_invariants()
    assert set(deal.owners(*SERIALS)) == {"globex"}


def test_of_two_who_confirm_one_wins(deal: Dealings) -> None:
    deal.stock(*SERIALS)
    batch = deal.issue(*SERIALS, duty=True)
    deal.act(deal.globex, "take", batch)

    def confirm() -> None:
        deal.act(deal.acme, "confirm", batch)

    assert at_once(confirm, confirm) == {"confirm done": 1, "confirm told": 1}
    deal.check_invariants()


def test_confirming_and_refusing_and_withdrawing_at_once_is_one_of_them(deal: Dealings) -> None:
    deal.stock(*SERIALS)
    batch = deal.issue(*SERIALS, duty=True)
    deal.act(deal.globex, "take", batch)

    def confirm() -> None:
        deal.act(deal.acme, "confirm", batch)

    def refuse() -> None:
        deal.act(deal.acme, "refuse", batch, "No")

    def withdraw_request() -> None:
        deal.act(deal.globex, "withdraw_request", batch)

    ends = at_once(confirm, refuse, withdraw_request)
    assert sum(n for end, n in ends.items() if end.endswith("done")) == 1, ends
    assert sum(n for end, n in ends.items() if end.endswith("told")) == 2, ends
    deal.check_invariants()


def test_taking_and_withdrawing_at_once_is_one_of_them(deal: Dealings) -> None:
    deal.stock(*SERIALS)
    batch = deal.issue(*SERIALS)

    def take() -> None:
        deal.act(deal.globex, "take", batch)

    def withdraw() -> None:
        deal.act(deal.acme, "withdraw", batch)

    ends = at_once(take, withdraw)
    assert sorted(ends) in (["take done", "withdraw told"], ["take told", "withdraw done"])
    deal.check_invariants()


def test_two_batches_never_hold_one_device(deal: Dealings) -> None:
    """Both checked before either was made."""
    deal.stock(*SERIALS)
    ids = [deal.meter(serial).id for serial in SERIALS]
    gate = threading.Barrier(2)

    def make(reference: str) -> Callable[[], None]:
        def create() -> None:
            with deal.at(deal.acme):
                issuer, receiver = deal.organisation(deal.acme), deal.organisation(deal.globex)
                assert batches.check(SERIALS).is_clean
                gate.wait()
                wanted = batches.Wanted(
                    reference=reference, receiver=receiver, needs_confirmation=False
                )
                batches.create(wanted, ids, issuer=issuer, now=utcnow())

        return create

    assert at_once(make("ACME-1"), make("ACME-2")) == {"create done": 1, "create told": 1}
    deal.check_invariants()


def test_two_of_one_reference_at_once(deal: Dealings) -> None:
    deal.stock("A", "B")
    gate = threading.Barrier(2)

    def make(serial: str) -> Callable[[], None]:
        def create() -> None:
            with deal.at(deal.acme):
                issuer, receiver = deal.organisation(deal.acme), deal.organisation(deal.globex)
                report = batches.check([serial])
                gate.wait()
                wanted = batches.Wanted(
                    reference="ACME-1", receiver=receiver, needs_confirmation=False
                )
                batches.create(wanted, report.meter_ids, issuer=issuer, now=utcnow())

        return create

    assert at_once(make("A"), make("B")) == {"create done": 1, "create told": 1}


def test_claiming_by_label_and_batching_at_once(deal: Dealings) -> None:
    deal.stock("W1", state=ClaimState.UNCLAIMED)

    def label() -> None:
        with deal.at(deal.globex):
            try:
                claims.claim_by_label(
                    "W1",
                    deal.codes["W1"],
                    organisation_id=deal.globex,
                    address="192.0.2.1",
                    now=utcnow(),
                )
            except Refusal as refusal:
                raise Refusal(refusal.message, status=409) from refusal

    def batch() -> None:
        with deal.at(deal.acme):
            issuer, receiver = deal.organisation(deal.acme), deal.organisation(deal.globex)
            report = batches.check(["W1"])
            if not report.is_clean:
                raise Refusal("gone", status=409)
            wanted = batches.Wanted(reference="ACME-1", receiver=receiver, needs_confirmation=False)
            batches.create(wanted, report.meter_ids, issuer=issuer, now=utcnow())

    ends = at_once(label, batch)
    assert sum(n for end, n in ends.items() if end.endswith("done")) == 1, ends
    deal.check_invariants()


class Died(BaseException):
    """As kill -9 does: nobody gets to tidy up."""


@pytest.mark.parametrize("point", ["meters.moved", "meters.taken"])
@pytest.mark.parametrize("duty", [False, True])
def test_a_worker_that_dies_in_the_middle_leaves_all_or_nothing(
    deal: Dealings, monkeypatch: pytest.MonkeyPatch, point: str, duty: bool
) -> None:
    deal.stock(*SERIALS)
    batch = deal.issue(*SERIALS, duty=duty)
    if duty:
        deal.act(deal.globex, "take", batch)
    who, act = (deal.acme, "confirm") if duty else (deal.globex, "take")
    with deal.at(who):
        takeovers.begin(deal.batch(batch), act, organisation_id=who, now=utcnow())
    deaths = iter([True])

    def die(name: str) -> None:
        if name == point and next(deaths, False):
            raise Died

    monkeypatch.setattr(takeovers, "crash_point", die)
    with deal.world.portal.app_context(), unscoped("as the worker does"):
        with pytest.raises(Died):
            run_activities()
        rollback()
    assert set(deal.owners(*SERIALS)) == {"acme"}, "nothing moved"
    deal.check_invariants()
    with deal.looking():
        past = utcnow() - timedelta(seconds=1)
        db.session.execute(
            update(Activity)
            .values(claimed_until=past, due_at=past)
            .where(Activity.ended_at.is_(None))
        )
        commit()
    deal.work()
    assert set(deal.owners(*SERIALS)) == {"globex"}
    assert deal.state_of(batch) == "taken"
    deal.check_invariants()


def test_afterwards_the_issuer_has_the_devices_in_its_history_alone(deal: Dealings) -> None:
    from sqlalchemy import select

    from webapp.devices.models import Ownership
    from webapp.meters.models import Meter, MeterKey

    deal.stock("W1")
    deal.act(deal.globex, "take", deal.issue("W1"))
    with deal.at(deal.acme):
        assert db.session.scalars(select(Meter)).all() == []
        assert db.session.scalars(select(MeterKey)).all() == []
    with deal.looking():
        owned = db.session.scalars(select(Ownership).order_by(Ownership.id)).all()
    assert [(o.organisation_id, o.ended_at is None) for o in owned] == [
        (deal.acme, False),
        (deal.globex, True),
    ]
