"""Invitations as they are made, changed, sent and revoked (P-16). Accepting is `orgs.services.joining`.

Nobody hands out by an invitation what they don't have: asked when it is made, changed and sent, and once more of
the inviter when it is accepted.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select

from webapp.audit import log as audit
from webapp.core.clock import utcnow
from webapp.core.crypto import digest, token
from webapp.core.db import db
from webapp.core.errors import Refusal
from webapp.core.jobs import JobState
from webapp.core.names import sort_name
from webapp.core.principal import CLOCK, Principal, acting
from webapp.core.tenancy import scope, unscoped
from webapp.core.throttle import Limit, take
from webapp.mail import outbox
from webapp.mail.models import Mail
from webapp.orgs import mails
from webapp.orgs.authority import Authority, Rights, own_authority
from webapp.orgs.events import OrgEvent
from webapp.orgs.models import Invitation, InvitationState, Organisation
from webapp.orgs.permissions import Permission
from webapp.orgs.services.documents import document_for
from webapp.orgs.services.memberships import (
    memberships_everywhere,
    refuse_unwarranted,
    refuse_without_rights,
)

MAILS = Limit("invitation-mails", tries=200, window_seconds=3600)
TRIALS = Limit("invitation-trials", tries=20, window_seconds=3600)

S = InvitationState
MOVES: dict[InvitationState, frozenset[InvitationState]] = {
    S.CREATED: frozenset({S.SENT, S.REVOKED}),
    S.SENT: frozenset({S.SENT, S.CREATED, S.ACCEPTED, S.EXPIRED, S.REVOKED}),
    S.EXPIRED: frozenset({S.SENT, S.CREATED, S.REVOKED}),
    S.ACCEPTED: frozenset(),
    S.REVOKED: frozenset(),
}
"""What may follow what. Back to *created*: the address or the organisation changed, so the link died."""
EDITABLE = frozenset(state for state, following in MOVES.items() if following)


@dataclass(frozen=True)
class Guest:
    """What is entered about whom one invites. Without an address the invitation goes by its link."""

    name: str
    email: str | None
    language: str
    rights: Rights


def create_invitation(
    guest: Guest,
    *,
    organisation: Organisation,
    authority: Authority,
    by: Principal,
    now: datetime,
) -> Invitation:
    """A prepared invitation: no link yet, nothing sent."""
    _refuse_beyond(guest.rights, organisation, authority)
    row = Invitation(
        organisation=organisation,
        organisation_id=organisation.id,
        inviter_id=_person(authority),
        created_at=now,
        **_columns(guest),
    )
    with scope(organisation.id):
        db.session.add(row)
        db.session.flush()
    record(OrgEvent.INVITATION_CREATED, row, by, _words(row))
    return row


def edit_invitation(
    row: Invitation,
    guest: Guest,
    *,
    organisation: Organisation,
    authority: Authority,
    by: Principal,
) -> None:
    """Change it while nobody accepted; another address or organisation lets the link die."""
    hold(row)
    refuse_closed(row)
    here = row.organisation
    before = _words(row)
    if here.id != organisation.id:
        _refuse_beyond(guest.rights, here, authority)
    _refuse_beyond(guest.rights, organisation, authority)
    is_elsewhere = row.email != guest.email or here.id != organisation.id
    for name, value in _columns(guest).items():
        setattr(row, name, value)
    row.organisation = organisation
    if is_elsewhere and row.state != S.CREATED:
        _go(row, S.CREATED)
        take_back_mails(row)
    with unscoped("an invitation goes over to another organisation"):
        db.session.flush()
    changes = {n: [before[n], new] for n, new in _words(row).items() if before[n] != new}
    if changes:
        record(OrgEvent.INVITATION_CHANGED, row, by, {"changes": changes})


def send_invitation(row: Invitation, *, authority: Authority, by: Principal, now: datetime) -> Mail:
    """Mail a new link; one that was out before dies."""
    if row.email is None:
        raise Refusal(
            _("The invitation has no mail address. Enter one, or create a link."), field="email"
        )
    take(MAILS, row.organisation_id)
    link = _new_link(row, authority=authority, now=now)
    document = document_for(row.organisation, row.language)
    mail = mails.mail_invitation(row, link, document=document)
    record(OrgEvent.INVITATION_SENT, row, by, {"to": row.email})
    return mail


def create_link(row: Invitation, *, authority: Authority, by: Principal, now: datetime) -> str:
    """A new link to hand over oneself, told this once; one that was out before dies."""
    link = _new_link(row, authority=authority, now=now)
    record(OrgEvent.INVITATION_LINKED, row, by)
    return link


def _new_link(row: Invitation, *, authority: Authority, now: datetime) -> str:
    hold(row)
    refuse_closed(row)
    _refuse_beyond(Rights.of(row), row.organisation, authority)
    take_back_mails(row)
    secret = token(256)
    row.inviter_id = _person(authority)
    row.sent_at, row.expires_at = now, now + mails.INVITATION_LIVES
    _go(row, S.SENT, token_digest=digest(secret))
    with unscoped("an invitation to an organisation below"):
        db.session.flush()
        db.session.refresh(row, ["inviter"])
    return mails.invitation_link(secret)


def send_trial(row: Invitation, to: str, *, by: Principal) -> Mail:
    """The mail with sample data, to an address of one's choice: nothing in it works."""
    take(TRIALS, by.id)
    mail = mails.mail_invitation_trial(row, to)
    record(OrgEvent.INVITATION_TESTED, row, by, {"to": to})
    return mail


def renew_invitation(mail: Mail) -> Mail:
    """*Send again*: the mail's link was wiped, so the invitation is sent anew by whoever asks, if they may."""
    with unscoped("the invitation that a mail was about"):
        row = db.session.scalar(select(Invitation).where(Invitation.public_id == mail.cause_id))
    if row is None or row.email != mail.recipient:
        raise Refusal(_("The invitation goes to another address now; send it from its page."))
    return send_invitation(row, authority=own_authority(), by=acting(), now=utcnow())


def revoke_invitation(row: Invitation, *, by: Principal) -> None:
    """The link opens nothing any more, and a mail that has not left stays here. Revoked twice is once."""
    hold(row)
    if row.state == S.REVOKED:
        return
    refuse_closed(row)
    _go(row, S.REVOKED)
    take_back_mails(row)
    record(OrgEvent.INVITATION_REVOKED, row, by)


def expire_invitations(now: datetime) -> int:
    """For the clock: how many had run out."""
    with unscoped("invitations of all organisations run out"):
        due = db.session.scalars(
            select(Invitation)
            .where(Invitation.state == S.SENT, Invitation.expires_at <= now)
            .order_by(Invitation.id)
            .limit(500)
            .with_for_update(skip_locked=True)
        ).all()
        for row in due:
            _go(row, S.EXPIRED)
            record(OrgEvent.INVITATION_EXPIRED, row, CLOCK)
        db.session.flush()
    return len(due)


def hold(row: Invitation) -> None:
    """Lock the row and read it anew: of two who act at once the second sees what the first did."""
    with unscoped("an invitation is held while it changes"):
        db.session.execute(select(Invitation.id).where(Invitation.id == row.id).with_for_update())
        db.session.refresh(row, Invitation.__table__.columns.keys())


def accepted(row: Invitation, user_id: int, now: datetime) -> None:
    """The one way into *accepted*; the caller holds the row."""
    row.accepted_at, row.accepted_user_id = now, user_id
    _go(row, S.ACCEPTED)


def authority_of_inviter(row: Invitation) -> Authority:
    """What the inviter may hand out today: nothing, when they have left."""
    if not row.inviter.is_active:
        return Authority(row.inviter_id)
    return Authority(row.inviter_id, tuple(memberships_everywhere(row.inviter)))


def take_back_mails(row: Invitation) -> None:
    """Mails with a link that died need not leave."""
    with unscoped("mails about an invitation"):
        waiting = db.session.scalars(
            select(Mail).where(
                Mail.cause_kind == "invitation",
                Mail.cause_id == row.public_id,
                Mail.state == JobState.WAITING,
                Mail.has_secret,
            )
        ).all()
        for mail in waiting:
            outbox.cancel(mail)


def _go(row: Invitation, state: InvitationState, *, token_digest: bytes | None = None) -> None:
    """The only place that sets a state. Outside *sent* there is no link."""
    if state not in MOVES[InvitationState(row.state)]:
        raise ValueError(f"an invitation does not go from {row.state} to {state}")
    row.state, row.token_digest = state, token_digest


def refuse_closed(row: Invitation) -> None:
    if row.state == S.ACCEPTED:
        raise Refusal(_("The invitation was accepted; change the user's rights instead."))
    if row.state == S.REVOKED:
        raise Refusal(_("The invitation was revoked; make a new one."))


def _refuse_beyond(rights: Rights, organisation: Organisation, authority: Authority) -> None:
    """Within where one may invite, and no more than one has there."""
    if organisation.is_closed or not authority.may(Permission.USERS_EDIT, organisation):
        raise Refusal(
            _("You can't invite anybody to %(org)s.", org=organisation.name), field="organisation"
        )
    refuse_unwarranted(rights.permissions, organisation, authority)
    refuse_without_rights(rights)


def _person(authority: Authority) -> int:
    if authority.user_id is None:
        raise ValueError("people invite, jobs don't")
    return authority.user_id


def _columns(guest: Guest) -> dict[str, Any]:
    return {
        "name": guest.name,
        "sort_name": sort_name(guest.name),
        "email": guest.email,
        "language": guest.language,
        "roles": [r.value for r in guest.rights.roles],
        "grants": [p.value for p in guest.rights.grants],
        "keys_below": guest.rights.keys_below,
    }


def _words(row: Invitation) -> dict[str, Any]:
    names = ("name", "email", "language", "roles", "grants", "keys_below")
    return {**{n: getattr(row, n) for n in names}, "organisation": row.organisation.name}


def record(
    event: OrgEvent, row: Invitation, by: Principal, detail: dict[str, Any] | None = None
) -> None:
    audit.record(
        event,
        organisation_id=row.organisation.id,
        kind="invitation",
        id=row.public_id,
        label=row.name,
        detail=detail,
        by=by,
    )
