"""*Ask for it*: somebody without a permission asks those who can give it, who give or refuse it (P-15)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from flask import url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from webapp.accounts.models import User
from webapp.audit import log as audit
from webapp.audit.events import AuditEvent
from webapp.core.db import db, new_public_id
from webapp.core.errors import Refusal
from webapp.core.principal import Principal
from webapp.core.tenancy import unscoped
from webapp.core.throttle import Limit, take
from webapp.notices import services as notices
from webapp.notices.kinds import Kind, register
from webapp.notices.standard import RIGHT_ASKED
from webapp.orgs import mails, queries
from webapp.orgs.authority import Authority, Rights
from webapp.orgs.events import OrgEvent
from webapp.orgs.models import Membership, Organisation
from webapp.orgs.permission_requests import PermissionRequest, RequestState, RightEvent
from webapp.orgs.permissions import Permission
from webapp.orgs.services.memberships import add_membership, change_rights

ONCE_A_DAY = Limit("right-asked", tries=1, window_seconds=24 * 3600)
"""Who was refused may ask again, but not at once."""
SHOWN = 20

RIGHT_DECIDED = register(
    Kind("right_decided", _l("A permission that you asked for is given or refused"), by_mail=True)
)


class AskedAlready(Exception):
    """It is still open: the administrators have it before them."""

    def __init__(self, asked_at: datetime) -> None:
        super().__init__()
        self.asked_at = asked_at


def ask_for_permission(
    asker: User,
    permission: Permission,
    organisation: Organisation,
    *,
    message: str,
    by: Principal,
    now: datetime,
) -> list[User]:
    """Mail the administrators; whom. Raises `AskedAlready` while it is open, `TooMany` within a day of the last."""
    administrators = [u for u in queries.administrators(organisation) if u.id != asker.id]
    if not administrators:
        raise Refusal(_("Nobody else administrates this organisation; write to the support."))
    earlier = _open_one(asker, permission)
    if earlier is not None:
        raise AskedAlready(earlier.asked_at)
    take(ONCE_A_DAY, asker.id, organisation.id, permission.value)
    row = _begin(asker, permission, organisation, message, now)
    _tell_administrators(row, asker, permission, organisation, administrators, now)
    detail = {"permission": permission.value, "asked": [u.name for u in administrators]}
    _record(OrgEvent.RIGHT_ASKED, row, asker, by, detail)
    return administrators


def _open_one(asker: User, permission: Permission) -> PermissionRequest | None:
    return db.session.scalar(
        select(PermissionRequest).where(
            PermissionRequest.user_id == asker.id,
            PermissionRequest.permission == permission.value,
            PermissionRequest.state == RequestState.OPEN,
        )
    )


def _begin(
    asker: User, permission: Permission, organisation: Organisation, message: str, now: datetime
) -> PermissionRequest:
    """Of two that are sent at once the unique index lets one."""
    made = db.session.scalar(
        insert(PermissionRequest)
        .values(
            public_id=new_public_id(),
            organisation_id=organisation.id,
            user_id=asker.id,
            permission=permission.value,
            message=message,
            state=RequestState.OPEN,
            asked_at=now,
        )
        .on_conflict_do_nothing()
        .returning(PermissionRequest.id)
    )
    if made is None:
        raise AskedAlready(now)
    return db.session.scalars(select(PermissionRequest).where(PermissionRequest.id == made)).one()


def _tell_administrators(
    row: PermissionRequest,
    asker: User,
    permission: Permission,
    organisation: Organisation,
    administrators: Sequence[User],
    now: datetime,
) -> None:
    url = url_for("orgs.permission_request", org=organisation.public_id, public_id=row.public_id)
    for administrator in administrators:
        mails.mail_right_asked(administrator, asker, permission, organisation, row.message, url)
    notices.notify(
        administrators,
        RIGHT_ASKED,
        organisation=organisation,
        url=url,
        words=lambda: (
            _("%(name)s asks for: %(right)s", name=asker.name, right=permission.label),
            " ".join(row.message.split()),
        ),
        now=now,
        mails=False,
    )


def grant_request(
    row: PermissionRequest,
    organisation: Organisation,
    *,
    authority: Authority,
    by: Principal,
    now: datetime,
) -> None:
    """Give the permission, as a single one, in the organisation in which it was asked for.

    Refused to who does not have it, for a person who has left, and when somebody has decided meanwhile.
    """
    _refuse_decided(row)
    permission = row.asked_for
    if permission is None:
        raise Refusal(_("This version of the portal does not know this permission any more."))
    _give(row.user, permission, organisation, authority, by, now)
    _decide(row, RequestState.GRANTED, "", by, now)
    _tell_asker(row, organisation, now)
    _record(RightEvent.RIGHT_GRANTED, row, row.user, by, {"permission": row.permission})


def _give(
    user: User,
    permission: Permission,
    organisation: Organisation,
    authority: Authority,
    by: Principal,
    now: datetime,
) -> None:
    with unscoped("where does who asked belong"):
        found = db.session.scalars(
            select(Membership).where(
                Membership.user_id == user.id,
                Membership.organisation_id.in_(organisation.lineage),
            )
        ).all()
    if not found or not user.is_active:
        words = _("%(name)s does not belong to this organisation any more.", name=user.name)
        raise Refusal(words, status=409)
    here = next((m for m in found if m.organisation_id == organisation.id), None)
    if here is None:
        rights = Rights(grants=(permission,))
        add_membership(user, organisation, rights, authority=authority, by=by, now=now)
        return
    before = Rights.of(here)
    if permission not in before.permissions:
        rights = Rights(before.roles, (*before.grants, permission))
        change_rights(here, rights, authority=authority, by=by)


def refuse_request(
    row: PermissionRequest,
    organisation: Organisation,
    *,
    answer: str,
    by: Principal,
    now: datetime,
) -> None:
    """With a reason, which the asker reads."""
    _refuse_decided(row)
    _decide(row, RequestState.REFUSED, answer, by, now)
    _tell_asker(row, organisation, now)
    detail = {"permission": row.permission, "reason": answer}
    _record(RightEvent.RIGHT_REFUSED, row, row.user, by, detail)


def _refuse_decided(row: PermissionRequest) -> None:
    if row.is_open:
        return
    words = (
        _("%(name)s has given this permission meanwhile.", name=row.decided_by)
        if row.state == RequestState.GRANTED
        else _("%(name)s has refused this meanwhile.", name=row.decided_by)
    )
    raise Refusal(words, status=409)


def _decide(
    row: PermissionRequest, state: RequestState, answer: str, by: Principal, now: datetime
) -> None:
    row.state, row.answer = state, answer
    row.decided_at, row.decided_by = now, by.label


def _tell_asker(row: PermissionRequest, organisation: Organisation, now: datetime) -> None:
    def words() -> tuple[str, str]:
        if row.state == RequestState.GRANTED:
            return _("You may now: %(right)s", right=row.label), organisation.name
        return _("Refused: %(right)s", right=row.label), " ".join(row.answer.split())

    url = url_for("orgs.rights", org=organisation.public_id)
    notices.notify(
        [row.user], RIGHT_DECIDED, organisation=organisation, url=url, words=words, now=now
    )


def requests_of(user: User) -> Sequence[PermissionRequest]:
    """One's own in the organisation in scope, newest first."""
    return db.session.scalars(
        select(PermissionRequest)
        .where(PermissionRequest.user_id == user.id)
        .order_by(PermissionRequest.asked_at.desc())
        .limit(SHOWN)
    ).all()


def open_requests() -> int:
    """How many wait in the organisation in scope."""
    waiting = select(func.count()).where(PermissionRequest.state == RequestState.OPEN)
    return db.session.scalar(waiting.select_from(PermissionRequest)) or 0


def _record(
    event: AuditEvent,
    row: PermissionRequest,
    asker: User,
    by: Principal,
    detail: Mapping[str, object],
) -> None:
    audit.record(
        event,
        organisation_id=row.organisation_id,
        kind="user",
        id=asker.public_id,
        label=asker.name,
        detail=dict(detail),
        by=by,
    )
