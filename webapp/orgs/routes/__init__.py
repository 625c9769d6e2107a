"""Pages: home, organisations, users, rights, invitations, partners, the audit log, the operator area."""

from webapp.orgs.routes import (
    audit,
    home,
    invitation_states,
    invitations,
    joining,
    operator,
    organisations,
    partners,
    permission_requests,
    rights,
    settings,
    sign_up,
    user_states,
    users,
)
from webapp.orgs.routes.blueprint import bp

__all__ = [
    "audit",
    "bp",
    "home",
    "invitation_states",
    "invitations",
    "joining",
    "operator",
    "organisations",
    "partners",
    "permission_requests",
    "rights",
    "settings",
    "sign_up",
    "user_states",
    "users",
]
