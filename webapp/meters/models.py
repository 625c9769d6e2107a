"""Meters, their keys, and how both change hands. Drawn in docs/data-model/meters.md."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import (
    CHAR,
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    SmallInteger,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.core.db import (
    Base,
    BigInt,
    Id,
    Instant,
    PublicId,
    SmallInt,
    SmallInts,
    Texts,
    Versioned,
)
from webapp.core.tenancy import Global, Owned
from webapp.meters.batch_models import Batch as Batch
from webapp.meters.batch_models import BatchItem as BatchItem
from webapp.meters.batch_models import BatchState as BatchState
from webapp.meters.batch_models import Delivery as Delivery
from webapp.meters.batch_models import OwnershipRequest as OwnershipRequest
from webapp.meters.batch_models import RequestState as RequestState


class Radio(StrEnum):
    LORAWAN = "lorawan"
    WMBUS = "wmbus"
    MBUS = "mbus"


class Medium(StrEnum):
    WATER = "water"
    HEAT = "heat"
    COOLING = "cooling"
    GAS = "gas"
    ELECTRICITY = "electricity"
    MODULE = "module"
    OTHER = "other"


class ClaimState(StrEnum):
    """Keys leave in state claimed alone. The steps are drawn in docs/data-model/meters.md."""

    UNCLAIMED = "unclaimed"
    PENDING = "pending"
    CLAIMED = "claimed"


class KeyOrigin(StrEnum):
    DELIVERY = "delivery"
    IMPORT = "import"
    EXCHANGE = "exchange"
    RESET = "reset"


class Maker(Global, Versioned, Base):
    """Three letters of the M-Bus register, or a code of the operator's own."""

    __tablename__ = "makers"

    id: Mapped[Id]
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    sort_name: Mapped[str]


class ProductType(Global, Versioned, Base):
    """What a meter is (K-3). `key_kinds` are those that every device of the type must have."""

    __tablename__ = "product_types"
    __table_args__ = (
        Index("uq_product_types_name", "maker_id", text("lower(name)"), unique=True),
        Index(None, "sort_name", "id"),
    )

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    maker_id: Mapped[BigInt] = mapped_column(ForeignKey("makers.id"))
    name: Mapped[str]
    sort_name: Mapped[str]
    medium: Mapped[str]
    radio: Mapped[str]
    key_kinds: Mapped[Texts]
    lorawan_version: Mapped[str | None]
    lorawan_phy_version: Mapped[str | None]
    frequency_plan_id: Mapped[str | None]
    mode: Mapped[int | None] = mapped_column(SmallInteger)
    active: Mapped[bool] = mapped_column(default=True, server_default=text("true"))

    maker: Mapped[Maker] = relationship(lazy="joined")


class Meter(Owned, Versioned, Base):
    """A device with keys, of its present owner. Its id is that of its row in `devices`."""

    __tablename__ = "meters"
    __table_args__ = (
        UniqueConstraint("maker_id", "serial"),
        Index(
            "uq_meters_mbus",
            "mbus_maker",
            "mbus_id",
            "mbus_version",
            "product_type_id",
            unique=True,
            postgresql_where="mbus_id IS NOT NULL",
            postgresql_nulls_not_distinct=True,
        ),
        Index("uq_meters_dev_eui", "dev_eui", unique=True, postgresql_where="dev_eui IS NOT NULL"),
        Index(None, "organisation_id", "serial", "id"),
        Index("ix_meters_end", "organisation_id", text("reverse(serial)")),
        Index(None, "organisation_id", "product_type_id", "serial", "id"),
        Index(
            "ix_meters_state", "organisation_id", "claim_state", "product_type_id", "serial", "id"
        ),
        Index("ix_meters_batch", "organisation_id", text("coalesce(batch_reference, '')"), "id"),
        Index(None, "organisation_id", "feed_seq"),
        Index(
            "ix_meters_findings",
            "organisation_id",
            "serial",
            "id",
            postgresql_where="findings > 0",
        ),
        Index("ix_meters_labels", "labels", postgresql_using="gin"),
        Index(None, "mbus_id"),
        Index(None, "delivery_id"),
        CheckConstraint("serial ~ '^[A-Z0-9-]{1,32}$'", name="serial"),
    )

    id: Mapped[int] = mapped_column(BigInteger, ForeignKey("devices.id"), primary_key=True)
    public_id: Mapped[PublicId]
    maker_id: Mapped[BigInt] = mapped_column(ForeignKey("makers.id"))
    product_type_id: Mapped[BigInt] = mapped_column(ForeignKey("product_types.id"))
    serial: Mapped[str]
    claim_state: Mapped[str] = mapped_column(default=ClaimState.UNCLAIMED)
    labels: Mapped[SmallInts] = mapped_column(default=list, server_default=text("'{}'"))
    batch_reference: Mapped[str | None]
    batch_at: Mapped[datetime | None]
    dev_eui: Mapped[str | None] = mapped_column(CHAR(16))
    join_eui: Mapped[str | None] = mapped_column(CHAR(16))
    dev_addr: Mapped[str | None] = mapped_column(CHAR(8))
    mbus_maker: Mapped[str | None] = mapped_column(CHAR(3))
    mbus_id: Mapped[str | None] = mapped_column(CHAR(8))
    mbus_version: Mapped[int | None] = mapped_column(SmallInteger)
    mbus_medium: Mapped[int | None] = mapped_column(SmallInteger)
    claim_code_digest: Mapped[bytes | None]
    claim_code_sealed: Mapped[bytes | None]
    key_kinds: Mapped[Texts] = mapped_column(default=list, server_default=text("'{}'"))
    findings: Mapped[SmallInt] = mapped_column(default=0, server_default="0")
    delivery_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("deliveries.id"))
    feed_seq: Mapped[int | None] = mapped_column(BigInteger)
    owned_since_at: Mapped[Instant]
    claimed_at: Mapped[datetime | None]
    created_at: Mapped[Instant]

    product_type: Mapped[ProductType] = relationship()
    maker: Mapped[Maker] = relationship()


class DataKey(Owned, Base):
    """The key under which an organisation's values are sealed, wrapped under a master key (K-21)."""

    __tablename__ = "data_keys"
    __table_args__ = (
        Index(
            "uq_data_keys_active",
            "organisation_id",
            unique=True,
            postgresql_where="state = 'active'",
        ),
        Index(None, "master_id"),
    )

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    wrapped: Mapped[bytes | None]
    master_id: Mapped[str]
    state: Mapped[str] = mapped_column(default="active")
    created_at: Mapped[Instant]
    retired_at: Mapped[datetime | None]
    destroyed_at: Mapped[datetime | None]


class FingerprintKey(Global, Base):
    """The secret of the fingerprints, wrapped as data keys are; one row."""

    __tablename__ = "fingerprint_keys"

    id: Mapped[Id]
    purpose: Mapped[str] = mapped_column(unique=True)
    wrapped: Mapped[bytes]
    master_id: Mapped[str]


class MeterKey(Owned, Base):
    """One sealed value, bound to (meter's public id, kind, slot). One valid a slot and kind."""

    __tablename__ = "meter_keys"
    __table_args__ = (
        Index(
            "uq_meter_keys_valid",
            "meter_id",
            "kind",
            "slot",
            unique=True,
            postgresql_where="valid_to IS NULL",
        ),
        Index(None, "data_key_id", "id"),
        Index(None, "fingerprint"),
    )

    id: Mapped[Id]
    meter_id: Mapped[BigInt] = mapped_column(ForeignKey("meters.id", ondelete="CASCADE"))
    kind: Mapped[str]
    slot: Mapped[str]
    data_key_id: Mapped[BigInt] = mapped_column(ForeignKey("data_keys.id"))
    nonce: Mapped[bytes]
    value_sealed: Mapped[bytes]
    fingerprint: Mapped[bytes]
    valid_from: Mapped[Instant]
    valid_to: Mapped[datetime | None]
    origin: Mapped[str]


class ReceiverKey(Owned, Base):
    """A public key deposited by the organisation: downloads come encrypted to it (K-27)."""

    __tablename__ = "receiver_keys"
    __table_args__ = (Index(None, "organisation_id", "created_at", "id"),)

    id: Mapped[Id]
    public_id: Mapped[PublicId]
    name: Mapped[str]
    algorithm: Mapped[str]
    public_pem: Mapped[str]
    fingerprint: Mapped[bytes]
    required: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    created_at: Mapped[Instant]
    created_by: Mapped[str]
    retired_at: Mapped[datetime | None]


class KeyReveal(Owned, Base):
    """A value left: to whom, when, in which form. Written before it leaves (K-28)."""

    __tablename__ = "key_reveals"
    __table_args__ = (
        Index(None, "meter_id", "at", "id"),
        Index(None, "organisation_id", "at", "id"),
    )

    id: Mapped[Id]
    meter_id: Mapped[BigInt] = mapped_column(ForeignKey("meters.id", ondelete="CASCADE"))
    at: Mapped[Instant]
    by_kind: Mapped[str]
    by_id: Mapped[int | None] = mapped_column(BigInteger)
    by: Mapped[str]
    form: Mapped[str]
    activity_id: Mapped[int | None] = mapped_column(BigInteger)


class KeyFinding(Owned, Base):
    """What looks weak or suspicious about a key (K-6)."""

    __tablename__ = "key_findings"
    __table_args__ = (
        UniqueConstraint("meter_key_id", "finding"),
        Index(None, "meter_id"),
    )

    id: Mapped[Id]
    meter_id: Mapped[BigInt] = mapped_column(ForeignKey("meters.id", ondelete="CASCADE"))
    meter_key_id: Mapped[BigInt] = mapped_column(ForeignKey("meter_keys.id", ondelete="CASCADE"))
    finding: Mapped[str]
    found_at: Mapped[Instant]
    dismissed_at: Mapped[datetime | None]
    dismissed_by: Mapped[str | None]
