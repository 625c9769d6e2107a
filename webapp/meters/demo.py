"""The demonstration's meters: makers and types, sixty of Acme's in all states, batches that come and go.

Everything is made by the services, so that keys are sealed, warnings found and the log written as ever. Serials are the
same each time; keys are random, but for those that are weak on purpose.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import select

from webapp.accounts.models import User
from webapp.core.clock import utcnow
from webapp.core.db import db
from webapp.core.names import sort_name
from webapp.core.principal import Actor, Principal, acting_as
from webapp.core.tenancy import scope
from webapp.devices.labels import label_named
from webapp.meters import (
    batches,
    claims,
    demo_deliveries,
    exchanges,
    findings,
    keyring,
    labelling,
    reveals,
    stock,
    takeovers,
)
from webapp.meters import demo_data as data
from webapp.meters.demo_data import Kind
from webapp.meters.facts import TRADE
from webapp.meters.keyring import KeysSealed
from webapp.meters.kinds import KEY_BYTES, KeyKind
from webapp.meters.models import Batch, Maker, Meter, ProductType
from webapp.meters.stock import NewMeter
from webapp.orgs.models import Organisation

log = structlog.get_logger(__name__)


def seed(acme: Organisation, globex: Organisation, now: datetime | None = None) -> None:
    """Make what is missing; what is there stays as it is. A sealed portal gets types and no meters."""
    now = now or utcnow()
    types = catalogue()
    try:
        keyring.ring()
    except KeysSealed:
        log.warning("demo_without_meters", why="the portal runs sealed")
        return
    with scope(acme.id):
        is_new = db.session.scalar(select(Meter.id).limit(1)) is None
    if is_new:
        story = _Story(acme, globex, types, now)
        story.deliver()
        story.claim_and_label()
        story.trade()
        story.use()
    demo_deliveries.seed(acme, now=now)


def catalogue() -> dict[str, ProductType]:
    """The operator's makers and product types, by the type's name."""
    makers = {code: _maker(code, name) for code, name in data.MAKERS.items()}
    return {kind.name: _type(kind, makers[kind.maker]) for kind in data.KINDS}


def _maker(code: str, name: str) -> Maker:
    found = db.session.scalar(select(Maker).where(Maker.code == code))
    if found is None:
        found = Maker(code=code, name=name, sort_name=sort_name(name))
        db.session.add(found)
        db.session.flush()
    return found


def _type(kind: Kind, maker: Maker) -> ProductType:
    found = db.session.scalar(
        select(ProductType).where(ProductType.maker_id == maker.id, ProductType.name == kind.name)
    )
    if found is None:
        found = ProductType(
            maker_id=maker.id,
            name=kind.name,
            sort_name=sort_name(kind.name),
            medium=kind.medium,
            radio=kind.radio,
            key_kinds=[k.value for k in kind.keys],
            lorawan_version=kind.lorawan_version,
            lorawan_phy_version=kind.lorawan_phy_version,
            frequency_plan_id=kind.frequency_plan_id,
            mode=kind.mode,
        )
        db.session.add(found)
        db.session.flush()
    return found


@dataclass
class _Story:
    acme: Organisation
    globex: Organisation
    types: dict[str, ProductType]
    now: datetime

    def deliver(self) -> None:
        """Three months ago, with some keys as they should not be."""
        at = self.now - timedelta(days=90)
        meters = [self._meter(kind, n) for kind in data.KINDS for n in range(kind.number)]
        self._weaken(meters)
        with scope(self.acme.id):
            stock.put(meters, organisation_id=self.acme.id, now=at)
        others = [self._meter(data.KINDS[0], 500 + n) for n in range(data.FOREIGN)]
        with scope(self.globex.id):
            ids = stock.put(others, organisation_id=self.globex.id, now=at)
            claims.claim(ids, organisation_id=self.globex.id, now=at)

    def claim_and_label(self) -> None:
        with scope(self.acme.id):
            ids = self._ids()
            claims.claim(ids[: -data.UNCLAIMED], organisation_id=self.acme.id, now=self.now)
            for name, (start, step, colour) in data.LABELS.items():
                label = label_named(name, trade=TRADE, organisation_id=self.acme.id, colour=colour)
                labelling.set_labels(
                    ids[start::step], add=[label.number], remove=[], organisation_id=self.acme.id
                )
            findings.look(ids, now=self.now)

    def trade(self) -> None:
        """One batch of each state, and one that waits for Acme."""
        mine = self._claimed(self.acme)
        theirs = self._claimed(self.globex)
        self._batch(self.acme, self.globex, mine[:5], confirm=True, days=2)
        pending = self._batch(self.acme, self.globex, mine[5:9], confirm=True, days=5)
        self._take(pending, self.globex)
        self._batch(self.globex, self.acme, theirs[:4], confirm=False, days=1)
        taken = self._batch(self.globex, self.acme, theirs[4:9], confirm=False, days=30)
        self._take(taken, self.acme)
        gone = self._batch(self.acme, self.globex, mine[9:12], confirm=False, days=40)
        self._take(gone, self.globex)

    def use(self) -> None:
        """People of Acme have downloaded some keys, and one device got a new one."""
        anna = db.session.scalars(select(User).where(User.username == "acme.admin")).one()
        by = Principal(Actor.USER, anna.id, anna.name, org=self.acme.id)
        with scope(self.acme.id), acting_as(by):
            ids = self._claimed(self.acme)
            for days, form, some in data.REVEALS:
                at = self.now - timedelta(days=days)
                reveals.note(select(Meter.id).where(Meter.id.in_(ids[:some])), form, now=at)
            meter = db.session.scalars(select(Meter).where(Meter.id == ids[0])).one()
            kind = KeyKind(meter.key_kinds[0])
            exchanges.record_exchange(meter, kind, os.urandom(KEY_BYTES[kind]), now=self.now)

    def _batch(
        self,
        issuer: Organisation,
        receiver: Organisation,
        ids: Sequence[int],
        *,
        confirm: bool,
        days: int,
    ) -> Batch:
        at = self.now - timedelta(days=days)
        with scope(issuer.id):
            reference = batches.suggested_reference(issuer, year=at.year)
            wanted = batches.Wanted(
                reference=reference, receiver=receiver, needs_confirmation=confirm
            )
            return batches.create(wanted, ids, issuer=issuer, now=at)

    def _take(self, batch: Batch, receiver: Organisation) -> None:
        with scope(receiver.id):
            takeovers.take(batch, now=self.now - timedelta(hours=20))

    def _claimed(self, organisation: Organisation) -> list[int]:
        """Those without a warning, so that the warnings stay to be seen."""
        with scope(organisation.id):
            return list(
                db.session.scalars(
                    select(Meter.id)
                    .where(Meter.claim_state == "claimed", Meter.findings == 0)
                    .order_by(Meter.id)
                )
            )

    def _ids(self) -> list[int]:
        return list(db.session.scalars(select(Meter.id).order_by(Meter.id)))

    def _meter(self, kind: Kind, n: int) -> NewMeter:
        type_ = self.types[kind.name]
        number = kind.first + n * 13
        lorawan = kind.radio == "lorawan"
        return NewMeter(
            serial=kind.serial.format(number),
            product_type=type_,
            keys={k: os.urandom(KEY_BYTES[k]) for k in kind.keys},
            dev_eui=f"70B3D5E7{number:08X}" if lorawan else None,
            join_eui="70B3D5E700000001" if lorawan and "nwk_s_key" not in kind.keys else None,
            dev_addr=f"26{number % 0xFFFFFF:06X}" if "nwk_s_key" in kind.keys else None,
            mbus_maker=None if lorawan else kind.maker,
            mbus_id=None if lorawan else f"{number:08}",
            mbus_version=None if lorawan else kind.version,
            mbus_medium=None if lorawan else kind.mbus_medium,
        )

    def _weaken(self, meters: list[NewMeter]) -> None:
        """All zero, made of the serial number, and one key in two devices."""
        able = [n for n, meter in enumerate(meters) if KeyKind.OMS_AES128 in meter.keys]
        same = os.urandom(16)
        digits = meters[able[1]].mbus_id or "0"
        values = [bytes(16), bytes.fromhex((digits + "A7C39B51F08E64D2B7135CE8")[:32]), same, same]
        for place, value in zip(able, values, strict=False):
            old = meters[place]
            kept = {name: getattr(old, name) for name in _KEPT}
            meters[place] = NewMeter(keys={KeyKind.OMS_AES128: value}, **kept)


_KEPT = (
    *("serial", "product_type", "dev_eui", "join_eui", "dev_addr"),
    *("mbus_maker", "mbus_id", "mbus_version", "mbus_medium"),
)
