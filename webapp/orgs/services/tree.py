"""Organisations and their place in the tree: create, edit, move, close.

Whoever changes the tree first takes one lock for the whole tree (`_lock_tree`): moves are rare, and two that
cross (A below B, B below A) can't both pass the check for loops.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import func, select, text, update

from webapp.audit import log as audit
from webapp.core.db import db
from webapp.core.errors import Refusal
from webapp.core.names import sort_name
from webapp.core.principal import Principal
from webapp.orgs.events import OrgEvent
from webapp.orgs.models import Organisation, OrganisationKind

TREE_LOCK = 0x7472656573  # «trees»
DEEPEST = 12


@dataclass(frozen=True)
class Particulars:
    """What people enter about an organisation. `prefix` is upper case, or None."""

    name: str
    reference: str = ""
    prefix: str | None = None
    may_create: bool = False
    country: str = "IT"
    time_zone: str = "Europe/Rome"
    language: str = "en"
    require_two_factor: bool = False


def create_organisation(
    particulars: Particulars,
    *,
    below: Organisation | None,
    by: Principal,
    now: datetime,
    kind: OrganisationKind = OrganisationKind.COMPANY,
) -> Organisation:
    """A new organisation, at the root or below another; refused when the prefix is taken."""
    _lock_tree()
    _refuse_taken_prefix(particulars.prefix, but=None)
    if below is not None:
        db.session.refresh(below, ["path", "closed_at"])
        _refuse_closed(below)
        _refuse_depth(len(below.lineage) + 1)
    row = Organisation(
        **asdict(particulars),
        kind=kind,
        sort_name=sort_name(particulars.name),
        parent=below,
        trades=list(below.trades) if below else [],
        created_at=now,
    )
    db.session.add(row)
    db.session.flush()
    row.path = f"{below.path if below else '/'}{row.id}/"
    _record(OrgEvent.ORGANISATION_CREATED, row, by, detail={"parent": below and below.name})
    return row


def edit_organisation(
    organisation: Organisation,
    particulars: Particulars,
    *,
    by: Principal,
) -> dict[str, list[Any]]:
    """Set what was entered; what changed, as name → [before, after]."""
    _lock_tree()
    _refuse_taken_prefix(particulars.prefix, but=organisation.id)
    changes = {
        name: [getattr(organisation, name), value]
        for name, value in asdict(particulars).items()
        if getattr(organisation, name) != value
    }
    if changes:
        for name, (_before, after) in changes.items():
            setattr(organisation, name, after)
        organisation.sort_name = sort_name(organisation.name)
        _record(OrgEvent.ORGANISATION_CHANGED, organisation, by, detail={"changes": changes})
    return changes


def move_organisation(organisation: Organisation, *, below: Organisation, by: Principal) -> None:
    """Hang it, with all below it, under another. A loop is refused."""
    _lock_tree()
    for row in (organisation, below):
        db.session.refresh(row, ["path", "parent_id", "closed_at"])
    if organisation.parent_id == below.id:
        return
    if below.lies_below(organisation):
        raise Refusal(
            _(
                "%(parent)s is the organisation itself or lies below it: that would be a loop.",
                parent=below.name,
            ),
            field="parent",
        )
    _refuse_closed(below)
    _refuse_depth(len(below.lineage) + _height(organisation))
    before = organisation.parent.name if organisation.parent else None
    _hang(organisation, below)
    _record(
        OrgEvent.ORGANISATION_MOVED,
        organisation,
        by,
        detail={"changes": {"parent": [before, below.name]}},
    )


def close_organisation(organisation: Organisation, *, by: Principal, now: datetime) -> None:
    """Nobody can act for it any more; nothing is deleted. Refused while open organisations lie below."""
    _lock_tree()
    db.session.refresh(organisation, ["path", "closed_at"])
    if organisation.is_closed:
        return
    _refuse_with_children(organisation)
    organisation.closed_at = now
    _record(OrgEvent.ORGANISATION_CLOSED, organisation, by)


def reopen_organisation(organisation: Organisation, *, by: Principal) -> None:
    """As it was before; refused below a closed one."""
    _lock_tree()
    db.session.refresh(organisation, ["path", "closed_at"])
    if not organisation.is_closed:
        return
    if organisation.parent is not None:
        _refuse_closed(organisation.parent)
    organisation.closed_at = None
    _record(OrgEvent.ORGANISATION_REOPENED, organisation, by)


def operator_organisation() -> Organisation | None:
    return db.session.scalar(
        select(Organisation)
        .where(Organisation.kind == OrganisationKind.OPERATOR)
        .order_by(Organisation.id)
        .limit(1)
    )


def _hang(organisation: Organisation, below: Organisation) -> None:
    """Re-write the paths of the whole subtree in one statement."""
    old, new = organisation.path, f"{below.path}{organisation.id}/"
    organisation.parent = below
    db.session.flush()
    db.session.execute(
        update(Organisation)
        .where(Organisation.path.like(f"{old}%"))
        .values(path=func.concat(new, func.substr(Organisation.path, len(old) + 1)))
        .execution_options(synchronize_session=False)
    )
    db.session.expire_all()


def _height(organisation: Organisation) -> int:
    """How many levels the organisation and those below it take."""
    deepest: int = db.session.execute(
        select(
            func.max(
                func.length(Organisation.path)
                - func.length(func.replace(Organisation.path, "/", ""))
            )
        ).where(Organisation.path.like(f"{organisation.path}%"))
    ).scalar_one()
    return deepest - 1 - len(organisation.lineage) + 1


def _lock_tree() -> None:
    db.session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": TREE_LOCK})


def _refuse_taken_prefix(prefix: str | None, *, but: int | None) -> None:
    if prefix is None:
        return
    holder = db.session.scalar(select(Organisation.id).where(Organisation.prefix == prefix))
    if holder not in (None, but):
        raise Refusal(
            _("The prefix %(prefix)s is taken; choose another.", prefix=prefix), field="prefix"
        )


def _refuse_closed(organisation: Organisation) -> None:
    if organisation.is_closed:
        raise Refusal(_("%(name)s is closed.", name=organisation.name), field="parent")


def _refuse_depth(levels: int) -> None:
    if levels > DEEPEST:
        raise Refusal(
            _("Organisations can lie at most %(levels)s levels deep.", levels=DEEPEST),
            field="parent",
        )


def _refuse_with_children(organisation: Organisation) -> None:
    names = db.session.scalars(
        select(Organisation.name)
        .where(Organisation.parent_id == organisation.id, Organisation.closed_at.is_(None))
        .order_by(Organisation.sort_name)
        .limit(5)
    ).all()
    if names:
        raise Refusal(
            _(
                "Organisations lie below it: %(names)s. Close or move them first.",
                names=", ".join(names),
            )
        )


def _record(
    event: OrgEvent,
    organisation: Organisation,
    by: Principal,
    detail: dict[str, Any] | None = None,
) -> None:
    audit.record(
        event,
        organisation_id=organisation.id,
        kind="organisation",
        id=organisation.public_id,
        label=organisation.name,
        detail=detail,
        by=by,
    )
