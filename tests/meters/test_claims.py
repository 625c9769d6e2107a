"""Claiming: by the label (K-9), and of what was delivered (K-10)."""

from __future__ import annotations

import statistics
import threading
import time
from collections import Counter
from typing import Any

import pytest
from sqlalchemy import select

from tests.cast import Person
from tests.meters.dealing import Dealings
from webapp.audit.models import AuditRow
from webapp.core.clock import utcnow
from webapp.core.errors import Refusal, TooMany
from webapp.core.throttle import Limit
from webapp.meters import claims, codes, tr005
from webapp.meters.models import ClaimState

UNCLAIMED = ClaimState.UNCLAIMED
SAME = "No device with this serial number and claim code is free"


def url(deal: Dealings, org: str = "") -> str:
    return f"/o/{org or deal.world.globex}/meters/claim"


def try_label(deal: Dealings, serial: Any, code: str, address: str = "192.0.2.1") -> None:
    with deal.at(deal.globex):
        claims.claim_by_label(
            serial, code, organisation_id=deal.globex, address=address, now=utcnow()
        )


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """For tests that guess more often than anybody may."""
    for name in ("BY_USER", "BY_ADDRESS", "BY_DEVICE"):
        monkeypatch.setattr(claims, name, Limit(name, tries=100_000, window_seconds=60))


@pytest.mark.feature("K-9")
def test_serial_and_code_of_the_label_claim_a_device_of_somebody_else(
    deal: Dealings, stranger: Person
) -> None:
    deal.stock("W1", state=UNCLAIMED)
    old = deal.codes["W1"]
    answer = stranger.post(url(deal), {"scanned": " w 1 ", "code": old.lower().replace("-", " ")})
    assert answer.status_code == 303, answer.text
    meter = deal.meter("W1")
    assert answer.location.endswith(f"/meters/{meter.public_id}")
    assert (deal.owners("W1"), deal.states("W1")) == (["globex"], ["claimed"])
    with deal.looking():
        assert not codes.is_right(meter, old), "a new code after each claim"
        assert codes.is_right(meter, codes.code_of(meter) or "")
    deal.check_invariants()
    events = {(r.organisation_id, r.event) for r in deal.all(select(AuditRow))}
    assert {(deal.acme, "meters:device:left"), (deal.globex, "meters:device:claimed")} <= events


@pytest.mark.feature("K-9")
def test_a_scanned_lorawan_code_names_the_device(deal: Dealings, stranger: Person) -> None:
    deal.stock("W1", state=UNCLAIMED, dev_eui="0102030405060708")
    scanned = "LW:D0:1122334455667788:0102030405060708:AABB1122:SXYZ"
    answer = stranger.post(url(deal), {"scanned": scanned, "code": deal.codes["W1"]})
    assert answer.status_code == 303
    assert deal.owners("W1") == ["globex"]


@pytest.mark.feature("K-9")
def test_the_owner_token_of_the_code_stands_in_for_the_claim_code(
    deal: Dealings, stranger: Person
) -> None:
    deal.stock("W1", state=UNCLAIMED, dev_eui="0102030405060708")
    token = deal.codes["W1"].replace("-", "")
    scanned = f"LW:D0:1122334455667788:0102030405060708:AABB1122:O{token}"
    assert stranger.post(url(deal), {"scanned": scanned, "code": ""}).status_code == 303


@pytest.mark.feature("K-9")
@pytest.mark.parametrize(
    ("scanned", "words"),
    [
        ("", "Type the serial number"),
        ("W_1?", "is no serial number"),
        ("LW:D0:12", "The code is cut off"),
        ("X" * 33, "more than 32"),
        ("Y" * 600, "At most 512"),
    ],
)
def test_what_is_no_label_is_said_beside_the_field(
    deal: Dealings, stranger: Person, scanned: str, words: str
) -> None:
    answer = stranger.post(url(deal), {"scanned": scanned, "code": "AAAA-AAAA"})
    assert answer.status_code == 422
    assert words in answer.text


@pytest.mark.feature("K-9")
def test_all_refusals_are_one_and_burn_nothing(
    deal: Dealings, stranger: Person, patient: None
) -> None:
    deal.stock("FREE", "HELD", state=UNCLAIMED)
    deal.stock("TAKEN")
    deal.issue("HELD")
    tries = {
        "UNKNOWN": "AAAA-AAAA",
        "FREE": "AAAA-AAAA",
        "TAKEN": deal.codes["TAKEN"],
        "HELD": deal.codes["HELD"],
    }
    answers = set()
    for serial, code in tries.items():
        answer = stranger.post(url(deal), {"scanned": serial, "code": code})
        assert SAME in answer.text
        answers.add((answer.status_code, len(answer.text) - len(serial) - len(code)))
    assert len(answers) == 1
    assert (
        stranger.post(url(deal), {"scanned": "FREE", "code": deal.codes["FREE"]}).status_code == 303
    )
    refused = deal.all(select(AuditRow).where(AuditRow.event == "meters:device:claim_refused"))
    assert len(refused) == 4
    assert all(code not in str(row.payload) for row in refused for code in tries.values())


@pytest.mark.feature("K-9")
def test_refusals_take_the_same_time(deal: Dealings, patient: None) -> None:
    """Medians of interleaved guesses: what differs is far below what a network lets anybody measure."""
    deal.stock("FREE", state=UNCLAIMED)
    deal.stock("TAKEN")
    cases = {"UNKNOWN": "AAAA-AAAA", "FREE": "AAAA-AAAA", "TAKEN": deal.codes["TAKEN"]}
    spent: dict[str, list[float]] = {name: [] for name in cases}
    for _round in range(40):
        for name, code in cases.items():
            begun = time.perf_counter()
            with pytest.raises(Refusal):
                try_label(deal, name, code)
            spent[name].append(time.perf_counter() - begun)
    medians = {name: statistics.median(times) for name, times in spent.items()}
    noise = max(statistics.stdev(sorted(times)[:30]) for times in spent.values())
    assert max(medians.values()) - min(medians.values()) < max(3 * noise, 0.004), medians


@pytest.mark.feature("K-9")
def test_guesses_are_throttled_by_user_device_and_address(deal: Dealings) -> None:
    for _guess in range(claims.BY_DEVICE.tries):
        with pytest.raises(Refusal):
            try_label(deal, "W1", "AAAA-AAAA")
    with pytest.raises(TooMany):
        try_label(deal, "W1", "AAAA-AAAA")
    for guess in range(claims.BY_USER.tries - claims.BY_DEVICE.tries - 1):
        with pytest.raises(Refusal):
            try_label(deal, f"X{guess}", "AAAA-AAAA")
    with pytest.raises(TooMany):
        try_label(deal, "Z9", "AAAA-AAAA")


@pytest.mark.feature("K-9")
def test_the_page_says_when_to_try_again(
    deal: Dealings, stranger: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claims, "BY_USER", Limit("few", tries=1, window_seconds=3600))
    stranger.post(url(deal), {"scanned": "W1", "code": "AAAA-AAAA"})
    answer = stranger.post(url(deal), {"scanned": "W1", "code": "AAAA-AAAA"})
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0


@pytest.mark.feature("K-9")
def test_who_claims_many_is_not_held_up(deal: Dealings) -> None:
    serials = [f"W{n}" for n in range(claims.BY_USER.tries + 2)]
    deal.stock(*serials, state=UNCLAIMED)
    for serial in serials:
        try_label(deal, serial, deal.codes[serial])
    assert set(deal.owners(*serials)) == {"globex"}


@pytest.mark.feature("K-9", "K-15")
def test_of_a_hundred_who_claim_at_once_exactly_one_wins(deal: Dealings, patient: None) -> None:
    deal.stock("W1", state=UNCLAIMED)
    ends: list[str] = []
    gate = threading.Barrier(20)

    def claim_five_times() -> None:
        gate.wait()
        for _try in range(5):
            try:
                try_label(deal, "W1", deal.codes["W1"])
                ends.append("won")
            except Refusal:
                ends.append("refused")

    threads = [threading.Thread(target=claim_five_times) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Counter(ends) == {"won": 1, "refused": 99}
    deal.check_invariants()


@pytest.mark.feature("K-10")
def test_a_member_claims_one_device_on_its_page(deal: Dealings, admin: Person) -> None:
    deal.stock("W1", state=UNCLAIMED)
    page = f"/o/{deal.world.acme}/meters/{deal.meter('W1').public_id}"
    assert admin.post(f"{page}/claims").location.endswith(page)
    assert deal.states("W1") == ["claimed"]
    assert admin.post(f"{page}/claims").status_code == 303, "twice is once"
    back = admin.post(f"{page}/claims", {"next": f"/o/{deal.world.acme}/meters/?state=claimed"})
    assert back.location.endswith("?state=claimed")
    assert admin.post(f"{page}/claims", {"next": "//evil.example"}).location.endswith(page)


@pytest.mark.feature("K-10")
def test_a_pending_device_can_t_be_claimed(deal: Dealings, admin: Person) -> None:
    deal.stock("W1", state=UNCLAIMED)
    batch = deal.issue("W1", duty=True)
    deal.act(deal.globex, "take", batch)
    page = f"/o/{deal.world.acme}/meters/{deal.meter('W1').public_id}"
    answer = admin.post(f"{page}/claims")
    assert answer.status_code == 409
    assert "ownership was asked for" in answer.text
    assert deal.states("W1") == ["pending"]


@pytest.mark.feature("K-10")
def test_strangers_and_readers_claim_nothing(
    deal: Dealings, reader: Person, stranger: Person
) -> None:
    deal.stock("W1", state=UNCLAIMED)
    page = f"meters/{deal.meter('W1').public_id}/claims"
    assert reader.post(f"/o/{deal.world.acme}/{page}").status_code == 403
    assert stranger.post(f"/o/{deal.world.acme}/{page}").status_code == 404
    assert stranger.post(f"/o/{deal.world.globex}/{page}").status_code == 404
    assert deal.states("W1") == ["unclaimed"]


@pytest.mark.feature("K-10")
def test_many_are_claimed_by_a_job_with_progress(
    deal: Dealings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claims, "STEP", 4)
    serials = [f"W{n}" for n in range(10)]
    deal.stock(*serials, state=UNCLAIMED)
    deal.stock("OTHER", state=UNCLAIMED, owner=deal.globex)
    ids = [deal.meter(serial).id for serial in (*serials, "OTHER")]
    with deal.at(deal.acme):
        work = claims.begin_claiming(ids, organisation_id=deal.acme, now=utcnow())
        public_id = work.public_id
    deal.work()
    assert set(deal.states(*serials)) == {"claimed"}
    assert deal.states("OTHER") == ["unclaimed"], "another's device is out of reach"
    from webapp.core.activities import Activity

    (done,) = deal.all(select(Activity).where(Activity.public_id == public_id))
    assert (done.state, done.finished, done.result["claimed"]) == ("done", 11, 10)


@pytest.mark.feature("P-33")
def test_a_webhook_tells_of_claims_and_batches(deal: Dealings) -> None:
    from webapp.core.db import db
    from webapp.meters.webhook_kinds import MeterKind
    from webapp.webhooks.models import Delivery, Webhook

    columns = {c.key for c in Webhook.__table__.columns}
    with deal.at(deal.globex):
        values: dict[str, Any] = {
            "organisation_id": deal.globex,
            "name": "ERP",
            "url": "https://erp.example/hook",
            "events": [kind.value for kind in MeterKind],
            "active": True,
            "secret_sealed": b"x",
            "sort_name": "erp",
            "created_at": utcnow(),
            "created_by": "test",
        }
        db.session.add(Webhook(**{k: v for k, v in values.items() if k in columns}))
    deal.stock("W1", "W2")
    deal.stock("L1", state=UNCLAIMED)
    deal.act(deal.globex, "take", deal.issue("W1", "W2"))
    try_label(deal, tr005.scanned("L1"), deal.codes["L1"])
    told = deal.all(select(Delivery).order_by(Delivery.id))
    assert [d.event for d in told] == ["batch.received", "device.claimed", "device.claimed"]
    assert told[0].body["data"]["batch"]["reference"] == "ACME-2026-0001"
    assert [d["serial"] for d in told[1].body["data"]["devices"]] == ["W1", "W2"]
    assert {d.organisation_id for d in told} == {deal.globex}
