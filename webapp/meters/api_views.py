"""How programs see meters and their keys."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from webapp.api.paging import LARGEST_PAGE, Paged
from webapp.meters.kinds import KeyKind
from webapp.meters.models import ClaimState, Meter

PublicId = Annotated[str, Meta(pattern="^[a-z0-9]{12}$")]
LAST_POSITION = 2**53 - 1


class MeterView(Struct):
    """A meter. `keys` are the kinds of keys that it has; their values come from /meters/keys."""

    id: str
    serial: str
    maker: str
    product_type: str
    medium: str
    claim_state: ClaimState
    dev_eui: str | None
    join_eui: str | None
    dev_addr: str | None
    mbus_maker: str | None
    mbus_id: str | None
    mbus_version: int | None
    mbus_medium: int | None
    keys: list[KeyKind]
    batch_reference: str | None
    owned_since: datetime
    claimed_at: datetime | None


class MeterPage(Struct):
    """Meters in the order of their serial numbers; `next` is the address of the next page."""

    meters: list[MeterView]
    next: str | None


class MetersAsked(Paged, kw_only=True):
    """Which meters: those that fit all parameters, and one of each repeated one."""

    claim_state: Annotated[list[ClaimState], Meta(description="In one of these states.")] = []
    serial: (
        Annotated[str, Meta(min_length=1, max_length=64, description="With this serial number.")]
        | UnsetType
    ) = UNSET
    dev_eui: (
        Annotated[str, Meta(pattern="^[0-9A-Fa-f]{16}$", description="With this DevEUI.")]
        | UnsetType
    ) = UNSET
    batch_reference: (
        Annotated[str, Meta(min_length=1, max_length=40, description="Last moved by this batch.")]
        | UnsetType
    ) = UNSET


class LabelClaim(Struct, forbid_unknown_fields=True):
    """What is printed on a device's label."""

    serial: Annotated[str, Meta(min_length=1, max_length=64)]
    code: Annotated[str, Meta(min_length=1, max_length=32)]


class KeysAsked(Struct, forbid_unknown_fields=True, kw_only=True):
    """Where to go on, and to whom the keys are encrypted."""

    after: Annotated[
        int,
        Meta(
            ge=0,
            le=LAST_POSITION,
            description="Only what is new beyond this position: the `last` of the page before.",
        ),
    ] = 0
    limit: Annotated[
        int, Meta(ge=1, le=LARGEST_PAGE, description="How many meters a page has.")
    ] = 100
    public_key: (
        Annotated[
            str,
            Meta(
                pattern="^[a-z0-9]{12}$",
                description="Encrypt to this deposited public key, by its id.",
            ),
        ]
        | UnsetType
    ) = UNSET


class MeterKeys(Struct, omit_defaults=True):
    """A claimed meter with its keys: in clear as hexadecimal by kind, or all of it inside a JWE."""

    position: int
    id: str
    serial: str
    maker: str
    product_type: str = ""
    medium: str = ""
    dev_eui: str | None = None
    join_eui: str | None = None
    dev_addr: str | None = None
    mbus_maker: str | None = None
    mbus_id: str | None = None
    mbus_version: int | None = None
    mbus_medium: int | None = None
    keys: dict[str, str] | None = None
    jwe: str | None = None


class KeysPage(Struct):
    """What is new, in its order. `last` is the position to go on from; `more`: there is more already.

    A meter that changed again comes again, at its new position.
    """

    meters: list[MeterKeys]
    last: int
    more: bool


def view_of_meter(meter: Meter) -> MeterView:
    of_type = meter.product_type
    return MeterView(
        id=meter.public_id,
        serial=meter.serial,
        maker=of_type.maker.name,
        product_type=of_type.name,
        medium=of_type.medium,
        claim_state=ClaimState(meter.claim_state),
        dev_eui=meter.dev_eui,
        join_eui=meter.join_eui,
        dev_addr=meter.dev_addr,
        mbus_maker=meter.mbus_maker,
        mbus_id=meter.mbus_id,
        mbus_version=meter.mbus_version,
        mbus_medium=meter.mbus_medium,
        keys=[KeyKind(kind) for kind in meter.key_kinds],
        batch_reference=meter.batch_reference,
        owned_since=meter.owned_since_at,
        claimed_at=meter.claimed_at,
    )
