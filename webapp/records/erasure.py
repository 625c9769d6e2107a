"""Erasing a person: what names them goes everywhere, in one transaction; the log's chain holds (Q-22)."""

from __future__ import annotations

from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy import ColumnElement, and_, delete, func, or_, select

from webapp.accounts.models import User
from webapp.audit import erasure
from webapp.audit import log as audit
from webapp.audit.models import AuditRow
from webapp.core.db import db
from webapp.core.errors import Refusal
from webapp.core.personal import Subject, erase_all
from webapp.core.principal import Actor, Principal
from webapp.core.tenancy import unscoped
from webapp.orgs.authority import Authority
from webapp.orgs.models import Invitation, Membership, Organisation
from webapp.orgs.permissions import Role
from webapp.orgs.services.memberships import memberships_everywhere, refuse_last_administrator
from webapp.orgs.services.people import refuse_ungoverned
from webapp.records.events import RecordEvent


def subject_of(user: User) -> Subject:
    return Subject(user.id, user.public_id, user.name, user.username, user.email)


def erase_oneself(user: User, *, now: datetime) -> None:
    """By the person. Refused as the last administrator of an organisation, and as the last operator."""
    refuse_where_needed(user)
    _erase(user, by=Principal(Actor.USER, user.id, subject_of(user).pseudonym), now=now)


def erase_deactivated(user: User, *, authority: Authority, by: Principal, now: datetime) -> None:
    """By who administrates all of what they belonged to, or by the operator."""
    refuse_ungoverned(user, authority)
    if user.is_active:
        raise Refusal(_("Deactivate the person first; then they can be erased."), status=409)
    _erase(user, by=by, now=now)


def refuse_where_needed(user: User) -> None:
    administrated = [
        m.organisation for m in memberships_everywhere(user) if Role.ADMINISTRATOR in m.roles
    ]
    refuse_last_administrator(user, administrated)
    if user.is_operator and not _other_operators(user):
        raise Refusal(_("You are the last operator of this portal. Name another one first."))


def _other_operators(user: User) -> int:
    others = select(func.count()).where(
        User.is_operator, User.id != user.id, User.deactivated_at.is_(None)
    )
    return db.session.scalar(others) or 0


def _erase(user: User, *, by: Principal, now: datetime) -> None:
    held = select(User).where(User.id == user.id).with_for_update()
    db.session.scalars(held, execution_options={"populate_existing": True}).one()
    if user.erased_at is not None:
        raise Refusal(_("This person is erased already."), status=409)
    who = subject_of(user)
    with unscoped("a person is erased wherever they stand"):
        places = list(
            db.session.scalars(
                select(Organisation)
                .join(Membership, Membership.organisation_id == Organisation.id)
                .where(Membership.user_id == who.id)
                .order_by(Organisation.id)
            )
        )
        erasure.erase(_in_the_log(who, [place.id for place in places]), now=now)
        erase_all(who)
        mine = delete(Membership).where(Membership.user_id == who.id)
        db.session.execute(mine, execution_options={"synchronize_session": False})
        db.session.expire(user)
    for place in places:
        _record(place, who, by)


def _in_the_log(who: Subject, places: list[int]) -> ColumnElement[bool]:
    """What they did, what was done to them, and what says their address or name where they belonged."""
    invitations = select(Invitation.public_id).where(
        or_(
            func.lower(Invitation.email) == who.email.lower(), Invitation.accepted_user_id == who.id
        )
    )
    own_space = select(Organisation.id).where(Organisation.personal_user_id == who.id)
    return or_(
        erasure.by_person(who.id),
        erasure.about("user", [who.public_id]),
        erasure.about("invitation", db.session.scalars(invitations).all()),
        AuditRow.organisation_id.in_(own_space),
        and_(
            AuditRow.organisation_id.in_(places),
            or_(erasure.naming([who.email]), erasure.saying([who.name, who.username])),
        ),
    )


def _record(place: Organisation, who: Subject, by: Principal) -> None:
    audit.record(
        RecordEvent.PERSON_ERASED,
        organisation_id=place.id,
        kind="user",
        id=who.public_id,
        label=who.pseudonym,
        by=by,
    )
