"""Pages: home, organisations, users, rights, the audit log, the operator area."""

from webapp.orgs.routes import audit, home, operator, organisations, rights, user_states, users
from webapp.orgs.routes.blueprint import bp

__all__ = ["audit", "bp", "home", "operator", "organisations", "rights", "user_states", "users"]
