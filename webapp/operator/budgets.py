"""Rate budgets as the operator sees them: who was refused, how full the buckets are, another budget for one (P-45)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, Select, and_, func, literal_column, select

from webapp.api.models import Token
from webapp.audit.log import record
from webapp.core.budgets import (
    DEFAULTS,
    WHOLE,
    Budget,
    BudgetKind,
    RateBudget,
    RateLevel,
    RateRefusal,
)
from webapp.core.db import db
from webapp.core.errors import Refusal
from webapp.devices.models import Credential, Device
from webapp.operator.events import OperatorEvent
from webapp.orgs.models import Organisation

BUDGET_KINDS = {
    BudgetKind.ORGANISATION: _l("Organisation"),
    BudgetKind.TOKEN: _l("API token"),
    BudgetKind.DEVICE: _l("Device"),
}
MOST_LEVELS = 100
_A_DAY_AGO: ColumnElement[datetime] = literal_column("now() - interval '24 hours'")
_SUBJECT = func.coalesce(Token.name, Device.name, Credential.name, "")

REFUSED = (
    select(
        func.row_number()
        .over(order_by=(RateRefusal.organisation_id, RateRefusal.kind, RateRefusal.subject_id))
        .label("key"),
        Organisation.name.label("owner"),
        Organisation.public_id.label("owner_id"),
        Organisation.sort_name,
        RateRefusal.kind,
        func.max(_SUBJECT).label("subject"),
        func.coalesce(func.sum(RateRefusal.count).filter(RateRefusal.hour > _A_DAY_AGO), 0).label(
            "day"
        ),
        func.sum(RateRefusal.count).label("month"),
        func.max(RateRefusal.hour).label("last_at"),
    )
    .select_from(RateRefusal)
    .join(Organisation, Organisation.id == RateRefusal.organisation_id)
    .outerjoin(Token, and_(RateRefusal.kind == "token", Token.id == RateRefusal.subject_id))
    .outerjoin(
        Credential, and_(RateRefusal.kind == "device", Credential.id == RateRefusal.subject_id)
    )
    .outerjoin(Device, Device.id == Credential.device_id)
    .group_by(
        RateRefusal.organisation_id, RateRefusal.kind, RateRefusal.subject_id, Organisation.id
    )
    .subquery("refused")
)
"""One row for whoever was refused in the time that is kept; only in a scope that sees everything."""


@dataclass(frozen=True)
class Effective:
    """What counts for an organisation: its own budget, or the default."""

    kind: BudgetKind
    budget: Budget
    default: Budget
    version: int | None

    @property
    def label(self) -> object:
        return BUDGET_KINDS[self.kind]

    @property
    def is_own(self) -> bool:
        return self.version is not None


@dataclass(frozen=True)
class Level:
    """A bucket that is not full."""

    kind: BudgetKind
    subject: str
    remaining: int
    burst: int
    full_at: datetime

    @property
    def label(self) -> object:
        return BUDGET_KINDS[self.kind]


def budgets_of(organisation: Organisation) -> list[Effective]:
    own = {row.kind: row for row in db.session.scalars(_own(organisation))}
    return [_effective(kind, own.get(kind.value)) for kind in BudgetKind]


def budget_of(organisation: Organisation, kind: BudgetKind) -> Effective:
    return _effective(kind, db.session.scalar(_own(organisation, kind)))


def levels_of(organisation: Organisation, *, now: datetime) -> list[Level]:
    """The emptiest first; a bucket without a row is full."""
    budgets = {found.kind: found.budget for found in budgets_of(organisation)}
    rows = db.session.execute(
        select(RateLevel, _SUBJECT)
        .outerjoin(Token, and_(RateLevel.kind == "token", Token.id == RateLevel.subject_id))
        .outerjoin(
            Credential, and_(RateLevel.kind == "device", Credential.id == RateLevel.subject_id)
        )
        .outerjoin(Device, Device.id == Credential.device_id)
        .where(RateLevel.organisation_id == organisation.id, RateLevel.full_at > now)
        .order_by(RateLevel.full_at.desc())
        .limit(MOST_LEVELS)
    ).all()
    return [_level(row, name, budgets[BudgetKind(row.kind)], now) for row, name in rows]


def refused_since(organisation: Organisation, since: timedelta, *, now: datetime) -> int:
    counted = select(func.sum(RateRefusal.count)).where(
        RateRefusal.organisation_id == organisation.id, RateRefusal.hour > now - since
    )
    return db.session.scalar(counted) or 0


def set_budget(organisation: Organisation, kind: BudgetKind, budget: Budget, *, seen: str) -> None:
    """Give the organisation its own; `seen` is the version that the form was filled from, empty for none."""
    row = _locked(organisation, kind, seen)
    before = Budget(row.per_minute, row.burst) if row else DEFAULTS[kind]
    if row is None:
        row = RateBudget(organisation_id=organisation.id, kind=kind.value)
        db.session.add(row)
    elif before == budget:
        return
    row.per_minute, row.burst = budget.per_minute, budget.burst
    db.session.flush()
    changes = {
        "per_minute": [before.per_minute, budget.per_minute],
        "burst": [before.burst, budget.burst],
    }
    _record(OperatorEvent.BUDGET_CHANGED, organisation, kind, {"changes": changes})


def reset_budget(organisation: Organisation, kind: BudgetKind, *, seen: str) -> None:
    """Back to the default."""
    row = _locked(organisation, kind, seen)
    if row is None:
        return
    db.session.delete(row)
    db.session.flush()
    _record(OperatorEvent.BUDGET_RESET, organisation, kind, {})


def _locked(organisation: Organisation, kind: BudgetKind, seen: str) -> RateBudget | None:
    """The organisation's row is the lock: two that both find no budget of its own don't both write one."""
    db.session.execute(
        select(Organisation.id).where(Organisation.id == organisation.id).with_for_update()
    )
    row = db.session.scalar(_own(organisation, kind), execution_options={"populate_existing": True})
    if seen != (str(row.version) if row else ""):
        words = _(
            "Somebody changed the budget meanwhile. Load the page anew and repeat your change."
        )
        raise Refusal(words, status=409)
    return row


def _own(organisation: Organisation, kind: BudgetKind | None = None) -> Select[RateBudget]:
    found = select(RateBudget).where(RateBudget.organisation_id == organisation.id)
    return found if kind is None else found.where(RateBudget.kind == kind.value)


def _effective(kind: BudgetKind, row: RateBudget | None) -> Effective:
    default = DEFAULTS[kind]
    budget = Budget(row.per_minute, row.burst) if row else default
    return Effective(kind, budget, default, row.version if row else None)


def _level(row: RateLevel, name: str, budget: Budget, now: datetime) -> Level:
    owed = (row.full_at - now) / budget.interval
    remaining = max(0, int(budget.burst - owed))
    subject = name if row.subject_id != WHOLE else ""
    return Level(BudgetKind(row.kind), subject, remaining, budget.burst, row.full_at)


def _record(
    event: OperatorEvent, organisation: Organisation, kind: BudgetKind, detail: dict[str, object]
) -> None:
    record(
        event,
        organisation_id=organisation.id,
        kind="rate_budget",
        id=kind.value,
        label=str(BUDGET_KINDS[kind]),
        detail=detail,
    )
