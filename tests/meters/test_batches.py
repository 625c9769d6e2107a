"""Batches: checked whole, made whole, taken over whole (K-11, K-12, K-14, K-15)."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from tests.meters.dealing import Dealings
from webapp.audit.models import AuditRow
from webapp.core.clock import utcnow
from webapp.core.db import db
from webapp.core.errors import Refusal, TooMany
from webapp.core.principal import Actor, Principal, acting_as
from webapp.devices.labels import label_named
from webapp.mail.models import Mail
from webapp.meters import batches, claims, codes, opening, takeovers
from webapp.meters.batches import Fault
from webapp.meters.models import BatchItem, ClaimState, Meter, MeterKey
from webapp.notices.models import Notification


def faults(deal: Dealings, *serials: str, **more: object) -> dict[str, Fault]:
    with deal.at(deal.acme):
        report = batches.check(serials, **more)  # type: ignore[arg-type]
        return {refused.serial: refused.fault for refused in report.refused}


@pytest.mark.feature("K-12")
def test_each_serial_that_can_t_go_says_why(deal: Dealings) -> None:
    deal.stock("W1", "W2", "W3", "W4")
    deal.stock("STRANGE", owner=deal.globex)
    deal.issue("W2")
    held = deal.issue("W3", duty=True)
    deal.act(deal.globex, "take", held)
    assert faults(deal, "W1", "W1", "W2", "W3", "W4", "STRANGE", "NEVER") == {
        "W1": Fault.DOUBLE,
        "W2": Fault.HELD,
        "W3": Fault.HELD,
        "STRANGE": Fault.UNKNOWN,
        "NEVER": Fault.UNKNOWN,
    }


@pytest.mark.feature("K-12")
def test_a_serial_named_twice_goes_along_once(deal: Dealings) -> None:
    deal.stock("W1")
    with deal.at(deal.acme):
        report = batches.check(["W1", "W1"])
        assert len(report.meter_ids) == 1


@pytest.mark.feature("K-3", "K-12")
def test_a_serial_of_two_makers_is_chosen(deal: Dealings) -> None:
    from tests.meters import make

    deal.stock("W1")
    with deal.at(deal.acme):
        other = make.product_type("Heat meter", maker_code="DME")
    deal.stock("W1", of_type=other)
    with deal.at(deal.acme):
        report = batches.check(["W1"])
        assert report.refused[0].fault is Fault.SEVERAL
        assert sorted(report.refused[0].makers) == ["DME", "KAM"]
        chosen = batches.check(["W1"], chosen={"W1": "DME"})
        assert chosen.is_clean
        meter = db.session.scalars(select(Meter).where(Meter.id == chosen.meter_ids[0])).one()
        assert meter.maker.code == "DME"


@pytest.mark.feature("K-11")
def test_references_follow_the_prefix_and_are_unique(deal: Dealings) -> None:
    deal.stock("W1", "W2", "W3")
    deal.issue("W1")
    deal.issue("W2", reference="acme-2026-0007")
    with deal.at(deal.acme):
        issuer = deal.organisation(deal.acme)
        assert batches.suggested_reference(issuer, year=2026) == "ACME-2026-0008"
        assert batches.suggested_reference(issuer, year=2027) == "ACME-2027-0001"
        for wrong in ("GLX-1", "ACME", "ACME-", "", "ACME-" + "x" * 40, "Acme-2026-0001"):
            with pytest.raises(Refusal) as refused:
                batches.checked_reference(wrong, issuer)
            assert refused.value.field == "reference"
        assert batches.checked_reference("  acme-spring   7 ", issuer) == "acme-spring 7"


@pytest.mark.feature("K-14", "K-15", "P-23")
def test_without_duty_taking_makes_the_devices_theirs_at_once(deal: Dealings) -> None:
    deal.stock("W1", "W2")
    deal.stock("W3", state=ClaimState.UNCLAIMED)
    with deal.at(deal.acme):
        before = [m.id for m in db.session.scalars(select(Meter).order_by(Meter.id))]
        values = opening.current_values(before)
    batch = deal.issue("W1", "W2", "W3", label="Spring")
    deal.check_invariants()
    assert {tuple(deal.meter(s).labels) for s in ("W1", "W2", "W3")} == {(1,)}
    old = deal.codes["W1"]
    deal.act(deal.globex, "take", batch)
    deal.check_invariants()
    assert deal.owners("W1", "W2", "W3") == ["globex"] * 3
    assert deal.states("W1", "W2", "W3") == ["claimed"] * 3
    assert deal.state_of(batch) == "taken"
    assert {deal.meter(s).batch_reference for s in ("W1", "W2", "W3")} == {"ACME-2026-0001"}
    with deal.at(deal.globex):
        assert opening.current_values(before) == values, "the keys open before they are resealed"
        assert label_named("Spring", trade="meters", organisation_id=deal.globex).number == 1
        assert not codes.is_right(deal.meter("W1"), old)
    deal.work()
    with deal.at(deal.globex):
        assert opening.current_values(before) == values
        keys = db.session.scalars(select(MeterKey)).all()
        assert {key.organisation_id for key in keys} == {deal.globex}
    with deal.at(deal.acme):
        assert db.session.scalars(select(Meter)).all() == []
        assert len(db.session.scalars(select(BatchItem)).all()) == 3, "the history stays"


@pytest.mark.feature("K-14")
def test_with_duty_the_issuer_decides(deal: Dealings) -> None:
    deal.stock("W1")
    deal.stock("W2", state=ClaimState.UNCLAIMED)
    batch = deal.issue("W1", "W2", duty=True)
    deal.act(deal.globex, "take", batch)
    deal.check_invariants()
    assert deal.states("W1", "W2") == ["pending", "pending"]
    assert deal.owners("W1", "W2") == ["acme", "acme"]
    deal.act(deal.acme, "refuse", batch, "Wrong  meters")
    deal.check_invariants()
    assert deal.states("W1", "W2") == ["claimed", "unclaimed"]
    deal.act(deal.globex, "take", batch)
    deal.act(deal.globex, "withdraw_request", batch)
    deal.check_invariants()
    assert deal.states("W1", "W2") == ["claimed", "unclaimed"]
    deal.act(deal.globex, "take", batch)
    deal.act(deal.acme, "confirm", batch)
    deal.check_invariants()
    assert deal.owners("W1", "W2") == ["globex", "globex"]
    assert deal.states("W1", "W2") == ["claimed", "claimed"]


@pytest.mark.feature("K-14")
def test_what_was_claimed_while_the_batch_was_open_stays_claimed_on_a_refusal(
    deal: Dealings,
) -> None:
    deal.stock("W1", state=ClaimState.UNCLAIMED)
    batch = deal.issue("W1", duty=True)
    with deal.at(deal.acme):
        assert claims.claim([deal.meter("W1").id], organisation_id=deal.acme, now=utcnow()) == 1
    deal.act(deal.globex, "take", batch)
    deal.act(deal.acme, "refuse", batch, "No")
    assert deal.states("W1") == ["claimed"]


@pytest.mark.feature("K-26")
def test_programs_that_passed_by_hear_of_a_refused_batch_again(deal: Dealings) -> None:
    deal.stock("W1")
    batch = deal.issue("W1", duty=True)
    before = deal.meter("W1").feed_seq
    deal.act(deal.globex, "take", batch)
    deal.act(deal.acme, "refuse", batch, "No")
    assert (deal.meter("W1").feed_seq or 0) > (before or 0)
    assert deal.states("W1") == ["claimed"]


@pytest.mark.feature("K-14")
def test_a_refusal_needs_a_reason(deal: Dealings) -> None:
    deal.stock("W1")
    batch = deal.issue("W1", duty=True)
    deal.act(deal.globex, "take", batch)
    with pytest.raises(Refusal):
        deal.act(deal.acme, "refuse", batch, "  ")
    assert deal.state_of(batch) == "pending"


@pytest.mark.feature("K-16")
def test_a_batch_can_be_withdrawn_while_open_alone(deal: Dealings) -> None:
    deal.stock("W1", "W2")
    batch = deal.issue("W1", duty=True)
    deal.act(deal.acme, "withdraw", batch)
    deal.check_invariants()
    with pytest.raises(Refusal):
        deal.act(deal.globex, "take", batch)
    second = deal.issue("W1", duty=True)
    deal.act(deal.globex, "take", second)
    with pytest.raises(Refusal):
        deal.act(deal.acme, "withdraw", second)
    deal.check_invariants()


@pytest.mark.feature("K-16")
def test_a_reference_alone_tells_a_stranger_nothing(deal: Dealings) -> None:
    deal.stock("W1", "W2")
    deal.issue("W1")
    taken = deal.issue("W2")
    deal.act(deal.globex, "take", taken)
    answers = set()
    with deal.at(deal.globex):
        assert takeovers.waiting_for(deal.globex, " acme-2026-0001 ").devices == 1
    for who, reference in (
        (deal.acme, "ACME-2026-0001"),
        (deal.globex, "ACME-2026-0002"),
        (deal.globex, "ACME-2026-9999"),
    ):
        with deal.at(who), pytest.raises(Refusal) as refused:
            takeovers.waiting_for(who, reference)
        answers.add((str(refused.value), refused.value.status))
    assert len(answers) == 1


@pytest.mark.feature("K-16")
def test_guessing_references_is_throttled(deal: Dealings) -> None:
    with deal.at(deal.globex):
        for n in range(takeovers.BY_USER.tries):
            with pytest.raises(Refusal):
                takeovers.waiting_for(deal.globex, f"ACME-{n}")
        with pytest.raises(TooMany):
            takeovers.waiting_for(deal.globex, "ACME-X")


@pytest.mark.feature("K-13", "P-23", "P-37")
def test_people_are_told_in_mails_without_keys(deal: Dealings) -> None:
    deal.stock("W1")
    batch = deal.issue("W1", duty=True)
    deal.act(deal.globex, "take", batch)
    deal.act(deal.acme, "refuse", batch, "Not these")
    mails = deal.all(select(Mail).order_by(Mail.id))
    assert [(m.type, m.recipient, m.organisation_id) for m in mails] == [
        ("new_batch", "admin@globex.test", deal.globex),
        ("ownership_request", "admin@acme.test", deal.acme),
        ("ownership_decided", "admin@globex.test", deal.globex),
    ]
    assert "ACME-2026-0001" in mails[0].subject
    notes = deal.all(select(Notification).order_by(Notification.id))
    assert [n.kind for n in notes] == ["meter_batch", "meter_request", "meter_decision"]
    assert notes[2].detail == "Not these"


@pytest.mark.feature("K-11")
def test_the_log_of_both_sides_tells_it_without_keys(deal: Dealings) -> None:
    deal.stock("W1")
    batch = deal.issue("W1")
    deal.act(deal.globex, "take", batch)
    rows = deal.all(select(AuditRow).where(AuditRow.event.like("meters:batch:%")))
    assert sorted((r.organisation_id, r.event) for r in rows) == sorted(
        [
            (deal.acme, "meters:batch:created"),
            (deal.acme, "meters:batch:taken"),
            (deal.globex, "meters:batch:taken"),
        ]
    )


@pytest.mark.feature("K-14")
def test_a_large_batch_is_taken_by_a_job(deal: Dealings) -> None:
    deal.stock(*(f"W{n:03}" for n in range(30)))
    batch = deal.issue(*(f"W{n:03}" for n in range(30)))
    with deal.at(deal.globex):
        work = takeovers.begin(deal.batch(batch), "take", organisation_id=deal.globex, now=utcnow())
    deal.work()
    with deal.looking():
        db.session.add(work)
        db.session.refresh(work)
        assert (work.state, work.finished) == ("done", 30)
    assert set(deal.owners(*(f"W{n:03}" for n in range(30)))) == {"globex"}
    deal.check_invariants()


@pytest.mark.feature("K-14")
def test_a_receiver_without_room_for_a_label_gets_its_devices_all_the_same(
    deal: Dealings, monkeypatch: pytest.MonkeyPatch
) -> None:
    deal.stock("W1")
    batch = deal.issue("W1", label="Spring")
    monkeypatch.setattr("webapp.devices.labels.MOST_LABELS", 0)
    deal.act(deal.globex, "take", batch)
    assert (deal.owners("W1"), deal.meter("W1").labels) == (["globex"], [])


@pytest.mark.feature("K-14")
def test_a_program_may_take_too(deal: Dealings) -> None:
    """Its request names nobody who could be told of the decision."""
    deal.stock("W1")
    batch = deal.issue("W1", duty=True)
    robot = Principal(Actor.JOB, None, "robot", org=deal.globex)
    with deal.at(deal.globex), acting_as(robot):
        takeovers.take(deal.batch(batch), now=utcnow())
    deal.act(deal.acme, "confirm", batch)
    assert deal.owners("W1") == ["globex"]
