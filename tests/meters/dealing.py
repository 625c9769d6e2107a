"""Acme and Globex deal with meters: what several test modules need for claims and batches."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from tests.cast import World
from tests.meters import make
from webapp.core.activities import run_activities
from webapp.core.clock import utcnow
from webapp.core.db import commit, db
from webapp.core.principal import Actor, Principal, acting_as
from webapp.core.tenancy import scope, unscoped
from webapp.devices.models import Device, Ownership
from webapp.meters import batches, codes, takeovers
from webapp.meters.models import (
    Batch,
    BatchItem,
    ClaimState,
    Meter,
    MeterKey,
    OwnershipRequest,
)
from webapp.orgs.models import Organisation
from webapp.orgs.services import partners


@dataclass
class Dealings:
    """Acme is the issuer, Globex the receiver, and each other's partners."""

    world: World
    codes: dict[str, str] = field(default_factory=dict)

    @property
    def acme(self) -> int:
        return self.world.acme_id

    @property
    def globex(self) -> int:
        return self.world.globex_id

    @contextmanager
    def at(self, organisation_id: int, email: str = "") -> Iterator[None]:
        """In the application, in the scope, as a person; commits at the end."""
        email = email or (
            "admin@acme.test" if organisation_id == self.acme else "admin@globex.test"
        )
        person = Principal(
            Actor.USER, self.world.user_ids[email], email, org=organisation_id, via="192.0.2.9"
        )
        with self.world.portal.app_context(), scope(organisation_id), acting_as(person):
            yield
            commit()

    def stock(
        self,
        *serials: str,
        state: ClaimState = ClaimState.CLAIMED,
        owner: int | None = None,
        **more: Any,
    ) -> None:
        """Meters with a key and a claim code."""
        with self.at(owner or self.acme):
            made = [
                make.meter(owner or self.acme, serial, state=state, **more) for serial in serials
            ]
            codes.renew([meter.id for meter in made])
        with self.looking():
            for meter in db.session.scalars(select(Meter).where(Meter.serial.in_(serials))):
                self.codes[meter.serial] = codes.code_of(meter) or ""

    def issue(
        self,
        *serials: str,
        duty: bool = False,
        label: str | None = None,
        reference: str = "",
        by: int = 0,
    ) -> str:
        """A batch from Acme to Globex, or the other way `by` Globex; its public id."""
        by = by or self.acme
        to = self.globex if by == self.acme else self.acme
        with self.at(by):
            issuer, receiver = self.organisation(by), self.organisation(to)
            report = batches.check(serials)
            assert report.is_clean, report.refused
            name = reference or batches.suggested_reference(issuer, year=2026)
            wanted = batches.Wanted(
                reference=name, receiver=receiver, needs_confirmation=duty, label_name=label
            )
            made = batches.create(wanted, report.meter_ids, issuer=issuer, now=utcnow())
        return made.public_id

    def act(self, who: int, verb: str, public_id: str, *more: Any) -> None:
        """One of take, confirm, refuse, withdraw_request, withdraw on a batch."""
        with self.at(who):
            module = batches if verb == "withdraw" else takeovers
            getattr(module, verb)(self.batch(public_id), *more, now=utcnow())

    def batch(self, public_id: str) -> Batch:
        return db.session.scalars(select(Batch).where(Batch.public_id == public_id)).one()

    def organisation(self, organisation_id: int) -> Organisation:
        found = select(Organisation).where(Organisation.id == organisation_id)
        return db.session.scalars(found).one()

    def make_partners(self) -> None:
        with self.at(self.acme):
            partners.add_partner(
                self.world.globex,
                organisation=self.organisation(self.acme),
                by=Principal(Actor.JOB, None, "test"),
                now=utcnow(),
            )

    @contextmanager
    def looking(self) -> Iterator[None]:
        with self.world.portal.app_context(), unscoped("a test looks"):
            yield

    def meter(self, serial: str) -> Meter:
        with self.looking():
            return db.session.scalars(select(Meter).where(Meter.serial == serial)).one()

    def states(self, *serials: str) -> list[str]:
        return [self.meter(serial).claim_state for serial in serials]

    def owners(self, *serials: str) -> list[str]:
        names = {self.acme: "acme", self.globex: "globex"}
        return [names[self.meter(serial).organisation_id] for serial in serials]

    def all(self, statement: Any) -> Sequence[Any]:
        with self.looking():
            return db.session.scalars(statement).all()

    def state_of(self, public_id: str) -> str:
        with self.looking():
            return self.batch(public_id).state

    def work(self) -> None:
        """As the worker does."""
        with self.world.portal.app_context(), unscoped("as the worker does"):
            run_activities()

    def check_invariants(self) -> None:
        """One owner everywhere; held once; pending exactly while a request waits."""
        with self.looking():
            meters = {m.id: m for m in db.session.scalars(select(Meter))}
            devices = {d.id: d.organisation_id for d in db.session.scalars(select(Device))}
            open_ones = db.session.scalars(select(Ownership).where(Ownership.ended_at.is_(None)))
            owning = [(o.device_id, o.organisation_id) for o in open_ones]
            assert sorted(owning) == sorted((i, m.organisation_id) for i, m in meters.items())
            assert devices == {i: m.organisation_id for i, m in meters.items()}
            for key in db.session.scalars(select(MeterKey)):
                assert key.organisation_id == meters[key.meter_id].organisation_id
            self._check_batches(meters)

    def _check_batches(self, meters: dict[int, Meter]) -> None:
        found = {b.id: b for b in db.session.scalars(select(Batch))}
        held = [i for i in db.session.scalars(select(BatchItem)) if i.open]
        assert len({item.meter_id for item in held}) == len(held)
        for item in held:
            batch = found[item.batch_id]
            assert batch.state in ("open", "pending")
            assert meters[item.meter_id].organisation_id == batch.from_organisation_id
            assert (meters[item.meter_id].claim_state == "pending") == (batch.state == "pending")
        asked = [r for r in db.session.scalars(select(OwnershipRequest)) if r.state == "pending"]
        assert sorted(r.batch_id for r in asked) == sorted(
            b.id for b in found.values() if b.state == "pending"
        )
        pending = {m.id for m in meters.values() if m.claim_state == "pending"}
        assert pending <= {item.meter_id for item in held}


def text_of(markup: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", markup).split())
