"""Three organisations deal with six meters in any order: the invariants hold after each step (K-10 to K-16)."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select

from tests import make
from tests.cast import World
from tests.conftest import empty_tables
from tests.meters.dealing import Dealings
from webapp.core.clock import utcnow
from webapp.core.db import commit, db
from webapp.core.errors import Refusal
from webapp.core.throttle import Limit
from webapp.core.web import Portal
from webapp.meters import batches, claims, codes, takeovers
from webapp.meters.models import Batch, ClaimState, Meter
from webapp.orgs.models import Organisation

SERIALS = [f"W{n}" for n in range(6)]
ORG = st.sampled_from([0, 1, 2])
PICK = st.integers(min_value=0, max_value=50)


class Machine(RuleBasedStateMachine):
    """Acts that are refused change nothing; those that are done keep all invariants."""

    portal: Portal

    @initialize()
    def begin(self) -> None:
        empty_tables(self.portal)
        world = World.create(self.portal)
        self.deal = Dealings(world)
        with self.deal.looking():
            third = make.organisation("Initech", prefix="INI")
            world.user_ids["third"] = world.user_ids["admin@globex.test"]
            self.orgs = [self.deal.acme, self.deal.globex, third.id]
            for organisation_id in self.orgs[1:]:
                row = db.session.scalars(
                    select(Organisation).where(Organisation.id == organisation_id)
                ).one()
                row.prefix = row.prefix or "GLX"
            commit()
        self.deal.stock(*SERIALS[:3])
        self.deal.stock(*SERIALS[3:], state=ClaimState.UNCLAIMED)
        self.number = 0
        self.started = True

    def _try(self, act: object) -> None:
        with suppress(Refusal):
            act()  # type: ignore[operator]

    @rule(who=ORG, which=st.sets(st.sampled_from(SERIALS), min_size=1))
    def claim(self, who: int, which: set[str]) -> None:
        here = self.orgs[who]
        with self.deal.at(here):
            ids = db.session.scalars(select(Meter.id).where(Meter.serial.in_(which))).all()
            claims.claim(ids, organisation_id=here, now=utcnow())

    @rule(who=ORG, serial=st.sampled_from(SERIALS), right=st.booleans())
    def label(self, who: int, serial: str, right: bool) -> None:
        here = self.orgs[who]
        with self.deal.looking():
            code = codes.code_of(self.deal.meter(serial)) or ""

        def act() -> None:
            with self.deal.at(here):
                claims.claim_by_label(
                    serial,
                    code if right else "AAAAAAAA",
                    organisation_id=here,
                    address="192.0.2.1",
                    now=utcnow(),
                )

        self._try(act)

    @rule(who=ORG, to=ORG, which=st.sets(st.sampled_from(SERIALS), min_size=1), duty=st.booleans())
    def create(self, who: int, to: int, which: set[str], duty: bool) -> None:
        if who == to:
            return
        here, self.number = self.orgs[who], self.number + 1

        def act() -> None:
            with self.deal.at(here):
                issuer = self.deal.organisation(here)
                report = batches.check(sorted(which))
                wanted = batches.Wanted(
                    reference=f"{issuer.prefix}-{self.number}",
                    receiver=self.deal.organisation(self.orgs[to]),
                    needs_confirmation=duty,
                    label_name="Spring" if duty else None,
                )
                batches.create(wanted, report.meter_ids, issuer=issuer, now=utcnow())

        self._try(act)

    @rule(
        verb=st.sampled_from(["take", "confirm", "refuse", "withdraw_request", "withdraw"]),
        pick=PICK,
    )
    def decide(self, verb: str, pick: int) -> None:
        found = self.deal.all(select(Batch).order_by(Batch.id))
        if not found:
            return
        batch = found[pick % len(found)]
        receiver_acts = verb in ("take", "withdraw_request")
        who = batch.to_organisation_id if receiver_acts else batch.from_organisation_id
        more = ("No",) if verb == "refuse" else ()
        self._try(lambda: self.deal.act(who, verb, batch.public_id, *more))

    @invariant()
    def all_holds(self) -> None:
        if getattr(self, "started", False):
            self.deal.check_invariants()


@pytest.mark.feature("K-10", "K-14", "K-15", "K-16")
def test_whatever_three_organisations_do_the_invariants_hold(
    portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("BY_USER", "BY_ADDRESS", "BY_DEVICE"):
        monkeypatch.setattr(claims, name, Limit(name, tries=100_000, window_seconds=60))
    assert len(SERIALS) < takeovers.AT_ONCE
    Machine.portal = portal
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        Machine,
        settings=settings(
            max_examples=8,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
