"""Organisations, their people, invitations and partners."""

from typing import Any

from sqlalchemy import ColumnElement, case, func, or_, select

from webapp.accounts.models import User
from webapp.core.exports import export
from webapp.core.personal import DELETE, KEEP, Subject, not_personal, personal
from webapp.orgs.models import (
    Invitation,
    InvitationState,
    Membership,
    Organisation,
    OrganisationDocument,
    Partner,
)
from webapp.orgs.permission_requests import PermissionRequest

OPEN = (InvitationState.CREATED.value, InvitationState.SENT.value)

export(
    Organisation,
    "id public_id kind name reference prefix may_create path country time_zone language trades "
    "require_two_factor colour request_retention_days audit_retention_days created_at",
    about="The organisation itself.",
    withheld="parent_id: what lies above is another's",
    where=lambda organisation_id: Organisation.id == organisation_id,
)
export(
    User,
    "id public_id name username email language created_at deactivated_at",
    about="Its members. What they may do is in memberships.",
    withheld="passwords and second steps; what belongs to the person alone",
    where=lambda organisation_id: User.id.in_(
        select(Membership.user_id).where(Membership.organisation_id == organisation_id)
    ),
)
export(Membership, "id user_id roles grants keys_below created_at", about="Who may do what here.")
export(
    Invitation,
    "id public_id name email roles grants language state created_at sent_at expires_at accepted_at "
    "inviter_id accepted_user_id",
    about="Invitations.",
    withheld="token_digest: of the link",
)
export(
    Partner,
    "id public_id partner_public_id name added_at added_by removed_at",
    about="Organisations outside your own tree that can be chosen in forms.",
    withheld="their numbers within the portal",
)
export(
    PermissionRequest,
    "id public_id user_id permission message state asked_at decided_at decided_by answer",
    about="Permissions that somebody asked for.",
)
export(OrganisationDocument, "id language file_id", about="Information documents; see files.")


def by_them(label: Any, who: Subject, owner: Any) -> ColumnElement[bool]:
    """A column with a name for people is theirs where they were a member (also of a namesake there)."""
    here = select(Membership.organisation_id).where(Membership.user_id == who.id)
    return (label == who.name) & owner.in_(here)  # type: ignore[no-any-return]


not_personal(Organisation, "name sort_name", why="a company's; of a personal account see below")
personal(
    Organisation,
    "personal_user_id",
    gives="public_id name language country time_zone created_at",
    of=lambda who: Organisation.personal_user_id == who.id,
    erase={
        "name": lambda who: who.pseudonym,
        "sort_name": lambda who: who.pseudonym.lower(),
        "closed_at": func.now(),
        "version": Organisation.version + 1,
    },
)
personal(
    Invitation,
    "name sort_name email",
    gives="name email created_at sent_at accepted_at",
    of=lambda who: or_(
        func.lower(Invitation.email) == who.email.lower(), Invitation.accepted_user_id == who.id
    ),
    erase={
        "name": lambda who: who.pseudonym,
        "sort_name": lambda who: who.pseudonym.lower(),
        "email": None,
        "token_digest": None,
        "state": case(
            (Invitation.state.in_(OPEN), InvitationState.REVOKED.value), else_=Invitation.state
        ),
        "version": Invitation.version + 1,
    },
)
not_personal(Partner, "name sort_name", why="an organisation's")
personal(
    Partner,
    "added_by",
    gives="name added_at",
    of=lambda who: Partner.added_by_id == who.id,
    erase={"added_by": lambda who: who.pseudonym},
)
personal(
    PermissionRequest,
    "message",
    gives="permission message state asked_at decided_at answer",
    of=lambda who: PermissionRequest.user_id == who.id,
    erase=DELETE,
)
personal(
    PermissionRequest,
    "decided_by",
    gives="permission decided_at answer",
    of=lambda who: by_them(PermissionRequest.decided_by, who, PermissionRequest.organisation_id),
    erase={"decided_by": lambda who: who.pseudonym},
)
personal(
    Membership,
    "roles grants",
    gives="organisation_id roles grants created_at",
    of=lambda who: Membership.user_id == who.id,
    erase=KEEP("goes last, by webapp.records.erasure: where they belonged is asked until then"),
)
